-- name: open
-- Tasks for leads, teams and episodes, each key once in what is given, numbered in that order; the one that is open
-- already is joined: it is due when the earlier of both was, and is worth what the newer says. A hand-over that had a
-- task before opens none. What happened is written down. Tells the key, the task, and whether it is new; in no order.
with given as (
    select * from unnest(%(leads)s::bigint[], %(episodes)s::bigint[], %(handovers)s::bigint[], %(parents)s::bigint[],
        %(teams)s::text[], %(treatments)s::text[], %(members)s::text[], %(becauses)s::text[], %(dues)s::bigint[],
        %(not_befores)s::bigint[], %(starts)s::bigint[], %(rates)s::float8[], %(values)s::float8[], %(scores)s::float8[],
        %(looks)s::bigint[], %(bys)s::text[], %(abouts)s::text[]) with ordinality
        as g (lead_id, episode_id, handover_id, parent_id, team, treatment, member, because, due_at, not_before,
            starts_at, rate, value, score, look_at, by, about, place)
), opened as (
    insert into tasks as t (lead_id, episode_id, handover_id, parent_id, team, treatment, member, assigned_because,
        opened_at, due_at, not_before, starts_at, rate, value, expected, score, look_at)
    select lead_id, episode_id, handover_id, parent_id, team, treatment, member, because, %(now)s, due_at, not_before,
        starts_at, rate, value, rate * value, score, look_at
    from given g where not exists (select from tasks x where x.handover_id = g.handover_id) order by place
    on conflict (lead_id, team, episode_id) where standing in ('open', 'accepted') do update set
        due_at = least(t.due_at, excluded.due_at),
        look_at = case when t.standing = 'open' then least(t.look_at, excluded.look_at) else t.look_at end,
        rate = excluded.rate, value = excluded.value, expected = excluded.expected, score = excluded.score
    returning t.id, t.lead_id, t.team, t.episode_id, (xmax = 0) as is_new
), entries as (
    insert into task_entries (task_id, at, by, did, about)
    select o.id, %(now)s, g.by, case when o.is_new then 'opened' else 'joined' end,
        jsonb_strip_nulls(jsonb_build_object('handover', g.handover_id, 'parent', g.parent_id)
            || case when o.is_new then jsonb_strip_nulls(jsonb_build_object('member', g.member,
                'because', nullif(g.because, ''))) || g.about::jsonb else '{}'::jsonb end)
    from opened o join given g using (lead_id, team, episode_id)
)
select lead_id, team, episode_id, id, is_new from opened;

-- name: of_handovers
-- The tasks that these hand-overs have opened; in no order.
select handover_id, id from tasks where handover_id = any(%s);

-- name: asked_for
-- The open tasks that these hand-overs ask for, held until the transaction ends, in one order for all.
select t.id from tasks t where t.standing in ('open', 'accepted') and exists (
    select from handovers h where h.id = any(%(ids)s)
        and h.lead_id = t.lead_id and h.team = t.team and h.episode_id = t.episode_id
) order by t.id for update of t;

-- name: withdraw
-- The tasks of hand-overs that are withdrawn, each by what becomes of it: withdrawn where nobody had begun with it,
-- flagged where somebody had; and left alone where another hand-over or a person's outcome asks for it too. A hand-over
-- that is only now being withdrawn (one of `ids`) keeps none. Tells the task, the hand-over, and what became of it.
with meant as (
    select distinct on (t.id, h.id) t.id, h.id as handover_id,
        t.standing = 'accepted' or t.tries > 0 or coalesce(t.locked_until > %(now)s, false)
            or t.settles_at is not null or t.assigned_because = 'by_hand' as was_claimed,
        t.parent_id is not null or exists (
            select from handovers o where o.lead_id = h.lead_id and o.team = h.team and o.episode_id = h.episode_id
                and o.withdrawn_at is null and o.id <> all(%(ids)s)
        ) as stays
    from handovers h join tasks t on t.lead_id = h.lead_id and t.team = h.team and t.episode_id = h.episode_id
        and t.standing in ('open', 'accepted')
    where h.id = any(%(ids)s)
), gone as (
    update tasks t set
        standing = case when m.was_claimed then t.standing else 'withdrawn' end,
        flagged_at = case when m.was_claimed then %(now)s else t.flagged_at end,
        flagged_because = case when m.was_claimed then %(because)s else t.flagged_because end,
        closed_at = case when m.was_claimed then null else %(now)s end,
        look_at = case when m.was_claimed then t.look_at end
    from (select distinct id, was_claimed from meant where not stays) m
    where t.id = m.id and t.standing in ('open', 'accepted')
    returning t.id, m.was_claimed
), entries as (
    insert into task_entries (task_id, at, by, did, about)
    select id, %(now)s, %(by)s, case when was_claimed then 'flagged' else 'withdrawn' end,
        jsonb_build_object('because', %(because)s::text)
    from gone
)
select m.id, m.handover_id, m.was_claimed, m.stays from meant m order by m.id, m.handover_id;

-- name: loads
-- How many open tasks, of whatever team, each member of a team has who has any; in no order.
select t.member, count(*) from memberships m join tasks t on t.member = m.member and t.standing = 'open'
where m.team = %(team)s group by t.member;

-- name: turns
-- To whom the last tasks of a team were given, the newest first; what a person gave by hand is nobody's turn.
select member from tasks where team = %(team)s and member is not null and assigned_because <> 'by_hand'
order by id desc limit %(most)s;

-- name: of_teams
-- Where a queue's tasks come from: teams, `free`: only what is nobody's. A part of `queue`.
select x.* from unnest(%(teams)s::text[]) as w (team) cross join lateral (
    select x.id, x.expected, x.lead_id from tasks x
    where x.standing = 'open' and x.team = w.team and coalesce(x.not_before, 0) <= %(now)s and x.settles_at is null
        and (-x.expected, x.id) > (%(after)s::float8, %(after_id)s::bigint) and (not %(free)s or x.member is null)
    order by -x.expected, x.id limit {window}
) x

-- name: of_member
-- Where a queue's tasks come from: a member. A part of `queue`.
(select x.id, x.expected, x.lead_id from tasks x
where x.standing = 'open' and x.member = %(member)s and coalesce(x.not_before, 0) <= %(now)s and x.settles_at is null
    and (-x.expected, x.id) > (%(after)s::float8, %(after_id)s::bigint)
    and (%(teams)s::text[] is null or x.team = any(%(teams)s))
order by -x.expected, x.id limit {window})

-- name: queue
-- Tasks to do now, the best expected value first, from a place on: open, not put off to a later time, and of leads that
-- are neither irrelevant under a model nor held. Of a lead that was joined or merged it is told whether what holds its
-- facts now is.
-- As many tasks are looked at as `window` says; every row says how many were, and which was the last. There is always
-- one row.
with recursive seen as materialized (
    select * from ({source}) x order by -x.expected, x.id limit {window}
), last as (
    select count(*) over () as looked, expected, id from seen order by -expected desc, id desc limit 1
), relevant as materialized (
    select seen.id, seen.lead_id from seen
    left join lead_states s on s.model_id = %(model)s and s.lead_id = seen.lead_id
    where s.temperature is distinct from 3 and not exists (select from holds o where o.lead_id = seen.lead_id
        and o.ended_at is null and coalesce(o.until > %(now)s, true))
    order by -seen.expected, seen.id limit {limit}
), start (id) as (select distinct lead_id from relevant), {include families.ways}, ends as (
    select distinct on (first) first, id from ways where step > 0 order by first, step desc
), kept as (
    select coalesce(s.temperature = 3, false) or exists (select from holds o where o.lead_id = ends.id
        and o.ended_at is null and coalesce(o.until > %(now)s, true)) as is_aside, coalesce(ends.id, t.lead_id) as shown_id, t.* from relevant join tasks t on t.id = relevant.id
    left join ends on ends.first = t.lead_id
    left join lead_states s on s.model_id = %(model)s and s.lead_id = ends.id
)
select coalesce(last.looked, 0), last.expected, last.id, kept.is_aside, kept.shown_id, {columns}
from (select) as always left join last on true left join kept on true order by -kept.expected, kept.id;

-- name: one
-- A task, with what holds its lead's facts now. Held until the transaction ends where `holding` says so.
select t.lead_id, {columns} from tasks t where t.id = %(id)s {holding};

-- name: of_lead
-- The tasks of a lead and of those that were joined to it or merged into it, the newest first, below a number.
select %(lead)s::bigint, {columns} from tasks t
where t.lead_id in (
    with recursive here (id) as (select %(lead)s::bigint), {include families.family}
    select id from family
) and t.id < %(before)s
order by t.id desc limit %(most)s;

-- name: later
-- Open tasks that are put off to a later time, the soonest first, from a place on. Each team is read in the order of its
-- own index, here and below: however many there are, no more are read than a page holds of each.
select t.lead_id, {columns} from unnest(%(teams)s::text[]) as w (team) cross join lateral (
    select x.* from tasks x
    where x.standing = 'open' and x.team = w.team and x.not_before > %(now)s
        and (x.not_before, x.id) > (%(after)s::bigint, %(after_id)s::bigint)
        and (%(member)s::text is null or x.member = %(member)s)
    order by x.not_before, x.id limit %(limit)s
) t order by t.not_before, t.id limit %(limit)s;

-- name: accepted
-- What sales have accepted, the oldest first, from a place on.
select t.lead_id, {columns} from unnest(%(teams)s::text[]) as w (team) cross join lateral (
    select x.* from tasks x
    where x.standing = 'accepted' and x.team = w.team and x.id > %(after_id)s
        and (%(member)s::text is null or x.member = %(member)s)
    order by x.id limit %(limit)s
) t order by t.id limit %(limit)s;

-- name: overdue
-- Open tasks whose time is over and that are neither put off nor of a lead that is held, the longest due first, from a
-- place on.
select t.lead_id, {columns} from unnest(%(teams)s::text[]) as w (team) cross join lateral (
    select x.* from tasks x
    where x.standing = 'open' and x.team = w.team and x.due_at < %(now)s and coalesce(x.not_before, 0) <= %(now)s
        and (x.due_at, x.id) > (%(after)s::bigint, %(after_id)s::bigint) and x.settles_at is null
        and (%(member)s::text is null or x.member = %(member)s)
        and not exists (select from holds o where o.lead_id = x.lead_id and o.ended_at is null
            and coalesce(o.until > %(now)s, true))
    order by x.due_at, x.id limit %(limit)s
) t order by t.due_at, t.id limit %(limit)s;

-- name: closed
-- Closed tasks, the last closed first, from a place on.
select t.lead_id, {columns} from unnest(%(teams)s::text[]) as w (team) cross join lateral (
    select x.* from tasks x
    where x.standing = 'closed' and x.team = w.team and (-x.closed_at, x.id) > (%(after)s::bigint, %(after_id)s::bigint)
        and (%(member)s::text is null or x.member = %(member)s)
    order by -x.closed_at, x.id limit %(limit)s
) t order by -t.closed_at, t.id limit %(limit)s;

-- name: entries
-- What was written about a task, and what happened to it, the oldest first.
select id, at, by, did, note, about from task_entries where task_id = %s order by id;

-- name: entry_of
-- What a request had done to a task.
select id, at, by, did, note, about from task_entries where task_id = %(task)s and about ->> 'request' = %(request)s
order by id limit 1;

-- name: write_entry
-- What happened to a task, or what somebody wrote.
insert into task_entries (task_id, at, by, did, note, about)
values (%(task)s, %(now)s, %(by)s, %(did)s, %(note)s, %(about)s::jsonb) returning id;

-- name: save
-- What a person did with a task, if nobody did anything with it since it was read; its version grows.
update tasks set standing = %(standing)s, treatment = %(treatment)s, parent_id = %(parent_id)s, member = %(member)s,
    assigned_because = %(assigned_because)s, due_at = %(due_at)s, not_before = %(not_before)s, starts_at = %(starts_at)s,
    rate = %(rate)s, value = %(value)s, expected = %(rate)s::float8 * %(value)s::float8, tries = %(tries)s,
    locked_by = %(locked_by)s, locked_until = %(locked_until)s, overdue_at = %(overdue_at)s, flagged_at = %(flagged_at)s,
    flagged_because = %(flagged_because)s, overdue_times = %(overdue_times)s, look_at = %(look_at)s,
    outcome = %(outcome)s, outcome_reason = %(outcome_reason)s, outcome_by = %(outcome_by)s, closed_at = %(closed_at)s,
    sequence = %(sequence)s, version = version + 1
where id = %(id)s and version = %(version)s returning version;

-- name: appointment
-- What was said of a task's appointment at one time.
select (about ->> 'starts_at')::bigint, (about ->> 'minutes')::integer, about ->> 'place', (about ->> 'called_off')::boolean
from task_entries
where task_id = %(task)s and did = 'appointment' and (about ->> 'sequence')::integer = %(sequence)s
order by id desc limit 1;

-- name: appointment_alerts
-- What was told of a task's appointment and stands; by number.
select id from alerts where task_id = %(task)s and kind = 'appointment' and withdrawn_at is null order by id;

-- name: news
-- There is news of a task that sales have accepted: it is asked for again at an instant.
update tasks set look_at = %(look)s, overdue_at = null where id = %(task)s and standing = 'accepted';

-- name: set_aside
-- The task by which a lead was last set aside, unless it was opened again since.
select t.id from tasks t where t.lead_id = any(%(leads)s) and t.standing = 'closed' and t.outcome = %(outcome)s
    and not exists (select from tasks c where c.parent_id = t.id)
order by t.closed_at desc, t.id desc limit 1;

-- name: lock
-- Somebody has a task on screen until an instant; nobody else may have it then. No row where somebody else has it, or it
-- is done with.
update tasks set locked_by = %(by)s, locked_until = %(until)s
where id = %(id)s and standing in ('open', 'accepted') and settles_at is null
    and (locked_by is null or locked_by = %(by)s or locked_until <= %(now)s)
returning id;

-- name: unlock
-- Whoever has a task on screen has it no more.
update tasks set locked_by = null, locked_until = null where id = %(id)s and locked_by = %(by)s returning id;

-- name: take_first
-- The first of some tasks, in the order given, that may be had on screen: open, of nobody else's screen, and with no
-- outcome that waits to count. From now on somebody has it until an instant, which is written down where they had not.
-- What another one takes at this moment is passed over.
with free as (
    select t.id, t.locked_by is not distinct from %(by)s and coalesce(t.locked_until > %(now)s, false) as had
    from tasks t where t.id = any(%(ids)s::bigint[]) and t.standing in ('open', 'accepted') and t.settles_at is null
        and (t.locked_by is null or t.locked_by = %(by)s or t.locked_until <= %(now)s)
    order by array_position(%(ids)s::bigint[], t.id) limit 1 for update skip locked
), taken as (
    update tasks t set locked_by = %(by)s, locked_until = %(until)s from free where t.id = free.id
), entries as (
    insert into task_entries (task_id, at, by, did) select id, %(now)s, %(by)s, 'claimed' from free where not had
)
select id from free;
