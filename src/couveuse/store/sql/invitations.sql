-- name: number
-- The number of an invitation that is about to be made: its link is signed with it.
select nextval(pg_get_serial_sequence('invitations', 'id'));

-- name: add
-- An invitation, by its number and the digest of its link.
insert into invitations (id, digest, email, name, role, member, language, invited_by, made_at, expires_at)
overriding system value values (
    %(id)s, %(digest)s, %(email)s, %(name)s, %(role)s, %(member)s, %(language)s, %(by)s,
    to_timestamp(%(now)s / 1000000.0), to_timestamp(%(expires)s / 1000000.0)
);

-- name: replace
-- Invitations of an e-mail that could be used still: a newer one takes their place.
update invitations set revoked_at = to_timestamp(%(now)s / 1000000.0)
where email = %(email)s and used_at is null and revoked_at is null returning id;

-- name: open
-- Invitations that nobody has used or revoked, those that have expired too, the newest first.
select id, email, name, role, member, language, invited_by, made_at, expires_at from invitations
where used_at is null and revoked_at is null order by made_at desc, id desc limit %(most)s;

-- name: usable
-- The invitation of a link's digest, if it may be used at an instant.
select id, email, name, role, member, language, invited_by, made_at, expires_at from invitations
where digest = %(digest)s and used_at is null and revoked_at is null
    and expires_at > to_timestamp(%(now)s / 1000000.0);

-- name: usable_number
-- The same by its number, with the digest by which it is known.
select id, email, name, role, member, language, invited_by, made_at, expires_at from invitations
where id = %(id)s and used_at is null and revoked_at is null and expires_at > to_timestamp(%(now)s / 1000000.0);

-- name: use
-- An invitation is used, once; nothing where it may not be.
update invitations set used_at = to_timestamp(%(now)s / 1000000.0)
where digest = %(digest)s and used_at is null and revoked_at is null
    and expires_at > to_timestamp(%(now)s / 1000000.0)
returning id, email, name, role, member, language, invited_by, made_at, expires_at;

-- name: revoke
-- An invitation that can be used no more; one that was used or revoked before is left as it is.
update invitations set revoked_at = to_timestamp(%(now)s / 1000000.0)
where id = %(id)s and used_at is null and revoked_at is null returning id;
