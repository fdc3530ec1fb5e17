-- name: due_tasks
-- Tasks that somebody must look at, the longest due first, and whether their lead is irrelevant under the acting model,
-- or held by somebody.
-- Those that another process looks at are left out.
select t.id, t.lead_id, t.handover_id, t.team, t.standing, t.member, t.due_at, t.not_before, t.overdue_times,
    coalesce(s.temperature = 3, false) or exists (select from holds o where o.lead_id = t.lead_id
        and o.ended_at is null and coalesce(o.until > %(now)s, true)),
    t.version
from tasks t
left join models m on m.standing = 'acting'
left join lead_states s on s.model_id = m.id and s.lead_id = t.lead_id
where t.look_at <= %(now)s order by t.look_at, t.id limit %(most)s for update of t skip locked;

-- name: looked_at
-- When these tasks are to be looked at again, and which of them were told of just now.
update tasks t set look_at = g.look_at, overdue_times = g.times,
    overdue_at = case when g.is_told then %(now)s else t.overdue_at end
from unnest(%(ids)s::bigint[], %(looks)s::bigint[], %(times)s::smallint[], %(told)s::boolean[])
    as g (id, look_at, times, is_told)
where t.id = g.id;

-- name: next_look
-- When the next task is to be looked at (null: none is).
select min(look_at) from tasks where look_at is not null;
