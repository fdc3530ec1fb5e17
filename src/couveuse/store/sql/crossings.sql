-- name: write
-- What leads crossed, for whoever shows it; marked where an endpoint outside wants to hear of such a thing. Tells how
-- many are.
with wanted as (
    select exists (select from endpoints where disabled_at is null and (events = '{}' or events && %(events)s::text[])) as is_wanted
), written as (
    insert into crossings (lead_id, model_id, at, by_time, cause, score, band_was, band, stage_was, stage,
        temperature_was, temperature, class_was, class, is_to_tell)
    select lead_id, %(model)s, %(now)s, %(by_time)s, cause, score, band_was, band, stage_was, stage, temperature_was,
        temperature, class_was, class,
        is_wanted and ((band_was is not null and band_was <> band)
            or (temperature in (2, 3) and temperature_was is distinct from temperature))
    from unnest(%(leads)s::text::bigint[], %(scores)s::float8[], %(bands_was)s::text::smallint[], %(bands)s::text::smallint[],
        %(stages_was)s::text::smallint[], %(stages)s::text::smallint[], %(temperatures_was)s::text::smallint[],
        %(temperatures)s::text::smallint[], %(classes_was)s::text[], %(classes)s::text[],
        %(causes)s::text[])
        as g (lead_id, score, band_was, band, stage_was, stage, temperature_was, temperature, class_was, class, cause),
        wanted
    returning is_to_tell
)
select count(*) filter (where is_to_tell) from written;

-- name: tell
-- Whoever tells endpoints of crossings is woken.
notify couveuse_handovers;

-- name: claim
-- Crossings of which endpoints are to be told, the oldest first. Those that another dispatcher has are left out.
select {columns} from crossings c where c.is_to_tell order by c.id limit %(most)s for update of c skip locked;

-- name: told
-- Endpoints were told of these crossings.
update crossings set is_to_tell = false where id = any(%(ids)s);

-- name: one
-- One crossing.
select {columns} from crossings c where c.id = %(id)s;

-- name: page
-- Crossings after one by number, in the order in which they were written; of a lead or all, of some temperatures or all.
select {columns} from crossings c
where c.id > %(after)s and (%(lead)s::bigint is null or c.lead_id = %(lead)s)
    and (%(temperatures)s::smallint[] is null or c.temperature = any(%(temperatures)s::smallint[]))
order by c.id limit %(most)s;

-- name: place_at
-- The number below which all crossings were written before an instant, as far as the clock goes on; 0: there is none.
select coalesce((select id from crossings where at < %(at)s order by at desc, id desc limit 1), 0);

-- name: prune
-- What was crossed before an instant goes, some of it at a time. Tells how many went.
with gone as (
    delete from crossings where id in (select id from crossings where at < %(before)s order by at limit %(most)s)
    returning 1
)
select count(*) from gone;

-- name: stands
-- How a lead stands under the acting model, as it was last read.
select m.id, s.score, s.band, s.stage, s.temperature, s.class
from models m join lead_states s on s.model_id = m.id and s.lead_id = %(lead)s where m.standing = 'acting';

-- name: next_import
-- The first import after one by number that has ended and stands.
select min(id) from imports where id > %(after)s and standing = 'done';

-- name: chunk
-- Of the identities of an import, after one by number: the last of so many, and the leads to which they point that did
-- something since an instant; null and none after the last one.
with chunk as (
    select identity_id from imported where import_id = %(import)s and identity_id > %(after)s
    order by identity_id limit %(most)s
)
select (select max(identity_id) from chunk), coalesce((
    select array_agg(distinct i.lead_id order by i.lead_id)
    from chunk join identities i on i.id = chunk.identity_id
    join {states} s on s.lead_id = i.lead_id and s.last_event_at >= %(since)s
), '{{}}');

-- name: forget_past
-- What was worked out afterwards goes: of some leads, or of all (null).
delete from crossings where is_past and (%(leads)s::bigint[] is null or lead_id = any(%(leads)s::bigint[]));

-- name: first_live
-- When some leads first crossed something while it was looked on; in no order.
select lead_id, min(at) from crossings where lead_id = any(%(leads)s::bigint[]) and not is_past group by lead_id;

-- name: write_past
-- What leads crossed in the past.
insert into crossings (lead_id, model_id, at, by_time, is_past, cause, score, band_was, band, stage_was, stage,
    temperature_was, temperature, class_was, class, is_to_tell)
select lead_id, %(model)s, at, false, true, cause, score, band_was, band, stage_was, stage, temperature_was,
    temperature, class_was, class, false
from unnest(%(leads)s::bigint[], %(ats)s::bigint[], %(causes)s::text[], %(scores)s::float8[],
    %(bands_was)s::text::smallint[], %(bands)s::text::smallint[], %(stages_was)s::text::smallint[],
    %(stages)s::text::smallint[], %(temperatures_was)s::text::smallint[], %(temperatures)s::text::smallint[],
    %(classes_was)s::text[], %(classes)s::text[])
    as g (lead_id, at, cause, score, band_was, band, stage_was, stage, temperature_was, temperature, class_was, class);
