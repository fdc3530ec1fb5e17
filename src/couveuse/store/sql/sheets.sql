-- name: sheet
-- A task with all that is asked of it on screen, in one row: the lead that holds the facts now, its state under a model,
-- what was said of calls, why it was handed over, what happened to it (the newest so many entries), what was written of
-- the tasks that led to it, and its alerts that nobody has seen; with the lead of the next task, and with what somebody
-- has said of tasks that counts in a moment, the newest first. No row where there is no such task.
with recursive start (id) as (select t.lead_id from tasks t where t.id = %(task)s), {include families.ways}, lead as (
    select l.id, r.sort, r.key, l.created_at, c.domain, c.name as company, l.traits, l.groups
    from ways w join leads l on l.id = w.id join identities r on r.id = l.root_id
    left join companies c on c.id = l.company_id order by w.step desc limit 1
), chain (id, step) as (
    select t.parent_id, 1 from tasks t where t.id = %(task)s and t.parent_id is not null
    union all
    select t.parent_id, c.step + 1 from chain c join tasks t on t.id = c.id where t.parent_id is not null and c.step < 20
), latest as (
    select id, at, by, did, note, about from task_entries where task_id = %(task)s order by id desc limit %(most)s
), earlier as (
    select e.id, e.at, e.by, e.did, e.note, e.about from task_entries e
    where e.task_id in (select id from chain) and e.note <> '' order by e.id desc limit %(most)s
)
select {columns}, lead.id, lead.sort, lead.key, lead.created_at, lead.domain, lead.company, lead.traits, lead.groups,
    s.state, s.sort_score, s.temperature,
    coalesce((select bool_or(i.is_known) from identities i where i.lead_id = lead.id and i.sort < 2), false),
    (select coalesce(jsonb_agg(jsonb_build_array(c.is_given, c.at, c.basis, c.source, c.wording, c.is_claim,
        c.is_declared, coalesce(i.owner_id, i.id))), '[]')
        from identities i join consents c on c.identity_id = i.id where i.lead_id = lead.id and c.purpose = 'phone'),
    (select jsonb_build_object('model', h.model_id, 'cause', h.cause, 'at', h.at, 'score', h.score, 'band', h.band,
        'rate', h.rate, 'why', h.why, 'withdrawn_because', h.withdrawn_because)
        from handovers h where h.id = coalesce(t.handover_id,
            (select max(o.id) from handovers o where o.episode_id = t.episode_id and o.lead_id = t.lead_id))),
    (select coalesce(jsonb_agg(jsonb_build_array(l.id, l.at, l.by, l.did, l.note, l.about) order by l.id), '[]')
        from latest l),
    (select coalesce(jsonb_agg(jsonb_build_array(e.id, e.at, e.by, e.did, e.note, e.about) order by e.id), '[]')
        from earlier e),
    (select coalesce(jsonb_agg(jsonb_build_array(a.id, a.kind, a.at) order by a.id), '[]')
        from alerts a where a.task_id = t.id and a.acknowledged_at is null and a.withdrawn_at is null),
    (select jsonb_build_array(l.traits, r.key, c.name) from leads l join identities r on r.id = l.root_id
        left join companies c on c.id = l.company_id where l.id = %(next)s),
    (select coalesce(jsonb_agg(jsonb_build_array(w.id, w.settles_at, w.settles -> 'told' ->> 'outcome', l.traits, r.key)
            order by w.settles_at desc, w.id desc), '[]')
        from tasks w join leads l on l.id = w.lead_id join identities r on r.id = l.root_id
        where w.settles_at > %(now)s and w.settles ->> 'by' = %(by)s)
from tasks t left join lead on true left join lead_states s on s.model_id = %(model)s and s.lead_id = lead.id
where t.id = %(task)s;

-- name: named
-- Who the leads of some tasks are that hold the facts now, with their states' scores under a model; in no order.
select l.id, r.sort, r.key, l.created_at, c.domain, c.name, l.traits, l.groups, s.sort_score, s.temperature, s.state
from leads l join identities r on r.id = l.root_id left join companies c on c.id = l.company_id
left join lead_states s on s.model_id = %(model)s and s.lead_id = l.id
where l.id = any(%(leads)s::bigint[]);

-- name: waiting
-- What somebody has said that counts in a moment, and of whom; the newest first.
select t.id, t.settles_at, t.settles -> 'told' ->> 'outcome', l.traits, r.key
from tasks t join leads l on l.id = t.lead_id join identities r on r.id = l.root_id
where t.settles_at > %(now)s and t.settles ->> 'by' = %(by)s order by t.settles_at desc, t.id desc;

-- name: newest_facts
-- The facts of a lead since an instant, the newest so many and those that share the last one's instant, and all its
-- verdicts since then; in no order. Of months before nothing is read, however much a lead did in them.
with mine as (
    select e.identity_id, e.at, e.received_at, e.name_id, e.source_id, e.flags, e.payload from events e
    where e.identity_id = any(array(select id from identities where lead_id = %(lead)s)) and e.at >= %(since)s
)
select * from (select * from mine order by at desc fetch first %(most)s rows with ties) newest
union all
select * from mine where name_id = (select id from event_names where name = %(verdict)s);
