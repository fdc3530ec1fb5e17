-- name: create
-- A key, by its digest.
insert into write_keys (digest, hint, kind, source, origins, rate)
values (%(digest)s, %(hint)s, %(kind)s, %(source)s, %(origins)s::jsonb, %(rate)s) returning id;

-- name: all
-- Every key, the oldest first.
select id, digest, hint, kind, source, origins, rate, created_at, revoked_at, used_at from write_keys order by id;

-- name: revoke
-- A key that lets nobody in from now on; one that was revoked before is left as it is.
update write_keys set revoked_at = now() where id = %s and revoked_at is null returning id;

-- name: used
-- Some keys have let something in just now.
update write_keys set used_at = now() where id = any(%s::bigint[])
    and (used_at is null or used_at < now() - interval '1 minute');
