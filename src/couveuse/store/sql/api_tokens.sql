-- name: create
-- A token, by its digest.
insert into api_tokens (digest, hint, name, scopes, expires_at)
values (%(digest)s, %(hint)s, %(name)s, %(scopes)s::jsonb, %(expires_at)s) returning id;

-- name: all
-- Every token, revoked and expired ones too, the oldest first.
select id, hint, name, scopes, created_at, expires_at, used_at, revoked_at from api_tokens order by id;

-- name: find
-- The token of a digest, whether it still lets in or not.
select id, hint, name, scopes, created_at, expires_at, used_at, revoked_at from api_tokens where digest = %s;

-- name: revoke
-- A token that lets nobody in from now on; one that was revoked before is left as it is.
update api_tokens set revoked_at = now() where id = %s and revoked_at is null returning id;

-- name: used
-- A token was used now; several processes that say so at once write it once.
update api_tokens set used_at = %(now)s where id = %(id)s and (used_at is null or used_at <= %(before)s);
