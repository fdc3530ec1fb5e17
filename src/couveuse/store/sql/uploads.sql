-- name: begin
-- A file whose pieces follow in the same transaction; its number.
insert into uploads (name, kind, bytes, digest, format, compression, preview, at, by)
values (%(name)s, %(kind)s, %(bytes)s, %(digest)b, %(format)s, %(compression)s, %(preview)s::jsonb, %(now)s, %(by)s)
returning id;

-- name: append
-- One more piece of a file.
insert into upload_pieces (upload_id, number, piece) values (%(upload)s, %(number)s, %(piece)b);

-- name: piece
-- One piece of a file.
select piece from upload_pieces where upload_id = %(upload)b and number = %(number)b;

-- name: lock
-- Who asks how much is kept, to keep more, does so one behind the other.
select pg_advisory_xact_lock(%s);

-- name: kept
-- How many bytes are kept of all files.
select coalesce(sum(bytes), 0)::bigint from uploads where emptied_at is null;

-- name: one
-- One file, without its pieces.
select id, name, kind, bytes, digest, format, compression, preview, wants, foreseen, failure, job_id, import_id, at, by,
    emptied_at
from uploads where id = %s;

-- name: open
-- Files whose pieces are kept, and of which no import is done; the newest first.
select id, name, kind, bytes, digest, format, compression, preview, wants, foreseen, failure, job_id, import_id, at, by,
    emptied_at
from uploads where emptied_at is null order by id desc limit %s;

-- name: of_import
-- The file that became an import, if one was uploaded.
select id, name, kind, bytes, digest, format, compression, preview, wants, foreseen, failure, job_id, import_id, at, by,
    emptied_at
from uploads where import_id = %s order by id desc limit 1;

-- name: same
-- The last import that stands of a file that holds the same, whatever it was called.
select u.import_id from uploads u join imports i on i.id = u.import_id
where u.digest = %(digest)b and u.id <> %(upload)s and i.standing in ('running', 'done') order by i.id desc limit 1;

-- name: look
-- Another preview of a file: another sheet, another encoding.
update uploads set preview = %(preview)s::jsonb, foreseen = null, failure = null where id = %(id)s;

-- name: want
-- How a file is to be read from now on; what was foreseen otherwise holds no more.
update uploads set kind = %(kind)s, wants = %(wants)s::jsonb, foreseen = null, failure = null where id = %(id)s;

-- name: work
-- The work that is done on a file from now on.
update uploads set job_id = %(job)s, failure = null where id = %(id)s;

-- name: foresee
-- What would come of a file, if it is still wanted so.
update uploads set foreseen = %(foreseen)s::jsonb, failure = null where id = %(id)s and wants = %(wants)s::jsonb;

-- name: fail
-- Why the last work on a file could not be done.
update uploads set failure = %(failure)s::jsonb where id = %(id)s;

-- name: become
-- The import that a file becomes.
update uploads set import_id = %(import)s where id = %(id)s;

-- name: drop_pieces
-- The pieces of a file go.
delete from upload_pieces where upload_id = %s;

-- name: empty
-- Of a file that is done only that it was there is kept: nothing of a person.
update uploads set preview = '{}', foreseen = null, emptied_at = %(now)s where id = %(id)s and emptied_at is null;

-- name: forget
-- A file goes with its pieces.
delete from uploads where id = %s;

-- name: old
-- Files kept for too long of which nobody works on any; the oldest first.
select u.id from uploads u where u.emptied_at is null and u.at < %(before)s and not exists (
    select from jobs j where j.id = u.job_id and j.standing in ('waiting', 'running')
) order by u.at limit 100;

-- name: mapping
-- How the columns of such a head were mapped the last time.
select mapping from mappings where head = %b;

-- name: keep_mapping
-- How the columns of a head are mapped.
insert into mappings (head, mapping, at, by) values (%(head)b, %(mapping)s::jsonb, %(now)s, %(by)s)
on conflict (head) do update set mapping = excluded.mapping, at = excluded.at, by = excluded.by;

-- name: count_mappings
-- Of many mappings the newest are kept.
delete from mappings where head not in (select head from mappings order by at desc limit 1000);

-- name: read_as
-- A file is read anew: what was said of it holds no more.
update uploads set kind = %(kind)s, wants = null, foreseen = null, failure = null where id = %(id)s;
