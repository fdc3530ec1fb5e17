-- name: fates
-- What became of what somebody handed on (to sales, or as an appointment), or took on (accepted, or was given and dealt
-- with), since an instant; the newest first, so many of each. `last` is the task at the end of what it led to.
with recursive mine as (
    (select t.id, t.lead_id, true as is_handed_on, t.closed_at as at from tasks t
    where t.outcome_by = %(member)s and t.standing = 'closed' and t.outcome in ('project_detected', 'appointment_made')
        and -t.closed_at <= -%(since)s::bigint
    order by -t.closed_at, t.id limit %(most)s)
    union all
    (select t.id, t.lead_id, false, t.closed_at from tasks t
    where t.member = %(member)s and t.standing = 'closed'
        and t.outcome in ('won', 'lost', 'rejected', 'not_relevant', 'no_budget') and t.team = any(%(selling)s)
        and -t.closed_at <= -%(since)s::bigint
    order by -t.closed_at, t.id limit %(most)s)
    union all
    (select t.id, t.lead_id, false, t.opened_at from tasks t
    where t.member = %(member)s and t.standing = 'accepted' order by t.id desc limit %(most)s)
), ways (first, id, step) as (
    select id, id, 0 from mine
    union all
    select w.first, t.id, w.step + 1 from ways w join tasks t on t.parent_id = w.id where w.step < 20
), ends as (
    select distinct on (first) first, id from ways order by first, step desc, id desc
)
select m.id, m.lead_id, m.is_handed_on, m.at, e.id, e.team, e.member, e.standing, e.outcome, e.outcome_reason, e.outcome_by,
    e.closed_at, e.not_before, e.standing = 'accepted' and (e.overdue_at is not null or e.look_at <= %(now)s)
from mine m join ends on ends.first = m.id join tasks e on e.id = ends.id
order by m.at desc, m.id desc;

-- name: shown
-- The leads that hold the facts now of some leads, where they are other ones; in no order.
with recursive start (id) as (select distinct unnest(%(leads)s::bigint[])), {include families.ways}
select distinct on (first) first, id from ways where step > 0 order by first, step desc;
