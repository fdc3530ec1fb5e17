-- name: record
-- What somebody did by hand.
insert into audit (at, by, did, about) values (%(now)s, %(by)s, %(did)s, %(about)s::jsonb);
