-- name: lock_lanes
-- Lanes that hold waiting packets and that nobody works on, locked until the transaction ends: as many as hold a batch
-- together, beginning with the worker's own. What they hold is read in a statement of its own, after the locks are had.
with head as materialized (
    select lane, events from inbox order by id limit 2048
), lanes as materialized (
    select lane, sum(events) as events from head group by lane
), ranked as materialized (
    select lane, sum(events) over (order by (lane + %(turn)s) %% %(lanes)s) - events as before from lanes
)
select lane from ranked where before < %(batch)s and pg_try_advisory_xact_lock(%(lock)s, lane);

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
