-- name: put_off
-- Leads to be folded again later, each with why hand-overs may be withdrawn by it and with which facts may make some.
insert into refolds (lead_id, because, live)
select lead, because, live::jsonb from unnest(%s::bigint[], %s::text[], %s::text[]) as g (lead, because, live);

-- name: waiting_among
-- Of some leads those that wait to be folded again; in no order.
select distinct lead_id from refolds where lead_id = any(%s::text::bigint[]);

-- name: leads
-- The leads that wait, the longest waiting first.
select lead_id from refolds group by lead_id order by min(id) limit %s;

-- name: of_lead
-- What waits of one lead, in the order in which it came.
select id, because, live from refolds where lead_id = %s order by id;

-- name: done
-- What has been folded waits no more.
delete from refolds where id = any(%s);

-- name: hold
-- Whether nobody else folds this lead; held until it is given back or the connection ends.
select pg_try_advisory_lock(%s, (%s %% 2147483648)::integer);

-- name: give_back
-- Others may fold this lead.
select pg_advisory_unlock(%s, (%s %% 2147483648)::integer);
