-- name: append
-- What could not be taken, in the order in which it came.
insert into rejects (received_at, source, reason, detail, place, body)
select * from unnest(%b::bigint[], %b::text[], %b::text[], %b::text[], %b::text[], %b::text[]);

-- name: latest
-- The latest rejects of the front door and of imports, the last one first.
select id, received_at, source, reason, detail, place, body, import_id from rejects order by id desc limit %s;

-- name: append_of_import
-- What could not be taken, of an import (null: of none).
insert into rejects (received_at, source, reason, detail, place, body, import_id)
select g.*, %s::integer from unnest(%s::bigint[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[]) as g;

-- name: before
-- Rejects of the front door and of imports with a lower number, the last one first.
select id, received_at, source, reason, detail, place, body, import_id from rejects
where id < %(before)s order by id desc limit %(most)s;

-- name: of_import
-- What an import could not take, with a higher number, in the order of its files.
select id, received_at, source, reason, detail, place, body, import_id from rejects
where import_id = %(import)s and id > %(after)s order by id limit %(most)s;
