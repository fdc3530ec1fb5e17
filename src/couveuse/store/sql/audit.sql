-- name: record
-- What somebody did by hand.
insert into audit (at, by, did, about) values (%(now)s, %(by)s, %(did)s, %(about)s::jsonb);

-- name: lock
-- Whoever does something once by a key waits for others that do.
select pg_advisory_xact_lock(%(lock)s);

-- name: about_key
-- What was done once by a key.
select about from audit where about ? 'key' and about ->> 'key' = %(key)s and did = %(did)s order by id limit 1;
