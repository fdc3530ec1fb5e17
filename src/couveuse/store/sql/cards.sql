-- name: survivor
-- The lead that holds a lead's facts now: itself, or where its key was joined or a person merged it, followed to the
-- end; null where there is no such lead.
with recursive start (id) as (select %(lead)s::bigint), {include families.ways}
select w.id from ways w join leads l on l.id = w.id order by w.step desc limit 1;

-- name: cards
-- Who some leads are: the key that makes each one, its company, and what is known of it; in no order.
select l.id, r.sort, r.key, l.created_at, c.domain, c.name, l.traits, l.groups
from leads l join identities r on r.id = l.root_id left join companies c on c.id = l.company_id
where l.id = any(%s);

-- name: handovers
-- A lead's episodes with their hand-overs, the newest episode first and in it the oldest hand-over.
select e.number, e.opened_at, e.closed_at, e.closed_by, h.id, h.model_id, h.team, h.treatment, h.kind, h.cause, h.causes,
    h.at, h.made_at, h.score, h.band, h.why, h.withdrawn_at, h.withdrawn_because
from episodes e left join handovers h on h.episode_id = e.id and h.lead_id = e.lead_id
where e.lead_id = %s order by e.number desc, h.id limit %s;

-- name: handover_of_task
-- The hand-over that asked for a task, else the last one of its episode.
select h.id, h.model_id, h.team, h.treatment, h.kind, h.cause, h.causes, h.at, h.made_at, h.score, h.band, h.why,
    h.withdrawn_at, h.withdrawn_because
from tasks t join handovers h on h.id = coalesce(t.handover_id, (
    select max(o.id) from handovers o where o.episode_id = t.episode_id and o.lead_id = t.lead_id))
where t.id = %s;

-- name: merges
-- Merges of and into a lead, undone ones too, the newest first.
select m.id, m.lead_id, a.key, m.into_id, b.key, m.at, m.by, m.undone_at, m.undone_by
from merges m
join leads la on la.id = m.lead_id join identities a on a.id = la.root_id
join leads lb on lb.id = m.into_id join identities b on b.id = lb.root_id
where m.lead_id = %(lead)s or m.into_id = %(lead)s order by m.id desc limit %(most)s;

-- name: state
-- What is kept of a lead under a model.
select state from lead_states where model_id = %s and lead_id = %s;
