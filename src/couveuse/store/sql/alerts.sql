-- name: insert
-- Alerts, each once by its key: one that is there already is left as it is, and not told.
insert into alerts (kind, key, lead_id, handover_id, task_id, of_id, team, at, because)
select kind, key, lead_id, handover_id, task_id, of_id, team, %(now)s, because
from unnest(%(kinds)s::text[], %(keys)s::text[], %(leads)s::bigint[], %(handovers)s::bigint[], %(tasks)s::bigint[],
    %(ofs)s::bigint[], %(teams)s::text[], %(becauses)s::text[])
    as g (kind, key, lead_id, handover_id, task_id, of_id, team, because)
on conflict (key) do nothing returning key, id;

-- name: one
-- One alert.
select id, kind, key, lead_id, handover_id, task_id, of_id, team, at, because, withdrawn_at, acknowledged_at,
    acknowledged_by
from alerts where id = %s;

-- name: of_handovers
-- What was told of some hand-overs and stands, by number.
select id, kind, key, lead_id, handover_id, task_id, of_id, team, at, because, withdrawn_at, acknowledged_at,
    acknowledged_by
from alerts where handover_id = any(%s) and kind <> 'withdrawn' and withdrawn_at is null order by id;

-- name: withdraw
-- What these alerts told is not so any more.
update alerts set withdrawn_at = %(now)s where id = any(%(ids)s) and withdrawn_at is null;

-- name: rest_on
-- Alerts go on to stand for other hand-overs.
update alerts a set handover_id = g.handover from unnest(%(ids)s::bigint[], %(handovers)s::bigint[]) as g (id, handover)
where a.id = g.id;

-- name: acknowledge
-- Somebody has seen an alert; the first one counts. Tells whether there is such an alert.
update alerts set acknowledged_at = coalesce(acknowledged_at, %(now)s), acknowledged_by = coalesce(acknowledged_by, %(by)s)
where id = %(id)s returning id;

-- name: page
-- Alerts, the newest first, from a place on; null: of all teams, of all leads, of all kinds, however they stand. Of a lead
-- are those of leads that were joined to it or merged into it, too.
select id, kind, key, lead_id, handover_id, task_id, of_id, team, at, because, withdrawn_at, acknowledged_at,
    acknowledged_by
from alerts
where (at, id) < (%(at)s, %(id)s)
    and (%(teams)s::text[] is null or team = any(%(teams)s)) and (%(lead)s::bigint is null or lead_id in (
        with recursive here (id) as (select %(lead)s::bigint), {include families.family}
        select id from family
    ))
    and (%(kinds)s::text[] is null or kind = any(%(kinds)s))
    and (%(standing)s::text is null or %(standing)s = case when withdrawn_at is not null then 'withdrawn'
        when acknowledged_at is not null then 'acknowledged' else 'unseen' end)
order by at desc, id desc limit %(most)s;

-- name: of_task
-- What was told of a task, the oldest first.
select id, kind, key, lead_id, handover_id, task_id, of_id, team, at, because, withdrawn_at, acknowledged_at,
    acknowledged_by
from alerts where task_id = %s order by id;

-- name: put_by
-- Alerts wait for members' digests.
insert into digest_items (alert_id, member, due_at)
select * from unnest(%(alerts)s::bigint[], %(members)s::text[], %(dues)s::bigint[]) on conflict do nothing;

-- name: waiting
-- For whose digests an alert waits; by member.
select member, due_at from digest_items where alert_id = %s and intent_id is null order by member;

-- name: alone
-- Whether nobody else makes digests, until the transaction ends.
select pg_try_advisory_xact_lock(%s);

-- name: drop_items
-- What waited for a digest that is due, and was withdrawn meanwhile.
delete from digest_items d using alerts a
where a.id = d.alert_id and a.withdrawn_at is not null and d.intent_id is null and d.due_at <= %(now)s;

-- name: due_digests
-- The digests that are due, the oldest first, each with its alerts.
select member, due_at, array_agg(alert_id order by alert_id) from digest_items
where intent_id is null and due_at <= %(now)s group by member, due_at order by due_at, member limit %(most)s;

-- name: put_off
-- What came too late for a member's digest waits for the next one.
update digest_items set due_at = %(due)s
where member = %(member)s and alert_id = any(%(alerts)s) and intent_id is null;

-- name: leave_out
-- Nobody is left whose digest would tell of this.
delete from digest_items where member = %(member)s and alert_id = any(%(alerts)s) and intent_id is null;

-- name: digest
-- The digest that takes these items.
update digest_items set intent_id = %(intent)s
where member = %(member)s and alert_id = any(%(alerts)s) and intent_id is null;

-- name: in_digest
-- What a digest tells of and stands, the oldest first.
select a.id, a.kind, a.key, a.lead_id, a.handover_id, a.task_id, a.of_id, a.team, a.at, a.because, a.withdrawn_at,
    a.acknowledged_at, a.acknowledged_by
from digest_items d join alerts a on a.id = d.alert_id
where d.intent_id = %s and a.withdrawn_at is null order by a.at, a.id;

-- name: next_digest
-- When the next digest is due (null: none waits).
select min(due_at) from digest_items where intent_id is null;

-- name: sent
-- Where alerts went, or may have gone, alone or in a digest; by number of what went out.
select alert_id, channel, audience, target, member from (
    select i.id, i.alert_id, i.channel, i.audience, i.target, i.about ->> 'member' as member, i.standing, i.unknowns,
        i.begun_at
    from intents i where i.alert_id = any(%(ids)s)
    union all
    select i.id, d.alert_id, i.channel, i.audience, i.target, d.member, i.standing, i.unknowns, i.begun_at
    from digest_items d join intents i on i.id = d.intent_id where d.alert_id = any(%(ids)s)
) as told
where standing in ('done', 'parked') or begun_at is not null or unknowns > 0 order by id, alert_id;

-- name: told_of
-- What an alert tells of, as it is now: its task, the hand-over that it stands for (else the last one of its episode),
-- and how hot the lead is under the acting model.
select t.id, t.standing, t.treatment, t.member, t.due_at, t.not_before, t.starts_at, t.expected, t.rate, t.score,
    h.id, h.model_id, h.treatment, h.cause, h.band, h.score, h.rate, h.value, h.why, h.withdrawn_because,
    s.temperature, s.stage
from alerts a
left join tasks t on t.id = a.task_id
left join handovers h on h.id = coalesce(a.handover_id, t.handover_id,
    (select max(o.id) from handovers o where o.episode_id = t.episode_id and o.lead_id = t.lead_id))
left join models m on m.standing = 'acting'
left join lead_states s on s.model_id = m.id and s.lead_id = coalesce(h.lead_id, t.lead_id, a.lead_id)
where a.id = %s;

-- name: notes
-- What was written about a task and about those that led to it, in the order in which it was written.
with recursive chain as (
    select id, parent_id, 0 as step from tasks where id = %(task)s
    union all
    select t.id, t.parent_id, c.step + 1 from chain c join tasks t on t.id = c.parent_id where c.step < 20
)
select note from task_entries where task_id in (select id from chain) and note <> '' order by at, id;
