-- name: create
-- A key, by its digest.
insert into write_keys (digest, hint, kind, source, origins, rate)
values (%(digest)s, %(hint)s, %(kind)s, %(source)s, %(origins)s::jsonb, %(rate)s) returning id;

-- name: all
-- Every key, the oldest first.
select id, digest, hint, kind, source, origins, rate, created_at, revoked_at from write_keys order by id;

-- name: revoke
-- A key that lets nobody in from now on; one that was revoked before is left as it is.
update write_keys set revoked_at = now() where id = %s and revoked_at is null returning id;
