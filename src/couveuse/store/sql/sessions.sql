-- name: sessions
-- What the server does for the connections that it serves in these processes: their state, since when they are in it, and
-- what they wait for; in no order. No row where it serves none.
select pid, state, state_change, wait_event_type from pg_stat_activity
where pid = any(%s) and datname = current_database() and backend_type = 'client backend';
