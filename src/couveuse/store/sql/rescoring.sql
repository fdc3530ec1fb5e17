-- name: bounds
-- The lowest and the highest number of a lead (null: there is none).
select min(id), max(id) from leads;

-- name: lock_missing
-- Leads of a range that have a state under the acting model and none under the coming one, locked in their order: no
-- engine folds them meanwhile.
select s.lead_id from {acting} s
where s.lead_id >= %(low)s and s.lead_id < %(high)s
    and not exists (select from {coming} c where c.lead_id = s.lead_id)
order by s.lead_id for update of s;

-- name: missing
-- How many leads have a state under the acting model and none under the coming one.
select count(*) from {acting} s where not exists (select from {coming} c where c.lead_id = s.lead_id);

-- name: count
-- How many leads have a state under a model.
select count(*) from {acting};

-- name: lead_index
-- What finds states lead by lead, while they are written in bulk.
create unique index if not exists {by_lead} on {table} (lead_id);

-- name: bands
-- From which band into which leads would go, as (from, to, how many, who goes, the best ones).
select a.band, c.band, count(*),
    (array_agg(r.key order by c.score desc, r.key))[1:%(examples)s]
from {acting} a join {coming} c using (lead_id) join leads l on l.id = lead_id join identities r on r.id = l.root_id
group by a.band, c.band order by a.band, c.band;

-- name: changed
-- How many leads would have another score.
select count(*) from {acting} a join {coming} c using (lead_id) where round(a.score::numeric, 6) <> round(c.score::numeric, 6);

-- name: routes
-- Hand-overs that a model would make of what stands now, as (team, treatment, cause, how many leads, the best ones):
-- those that the acting model has no route to the same team for.
select n.team, n.treatment, n.cause, count(*), (array_agg(r.key order by c.score desc, r.key))[1:%(examples)s]
from {coming} c
    cross join lateral jsonb_to_recordset(c.routes) as n (team text, treatment text, cause text)
    left join {acting} a on a.lead_id = c.lead_id
    join leads l on l.id = c.lead_id join identities r on r.id = l.root_id
where c.routes is not null
    and not coalesce(a.routes @> jsonb_build_array(jsonb_build_object('team', n.team)), false)
group by n.team, n.treatment, n.cause order by count(*) desc, n.team, n.treatment, n.cause;

-- name: newly_due
-- Leads that have a route under a model to a team to which the acting one has none; in no order.
select distinct c.lead_id
from {coming} c cross join lateral jsonb_to_recordset(c.routes) as n (team text)
    left join {acting} a on a.lead_id = c.lead_id
where c.routes is not null
    and not coalesce(a.routes @> jsonb_build_array(jsonb_build_object('team', n.team)), false);

-- name: facts
-- The facts of the leads of a range whose state under the coming model is missing, lead by lead in the order of their
-- instants. The events of all leads are read for it, and sorted.
select i.lead_id, e.at, e.name_id, e.source_id, e.flags, e.payload
from identities i join events e on e.identity_id = i.id
where i.lead_id >= %(low)s and i.lead_id < %(high)s
    and not exists (select from {coming} c where c.lead_id = i.lead_id)
order by i.lead_id, e.at;

-- name: without_state
-- Leads of a range, after one by number, whose state under the coming model is missing, by number: each with the version
-- of its acting state and its e-mail (null where a user id makes it).
select s.lead_id, s.xmin::text::bigint, case when r.sort = 0 then r.key end
from {acting} s join leads l on l.id = s.lead_id join identities r on r.id = l.root_id
where s.lead_id > %(after)s and s.lead_id < %(high)s
    and not exists (select from {coming} c where c.lead_id = s.lead_id)
order by s.lead_id limit %(most)s;

-- name: lock_versions
-- Leads of a range whose state under the coming model is missing, with the versions of their acting states, locked in
-- their order: no engine folds them meanwhile.
select s.lead_id, s.xmin::text::bigint from {acting} s
where s.lead_id >= %(low)s and s.lead_id < %(high)s
    and not exists (select from {coming} c where c.lead_id = s.lead_id)
order by s.lead_id for update of s;

-- name: events
-- About how many events there are.
select coalesce(sum(greatest(c.reltuples, 0)), 0)::bigint
from pg_inherits join pg_class c on c.oid = inhrelid where inhparent = 'events'::regclass;

-- name: has_given
-- Whether files of leads gave any traits.
select exists (select from given_traits);

-- name: moves
-- Of those who would go from one band into another the ones whose stored score changes most, so many of each pair of bands:
-- (from, to, lead). Those who stay are not there.
select before, after, lead_id from (
    select a.band as before, c.band as after, a.lead_id, row_number() over (
        partition by a.band, c.band order by abs(c.score - a.score) desc, a.lead_id) as place
    from {acting} a join {coming} c using (lead_id) where a.band <> c.band
) as g where place <= %(most)s order by before, after, place;

-- name: due_by_route
-- Of those who would be handed over the best ones, so many of each route: (team, treatment, cause, lead).
select team, treatment, cause, lead_id from (
    select n.team, n.treatment, n.cause, c.lead_id, row_number() over (
        partition by n.team, n.treatment, n.cause order by c.score desc, c.lead_id) as place
    from {coming} c
        cross join lateral jsonb_to_recordset(c.routes) as n (team text, treatment text, cause text)
        left join {acting} a on a.lead_id = c.lead_id
    where c.routes is not null
        and not coalesce(a.routes @> jsonb_build_array(jsonb_build_object('team', n.team)), false)
) as g where place <= %(most)s order by team, treatment, cause, place;

-- name: both_states
-- The packed states of some leads under both models; in no order.
select a.lead_id, a.state, c.state from {acting} a join {coming} c using (lead_id) where a.lead_id = any(%(leads)s);
