-- name: claim
-- Hand-overs that nobody has dispatched, the oldest first, with what decides over them now: whether their episode is
-- over, whether the lead is irrelevant under the acting model, and whether somebody holds it. Those that another
-- dispatcher has are left out, and so are those whose episode is being ended; it ends no sooner than their tasks are
-- made.
select h.id, h.lead_id, h.episode_id, h.team, h.treatment, h.rate, h.value, h.score, h.made_at, false,
    e.closed_at is not null, coalesce(s.temperature = 3, false), exists (select from holds o where o.lead_id = h.lead_id and o.ended_at is null
        and coalesce(o.until > %(now)s, true))
from handovers h join episodes e on e.id = h.episode_id
left join models m on m.standing = 'acting'
left join lead_states s on s.model_id = m.id and s.lead_id = h.lead_id
where h.dispatched_at is null and h.withdrawn_at is null and h.set_aside_at is null
order by h.id limit %(most)s for update of h skip locked for share of e skip locked;

-- name: claim_set_aside
-- Hand-overs that were set aside and whose lead is neither irrelevant nor held any more, or whose episode is over; by
-- number. Those that another dispatcher has are left out.
select h.id, h.lead_id, h.episode_id, h.team, h.treatment, h.rate, h.value, h.score, h.made_at, true,
    e.closed_at is not null, false, false
from handovers h join episodes e on e.id = h.episode_id
left join models m on m.standing = 'acting'
left join lead_states s on s.model_id = m.id and s.lead_id = h.lead_id
where h.dispatched_at is null and h.withdrawn_at is null and h.set_aside_at is not null
    and (e.closed_at is not null or (s.temperature is distinct from 3 and not exists (select from holds o where o.lead_id = h.lead_id and o.ended_at is null
        and coalesce(o.until > %(now)s, true))))
order by h.id limit %(most)s for update of h skip locked for share of e skip locked;

-- name: set_aside
-- Hand-overs wait while their lead is irrelevant, or held.
update handovers set set_aside_at = %(now)s where id = any(%(ids)s);

-- name: dispatched
-- What these hand-overs asked for is made.
update handovers set dispatched_at = %(now)s where id = any(%(ids)s);

-- name: lock_teams
-- Whoever gives tasks of these teams does it alone until the transaction ends; locked in one order for all.
select pg_advisory_xact_lock(%(lock)s, number) from (
    select distinct hashtext(team) as number from unnest(%(teams)s::text[]) as given (team) order by number
) as ordered;

-- name: open_keys
-- Of which leads, teams and episodes there is an open task; in no order.
select lead_id, team, episode_id from tasks where lead_id = any(%s) and standing in ('open', 'accepted');

-- name: hold_open
-- The same of those with which nobody is doing anything just now; held until the transaction ends.
select lead_id, team, episode_id from tasks where lead_id = any(%s) and standing in ('open', 'accepted')
for update skip locked;

-- name: claim_withdrawn
-- Hand-overs that were withdrawn and of whose withdrawal nobody was told, by number, and whether they were dispatched.
-- Those that another dispatcher has are left out.
select id, lead_id, episode_id, team, treatment, dispatched_at is not null, coalesce(withdrawn_because, '')
from handovers where withdrawn_at is not null and withdrawal_told_at is null
order by id limit %(most)s for update skip locked;

-- name: told
-- The withdrawal of these hand-overs is dispatched; what was not dispatched before is not any more.
update handovers set withdrawal_told_at = %(now)s, dispatched_at = coalesce(dispatched_at, %(now)s) where id = any(%(ids)s);

-- name: claim_closed
-- Episodes that a fact has ended and of which tasks may be left, by number. Those that another dispatcher has are left
-- out.
select id, lead_id, closed_at, coalesce(closed_by, '') from episodes
where closed_at is not null and closing_told_at is null
order by id limit %(most)s for update skip locked;

-- name: close_tasks
-- The tasks that are left of some episodes are closed by what ended them, and that is written down.
with closed as (
    update tasks t set standing = 'closed', outcome = g.outcome, outcome_by = %(by)s, closed_at = %(now)s, look_at = null,
        locked_by = null, locked_until = null
    from unnest(%(leads)s::bigint[], %(episodes)s::bigint[], %(outcomes)s::text[], %(events)s::text[])
        as g (lead_id, episode_id, outcome, event)
    where t.lead_id = g.lead_id and t.episode_id = g.episode_id and t.standing in ('open', 'accepted')
    returning t.id, g.outcome, g.event
)
insert into task_entries (task_id, at, by, did, about)
select id, %(now)s, %(by)s, 'closed', jsonb_build_object('outcome', outcome, 'event', event) from closed
returning task_id;

-- name: closed
-- Nothing is left of these episodes.
update episodes set closing_told_at = %(now)s where id = any(%(ids)s);

-- name: standing
-- Hand-overs of some episodes that stand, by number.
select id, team, episode_id, cause, kind from handovers
where episode_id = any(%s) and withdrawn_at is null order by id;

-- name: endpoints
-- Where webhooks go that want one of these events, with which; in no order.
select id, event from endpoints, unnest(%(events)s::text[]) as given (event)
where disabled_at is null and (events = '{}' or event = any(events));

-- name: claim_done
-- Tasks that are done with and of which endpoints outside were not told, by number. Those that another dispatcher has are
-- left out.
select id, lead_id, closed_at from tasks
where standing in ('closed', 'withdrawn') and closing_told_at is distinct from closed_at
order by id limit %(most)s for update skip locked;

-- name: done_told
-- Endpoints outside were told that these tasks are done with.
update tasks set closing_told_at = closed_at where id = any(%(ids)s);
