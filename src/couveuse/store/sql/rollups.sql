-- name: alone
-- Whether nobody else counts, until the transaction ends.
select pg_try_advisory_xact_lock(%s);

-- name: sign
-- What must have stayed the same for a count to be fresh: the acting model (null: none) and how imports stand.
select (select id from models where standing = 'acting'),
    (select count(*)::text || '/' || coalesce(max(ended_at)::text, '') || '/' || count(*) filter (where standing = 'undone')
        from imports);

-- name: standings
-- How many leads stand where, and how many that are not irrelevant have each score, in one pass over a model's states: by
-- band, stage, temperature and class; and by whole points and band. In no order.
select grouping(score_from) = 0 as is_score, band, stage, temperature, class, score_from, count(*),
    count(*) filter (where is_relevant)
from (
    select band, stage, temperature, class, temperature <> 3 as is_relevant,
        least(greatest(floor(sort_score + 5e-7), %(least)s), %(most)s)::integer as score_from
    from {states}
) x
group by grouping sets ((band, stage, temperature, class), (score_from, band));

-- name: sources
-- From where leads come, the source of most leads first: how many, and how many of them are hot. Irrelevant leads are
-- left out.
select left({source}, 80) as source, count(*), count(*) filter (where s.temperature = 2)
from {states} s join leads l on l.id = s.lead_id
where s.temperature <> 3 group by 1 order by 2 desc, 1 limit %(most)s;

-- name: put
-- What was counted, in place of what was counted before.
insert into rollups (name, model_id, at, took, counted)
values (%(name)s, %(model)s, %(at)s, %(took)s, %(counted)s::jsonb)
on conflict (name) do update set model_id = excluded.model_id, at = excluded.at, took = excluded.took,
    counted = excluded.counted;

-- name: all
-- What was counted, by name.
select name, model_id, at, took, counted from rollups order by name;

-- name: forget_days
-- Days from one on are counted anew.
delete from rollup_days where day >= %(day)s::date;

-- name: prune_days
-- Days before one are kept no longer.
delete from rollup_days where day < %(day)s::date;

-- name: count_days
-- What happened on days in a time zone, from an instant on: leads that entered a step of warmth or of the way to buying, or
-- became something; each lead once a day. Of hand-overs and of tasks that ended it is said which teams they were of, and
-- how they ended: all of a lead's together, so that the leads of any teams can be added up.
with happened as materialized (
    select (to_timestamp(h.at / 1e6) at time zone %(zone)s)::date as day, h.kind, h.about, h.lead_id from ({happened}) h
)
insert into rollup_days (day, kind, about, number)
select day, kind, about, count(distinct lead_id) from happened where kind in ('entered', 'became') group by 1, 2, 3
union all
select day, kind, about, count(*) from (
    select day, kind, lead_id, string_agg(distinct about, ',' order by about) as about
    from happened where kind in ('handed_over', 'outcome') group by 1, 2, 3
) g group by 1, 2, 3;

-- name: count_spans
-- The same of spans of time, each lead once in a span: of those that last until now, by their names, and of one before
-- them. Only what a page shows so is counted.
with spans as (
    select * from unnest(%(spans)s::text[], %(sinces)s::bigint[]) as s (span, since)
), happened as materialized (
    select h.kind, h.about, h.lead_id, h.at from ({happened}) h
    where h.kind <> 'entered' or h.about in ('new', 'warm', 'hot')
), leads as (
    select kind, about, lead_id, max(at) as last, bool_or(at >= %(before_since)s and at < %(before_until)s) as is_before
    from happened where kind in ('entered', 'became') group by 1, 2, 3
), handled as (
    select kind, about, lead_id, max(at) as last, bool_or(at >= %(before_since)s and at < %(before_until)s) as is_before
    from happened where kind in ('handed_over', 'outcome') group by 1, 2, 3
)
select s.span, kind, about, count(*) from leads join spans s on last >= s.since group by 1, 2, 3
union all
select %(before)s, kind, about, count(*) from leads where is_before group by 2, 3
union all
select span, kind, about, count(*) from (
    select s.span, kind, lead_id, string_agg(about, ',' order by about) as about
    from handled join spans s on last >= s.since group by 1, 2, 3
    union all
    select %(before)s, kind, lead_id, string_agg(about, ',' order by about) from handled where is_before group by 2, 3
) g group by 1, 2, 3
order by 1, 2, 3;

-- name: days
-- What happened on the days from one on, in their order.
select day, kind, about, number from rollup_days where day >= %(day)s::date order by day, kind, about;
