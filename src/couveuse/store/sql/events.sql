-- name: new_among
-- The places, from 1 on, of those among these digests that were never accepted before; now they are remembered. Give them sorted: two
-- transactions that bring the same ones wait for each other in one order.
with given as materialized (
    select digest, place from unnest(%s::text::uuid[]) with ordinality as g (digest, place)
), made as (
    insert into seen (digest) select digest from given order by place on conflict do nothing returning digest
)
select place from made join given using (digest);

-- name: known_among
-- How many of these digests were accepted before.
select count(*) from seen where digest = any(%s::text::uuid[]);

-- name: forget
-- Facts that are taken back may come again.
delete from seen where digest = any(%s::text::uuid[]);

-- name: copy
-- Facts in, by COPY in binary.
copy events (identity_id, at, received_at, name_id, source_id, flags, import_id, payload) from stdin (format binary);

-- name: of_leads
-- The facts of some leads, merged ones included, so many at most (null: all); in no order.
select i.lead_id, e.identity_id, e.at, e.received_at, e.name_id, e.source_id, e.flags, e.payload
from identities i join events e on e.identity_id = i.id
where i.lead_id = any(%s::text::bigint[]) limit %s;

-- name: count_of_leads
-- How many facts some leads have, those of one lead counted up to a number; in no order.
select wanted.lead, counted.facts
from unnest(%(leads)s::text::bigint[]) as wanted (lead)
    cross join lateral (
        select count(*) as facts from (
            select from identities i join events e on e.identity_id = i.id
            where i.lead_id = wanted.lead limit %(most)s
        ) first
    ) counted;

-- name: names
-- The names of events of these numbers.
select id, name from event_names where id = any(%s);

-- name: name_ids
-- Numbers for names of events, given to those that have none; in no order.
with given as (select unnest(%(names)s::text[]) as name),
made as (insert into event_names (name) select name from given g
    where not exists (select from event_names n where n.name = g.name)
    on conflict (name) do nothing returning id, name)
select id, name from made union all select n.id, n.name from event_names n join given using (name);

-- name: sources
-- The names of sources of these numbers.
select id, name from sources where id = any(%s);

-- name: source_ids
-- Numbers for names of sources, given to those that have none; in no order.
with given as (select unnest(%(names)s::text[]) as name),
made as (insert into sources (name) select name from given g
    where not exists (select from sources n where n.name = g.name)
    on conflict (name) do nothing returning id, name)
select id, name from made union all select n.id, n.name from sources n join given using (name);

-- name: months
-- The months that have a partition of their own, by its name.
select child.relname from pg_inherits join pg_class child on child.oid = inhrelid
where inhparent = 'events'::regclass;
