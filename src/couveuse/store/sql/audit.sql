-- name: record
-- What somebody did by hand.
insert into audit (at, by, did, about) values (%(now)s, %(by)s, %(did)s, %(about)s::jsonb);

-- name: lock
-- Whoever does something once by a key waits for others that do.
select pg_advisory_xact_lock(%(lock)s);

-- name: about_key
-- What was done once by a key.
select about from audit where about ? 'key' and about ->> 'key' = %(key)s and did = %(did)s order by id limit 1;

-- name: page
-- What was done by hand below a number, the newest first.
select id, at, by, did, about from audit where id < %(before)s order by id desc limit %(most)s;

-- name: page_by
-- The same of somebody, and of some deeds where they are named.
select id, at, by, did, about from audit
where by = %(by)s and id < %(before)s and (%(did)s::text is null or did = %(did)s) order by id desc limit %(most)s;

-- name: page_did
-- The same of one deed.
select id, at, by, did, about from audit where did = %(did)s and id < %(before)s order by id desc limit %(most)s;

-- name: page_lead
-- The same about one lead.
select id, at, by, did, about from audit
where about ? 'lead' and about ->> 'lead' = %(lead)s and id < %(before)s
    and (%(by)s::text is null or by = %(by)s) and (%(did)s::text is null or did = %(did)s)
order by id desc limit %(most)s;

-- name: whose
-- Who has done something, by name, so many at most: one step of the index for each.
with recursive found (by) as (
    (select by from audit order by by limit 1)
    union all
    select (select a.by from audit a where a.by > found.by order by a.by limit 1) from found where found.by is not null
)
select by from found where by is not null limit %(most)s;

-- name: deeds
-- What was ever done, by name, so many at most: one step of the index for each.
with recursive found (did) as (
    (select did from audit order by did limit 1)
    union all
    select (select a.did from audit a where a.did > found.did order by a.did limit 1) from found
    where found.did is not null
)
select did from found where did is not null limit %(most)s;
