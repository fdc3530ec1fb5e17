-- name: roots
-- Whoever owns facts: leads by the identity that makes them, with whether a trusted fact knows them, and, where they are
-- wanted, visitors by their devices; in no order. The number is the lead's, or the device's with a minus.
select l.id, r.sort, r.key,
    coalesce((select bool_or(i.is_known) from identities i where i.lead_id = l.id and i.sort < 2), false)
from leads l join identities r on r.id = l.root_id
where exists (select from identities i where i.lead_id = l.id)
union all
select -i.id, i.sort, i.key, false from identities i
where %(visitors)s and i.lead_id is null and i.owner_id is null and i.sort = 2;

-- name: owners
-- Whose facts the facts of each identity are, as `roots` tells them; by identity.
select id, coalesce(lead_id, -coalesce(owner_id, id)) from identities order by id;

-- name: events
-- All facts, in no order.
select identity_id, at, received_at, name_id, source_id, flags, payload from events;

-- name: given
-- A row for each lead without traits, and the rows that files of leads give; in no order.
select r.sort, r.key, null::text from leads l join identities r on r.id = l.root_id
where exists (select from identities i where i.lead_id = l.id)
union all
select r.sort, r.key, g.traits::text
from given_traits g join identities i on i.id = g.identity_id
    join leads l on l.id = i.lead_id join identities r on r.id = l.root_id;
