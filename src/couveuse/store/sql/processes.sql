-- name: update
-- A sign of life, by the database's clock; no row comes back where this process was taken for dead.
update processes set seen_at = (extract(epoch from clock_timestamp()) * 1000000)::bigint, counts = %(counts)s
where id = %(id)s returning id;

-- name: insert
-- The first sign of life.
insert into processes (id, kind, host, pid, started_at, seen_at, counts)
values (%(id)s, %(kind)s, %(host)s, %(pid)s, %(started_at)s,
    (extract(epoch from clock_timestamp()) * 1000000)::bigint, %(counts)s);

-- name: remove
-- Processes that ended, or were silent for so many microseconds; what they had counted comes back, in no order.
delete from processes
where pid <> 0 and (id = %(id)s or seen_at < extract(epoch from clock_timestamp()) * 1000000 - %(silent)s)
returning kind, counts;

-- name: lock_ended
-- What the ended processes of one kind had counted together: they share one row, of process 0.
insert into processes (id, kind, host, pid, started_at, seen_at, counts) values (%(id)s, %(kind)s, '', 0, 0, 0, '{}')
on conflict (id) do update set kind = excluded.kind returning counts;

-- name: replace_counts
-- The same, with more.
update processes set counts = %(counts)s where id = %(id)s;

-- name: alive
-- Who has given a sign of life within so many microseconds, the oldest process first.
select kind, host, pid, started_at, seen_at, counts from processes
where pid <> 0 and seen_at >= extract(epoch from clock_timestamp()) * 1000000 - %(silent)s order by started_at, id;

-- name: counts
-- What all processes have counted, those that ended included; in no order.
select kind, counts from processes;

-- name: living
-- Processes that give signs of life, each with its last one; in order.
select id, kind, host, pid, seen_at from processes
where pid <> 0 and seen_at >= extract(epoch from clock_timestamp()) * 1000000 - %(silent)s order by kind, host, pid;
