-- name: allow
-- So many hand-overs a day of leads that came quietly.
insert into allowances (per_day, made_at, because) values (%(per_day)s, %(now)s, %(because)s) returning id;

-- name: allow_leads
-- Leads that may be handed over under an allowance.
insert into allowed (allowance_id, lead_id) select %(id)s, unnest(%(leads)s::text::bigint[]) on conflict do nothing;

-- name: open
-- Allowances under which somebody waits, each with how many were handed over since an instant, the oldest first.
select a.id, a.per_day, count(*) filter (where d.handed_at >= %s) from allowances a join allowed d on d.allowance_id = a.id
group by a.id having bool_or(d.handed_at is null) order by a.id;

-- name: next
-- Leads that wait under an allowance and whose routes stand, with their packed states, the best first; locked.
select s.lead_id, s.state from {table} s join allowed d on d.lead_id = s.lead_id
where d.allowance_id = %(id)s and d.handed_at is null and s.routes is not null
order by s.sort_score desc, s.lead_id limit %(most)s for update of s skip locked;

-- name: handed
-- They were handed over, or had been anyway.
update allowed set handed_at = %(now)s where allowance_id = %(id)s and lead_id = any(%(leads)s::text::bigint[]);
