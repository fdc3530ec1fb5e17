-- name: lock
-- Wait for attempts that are beginning; none begins until this transaction ends.
select pg_advisory_xact_lock(%(lock)s, 0);

-- name: turn
-- A switch is turned; tells nothing of what it was.
insert into switches (name, is_on, at, by, because) values (%(name)s, %(is_on)s, %(now)s, %(by)s, %(because)s)
on conflict (name) do update set is_on = excluded.is_on, at = excluded.at, by = excluded.by, because = excluded.because;

-- name: one
-- Whether a switch is on; no row where it was never turned.
select is_on from switches where name = %s;

-- name: under_way
-- How many attempts are under way.
select count(*) from intents where standing = 'flying' and begun_at is not null;

-- name: switched_on
-- The switches that are on, by name.
select name from switches where is_on order by name;
