-- name: hold
-- Nothing of a lead is handed over until an instant (null: until it is lifted). Tells its number.
insert into holds (lead_id, at, by, until, because) values (%(lead)s, %(now)s, %(by)s, %(until)s, %(because)s)
returning id;

-- name: standing
-- The hold that stands of each of these leads that has one; in no order. One whose time is over stands no more.
select id, lead_id, of_id, at, by, until, because, ended_at, ended_by from holds
where lead_id = any(%(leads)s) and ended_at is null and coalesce(until > %(now)s, true);

-- name: end
-- The holds of some leads end, and with them those from which they came. Tells of which leads; in no order.
with recursive ways (id, of_id) as (
    select id, of_id from holds where lead_id = any(%(leads)s) and ended_at is null
    union
    select h.id, h.of_id from ways w join holds h on h.id = w.of_id
)
update holds h set ended_at = %(now)s, ended_by = %(by)s from ways w where h.id = w.id and h.ended_at is null
returning h.lead_id;

-- name: due
-- Holds whose time is over, the longest over first. Those that another process ends are left out.
select id, lead_id, of_id, at, by, until, because, ended_at, ended_by from holds
where ended_at is null and until <= %(now)s order by until, id limit %(most)s for update skip locked;

-- name: end_due
-- These holds end at their time.
update holds set ended_at = until, ended_by = %(by)s where id = any(%(ids)s);

-- name: next_end
-- When the next hold ends by time (null: none does).
select min(until) from holds where ended_at is null and until is not null;

-- name: follow
-- The hold of a lead whose facts another one holds now goes along: the longer of both stands. Tells the other's hold.
with gone as (
    select id, at, by, until, because from holds where lead_id = %(gone)s and ended_at is null
)
insert into holds as h (lead_id, of_id, at, by, until, because)
select %(lead)s, id, at, by, until, because from gone
on conflict (lead_id) where ended_at is null do update
    set until = case when h.until is null or excluded.until is null then null else greatest(h.until, excluded.until) end,
        of_id = coalesce(h.of_id, excluded.of_id)
returning id;

-- name: waited
-- The open tasks of some leads, held until the transaction ends; by number.
select t.id, t.lead_id, t.team, t.treatment, t.due_at from tasks t
where t.lead_id = any(%(leads)s) and t.standing = 'open' order by t.id for update;

-- name: set_due
-- These tasks are due then, and are looked at then.
update tasks t set due_at = g.due, look_at = greatest(g.due, coalesce(t.not_before, g.due))
from unnest(%(ids)s::bigint[], %(dues)s::bigint[]) as g (id, due) where t.id = g.id and t.standing = 'open';

-- name: wait
-- What waits for a digest, of alerts about a lead, waits for an instant (or, where it is due later, for that).
update digest_items d set due_at = greatest(d.due_at, %(until)s) from alerts a
where a.id = d.alert_id and a.lead_id = %(lead)s and d.intent_id is null;

-- name: wake
-- What was put off, of alerts about some leads, goes on now.
with sent as (
    update intents i set due_at = least(i.due_at, %(now)s) from alerts a
    where a.id = i.alert_id and a.lead_id = any(%(leads)s) and i.standing = 'waiting' and i.attempts = 0
)
update digest_items d set due_at = least(d.due_at, %(now)s) from alerts a
where a.id = d.alert_id and a.lead_id = any(%(leads)s) and d.intent_id is null;
