-- name: lock
-- Whether nobody else is at a request of that key, and nobody is until the transaction ends; the last erasure's number.
select pg_try_advisory_xact_lock(hashtextextended(%(token)s::text || ' ' || %(key)s::text, %(seed)s)),
    (select coalesce(max(id), 0) from erasures);

-- name: kept
-- What was answered to a token's key since an instant.
select digest, status, sealed from answers where token_id = %(token)s and key = %(key)s and at > %(since)s;

-- name: keep
-- An answer; one that stands there has run out. Where somebody was erased meanwhile, who may stand in it, its body is
-- not kept.
insert into answers (token_id, key, digest, at, status, sealed)
values (%(token)s, %(key)s, %(digest)s, %(now)s, %(status)s,
    case when (select coalesce(max(id), 0) from erasures) = %(erased)s then %(sealed)s::bytea end)
on conflict (token_id, key) do update set digest = excluded.digest, at = excluded.at, status = excluded.status,
    sealed = excluded.sealed;

-- name: sweep
-- Answers that have run out go, so many at a time.
delete from answers where (token_id, key) in (
    select token_id, key from answers where at <= %(before)s limit %(most)s for update skip locked
);
