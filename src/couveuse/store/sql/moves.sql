-- name: move_episode
-- An episode goes on as another lead's, under that one's next number.
update episodes set lead_id = %(lead)s, number = %(number)s where id = %(episode)s;

-- name: meeting
-- Hand-overs of two episodes that are one: of the same team and kind, both standing. The second one's causes join the
-- first's. Tells both; in no order.
update handovers k set causes = k.causes || g.causes from handovers g
where k.episode_id = %(into)s and g.episode_id = %(episode)s and k.team = g.team and k.kind = g.kind
    and k.withdrawn_at is null and g.withdrawn_at is null
returning g.id, k.id;

-- name: join_handovers
-- What has joined another hand-over is withdrawn, and nobody is told: the other one stands for it.
update handovers set withdrawn_at = %(now)s, withdrawn_because = %(because)s, withdrawal_told_at = %(now)s,
    dispatched_at = coalesce(dispatched_at, %(now)s)
where id = any(%(ids)s);

-- name: move_handovers
-- The hand-overs of an episode that stand go on as another lead's, in an episode of that one's.
update handovers set lead_id = %(lead)s, episode_id = %(into)s where episode_id = %(episode)s and withdrawn_at is null;

-- name: move_handover
-- A hand-over goes on as another lead's; without a task of its own it is dispatched again.
update handovers set lead_id = %(lead)s, episode_id = %(into)s,
    dispatched_at = case when %(has_task)s then dispatched_at end
where id = %(id)s;

-- name: join_tasks
-- Of open tasks of two episodes for the same team one is left: what sales accepted, else what was tried, else the older.
-- The other one is withdrawn, and both say so. Tells which went into which; in no order.
with pairs as (
    select case when is_first then a else b end as kept, case when is_first then b else a end as gone from (
        select a.id as a, b.id as b,
            (a.standing <> 'accepted', a.tries = 0, a.id) < (b.standing <> 'accepted', b.tries = 0, b.id) as is_first
        from tasks a join tasks b on b.team = a.team
        where a.episode_id = %(into)s and a.lead_id = %(lead)s and a.standing in ('open', 'accepted')
            and b.episode_id = %(episode)s and b.lead_id = %(gone)s and b.standing in ('open', 'accepted')
    ) as met
), gone as (
    update tasks t set standing = 'withdrawn', closed_at = %(now)s, look_at = null, locked_by = null, locked_until = null
    from pairs p where t.id = p.gone returning t.id, p.kept, t.due_at
), kept as (
    update tasks t set due_at = least(t.due_at, g.due_at),
        look_at = case when t.standing = 'open' then least(t.look_at, g.due_at) else t.look_at end
    from gone g where t.id = g.kept returning t.id
), entries as (
    insert into task_entries (task_id, at, by, did, about)
    select id, %(now)s, %(by)s, 'withdrawn', jsonb_build_object('because', %(because)s::text, 'into', kept) from gone
    union all
    select kept, %(now)s, %(by)s, 'joined', jsonb_build_object('because', %(because)s::text, 'task', id) from gone
)
select id, kept from gone;

-- name: move_tasks
-- The open tasks of a lead in an episode go on as another lead's, in an episode of that one's.
update tasks set lead_id = %(lead)s, episode_id = %(into)s
where lead_id = %(gone)s and episode_id = %(episode)s and standing in ('open', 'accepted');

-- name: move_task
-- The open task of a hand-over goes on as another lead's, where no other hand-over asks for it. Tells it.
update tasks t set lead_id = %(lead)s, episode_id = %(into)s
where t.handover_id = %(id)s and t.standing in ('open', 'accepted') and not exists (
    select from handovers o where o.lead_id = t.lead_id and o.team = t.team and o.episode_id = t.episode_id
        and o.withdrawn_at is null and o.id <> %(id)s
) returning t.id;

-- name: move_alerts
-- What was told of hand-overs and tasks is told of what they went into, and of that lead.
update alerts a set lead_id = %(lead)s,
    handover_id = coalesce((select kept from unnest(%(handovers)s::bigint[], %(into_handovers)s::bigint[]) as g (gone, kept)
        where gone = a.handover_id), a.handover_id),
    task_id = coalesce((select kept from unnest(%(tasks)s::bigint[], %(into_tasks)s::bigint[]) as g (gone, kept)
        where gone = a.task_id), a.task_id)
where a.lead_id = %(gone)s and a.withdrawn_at is null and a.kind not in ('withdrawn', 'changed');

-- name: move_alerts_of
-- What was told of a hand-over is told of another lead.
update alerts set lead_id = %(lead)s where handover_id = %(id)s;

-- name: end_episode
-- An episode whose work has gone on in another one.
update episodes set closed_at = %(now)s, closed_by = %(because)s, closing_told_at = %(now)s where id = %(episode)s;

-- name: parted
-- Tasks that a merge had made one, of which one is open still: the one that was withdrawn then, the one that stayed, and
-- which of the two was the absorbed lead's, with the hand-over that asked for that one, as it stood, if one did; by number.
-- Held until the transaction ends.
select t.id, k.id, t.lead_id = %(gone)s, h.id, h.model_id, h.team, h.kind, h.causes
from merges m
join tasks t on t.lead_id = any(array[m.lead_id, m.into_id]) and t.standing = 'withdrawn'
join task_entries e on e.task_id = t.id and e.did = 'withdrawn' and e.at >= m.at and e.about ->> 'because' = %(because)s
join tasks k on k.id = (e.about ->> 'into')::bigint and k.standing in ('open', 'accepted')
left join handovers h on h.id = case when t.lead_id = m.lead_id then t.handover_id else k.handover_id end
    and h.lead_id = m.lead_id and h.withdrawn_because = %(because)s
where m.id = %(merge)s and k.lead_id = m.into_id
    and (h.id is not null or case when t.lead_id = m.lead_id then t.handover_id else k.handover_id end is null)
order by t.id for update of t, k;

-- name: open_again
-- The episode of a lead that a merge had ended goes on. Tells its number, or nothing where another one is open.
update episodes e set closed_at = null, closed_by = null, closing_told_at = null
where e.lead_id = %(lead)s and e.closed_by = %(because)s
    and e.number = (select max(number) from episodes where lead_id = %(lead)s)
returning id;

-- name: task_again
-- A task that was withdrawn for another one is open again, as a lead's, in an episode; it is looked at when it is due.
update tasks set standing = 'open', closed_at = null, lead_id = %(lead)s, episode_id = %(episode)s,
    look_at = greatest(due_at, coalesce(not_before, due_at))
where id = %(task)s;

-- name: task_goes
-- A task goes on as another lead's, in an episode of that one's.
update tasks set lead_id = %(lead)s, episode_id = %(episode)s where id = %(task)s;

-- name: handover_again
-- A hand-over that had joined another one stands by itself again; nobody is told.
update handovers set withdrawn_at = null, withdrawn_because = null, withdrawal_told_at = null, episode_id = %(episode)s
where id = %(handover)s;

-- name: note_parted
-- What was one task is two again, and both say so.
insert into task_entries (task_id, at, by, did, about)
values (%(one)s, %(now)s, %(by)s, 'parted', jsonb_build_object('because', %(because)s::text, 'task', %(other)s::bigint)),
    (%(other)s, %(now)s, %(by)s, 'parted', jsonb_build_object('because', %(because)s::text, 'task', %(one)s::bigint));
