-- name: find
-- Identities by digest, each with the place of its digest, from 1 on; in no order.
select place, id, owner_id, lead_id, is_known
from unnest(%s::text::uuid[]) with ordinality as g (digest, place) join identities using (digest);

-- name: insert
-- Identities that were not there, each with its place, from 1 on; those that another transaction makes at the same time are waited for and left out.
-- Give them sorted by digest, so that two transactions wait in one order.
with given as materialized (
    select * from unnest(%(digests)s::text::uuid[], %(sorts)s::text::smallint[], %(keys)s::text[], %(known)s::boolean[])
        with ordinality as g (digest, sort, key, is_known, place)
), made as (
    insert into identities (digest, sort, key, is_known)
    select digest, sort, key, is_known from given order by place on conflict (digest) do nothing returning digest, id
)
select place, id from made join given using (digest);

-- name: become_known
-- A trusted fact stands with these identities.
update identities set is_known = true where id = any(%s) and not is_known;

-- name: by_id
-- Identities by number; in no order.
select id, sort, key, owner_id, lead_id, is_known from identities where id = any(%s);

-- name: point
-- Whose each identity is, and to which lead it points.
update identities i set owner_id = g.owner, lead_id = g.lead
from unnest(%(ids)s::text::bigint[], %(owners)s::text::bigint[], %(leads)s::text::bigint[]) as g (id, owner, lead) where i.id = g.id;

-- name: standings_of_pairs
-- The earliest places of some pairs of identities; in no order.
select s.low_id, s.high_id, s.claimed, s.at, s.kind, s.source, s.message_id
from unnest(%(lows)s::text::bigint[], %(highs)s::text::bigint[]) as g (low_id, high_id) join standings s using (low_id, high_id);

-- name: standings_of
-- All pairs in which some identities stand; in no order.
select low_id, high_id, claimed, at, kind, source, message_id from standings where low_id = any(%(ids)s)
union
select low_id, high_id, claimed, at, kind, source, message_id from standings where high_id = any(%(ids)s);

-- name: stand
-- Pairs of identities at an earlier place than known before.
insert into standings (low_id, high_id, claimed, at, kind, source, message_id)
select * from unnest(%s::bigint[], %s::bigint[], %s::smallint[], %s::bigint[], %s::smallint[], %s::text[], %s::text[])
on conflict (low_id, high_id) do update set claimed = excluded.claimed, at = excluded.at, kind = excluded.kind,
    source = excluded.source, message_id = excluded.message_id
where (excluded.claimed, excluded.at, excluded.kind, excluded.source, excluded.message_id)
    < (standings.claimed, standings.at, standings.kind, standings.source, standings.message_id);

-- name: of_leads
-- The identities of some leads; in no order.
select id, sort, key, owner_id, lead_id, is_known from identities where lead_id = any(%s);
