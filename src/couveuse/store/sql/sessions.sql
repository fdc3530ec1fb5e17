-- name: session
-- What the server does for the connection that it serves in this process: its state, since when it is in it, and what it
-- waits for. No row where it serves none.
select state, state_change, wait_event_type from pg_stat_activity
where pid = %s and datname = current_database() and backend_type = 'client backend';
