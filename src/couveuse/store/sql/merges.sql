-- name: insert
-- A merge by hand.
insert into merges (lead_id, into_id, at, by) values (%(lead)s, %(into)s, %(now)s, %(by)s) returning id;

-- name: undo
-- A merge that stands no more.
update merges set undone_at = %(now)s, undone_by = %(by)s where id = %(id)s and undone_at is null
returning lead_id, into_id;
