-- name: lock_lanes
-- Lanes that hold waiting packets and that nobody works on, the longest waiting first, locked until the transaction
-- ends: half of all lanes at most, so that there is work for another. What they hold is read in a statement of its own,
-- after the locks are had.
with head as materialized (
    select id, lane from inbox order by id limit 2048
), lanes as materialized (
    select lane from head group by lane order by min(id)
)
select lane from lanes where pg_try_advisory_xact_lock(%(lock)s, lane) limit %(most)s;

-- name: claim
-- The oldest packets of some lanes, a batch of events or a little more, in the order in which they were accepted.
select id, packet from (
    select id, packet, sum(events) over (order by id) - events as before
    from inbox where lane = any(%(lanes)s) order by id limit 2048
) waiting
where before < %(batch)s
order by id;

-- name: delete
-- What was folded waits no more.
delete from inbox where id = any(%s);

-- name: backlog
-- How many events wait, and since when (null: none does).
select coalesce(sum(events), 0)::bigint, min(received_at) from inbox;
