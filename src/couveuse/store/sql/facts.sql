-- name: after
-- Facts of some identities after an instant, the oldest first, and those that share the last one's instant; known by an
-- instant, and occurred by another one.
select identity_id, at, received_at, name_id, source_id, flags, payload from events
where identity_id = any(%(identities)s) and at > %(from)s and at <= %(until)s and received_at <= %(known)s
order by at fetch first %(most)s rows with ties;

-- name: before
-- The same before an instant, the newest first.
select identity_id, at, received_at, name_id, source_id, flags, payload from events
where identity_id = any(%(identities)s) and at < %(from)s and at <= %(until)s and received_at <= %(known)s
order by at desc fetch first %(most)s rows with ties;

-- name: of_instant
-- Facts of some identities of one instant, known by another one; in no order.
select identity_id, at, received_at, name_id, source_id, flags, payload from events
where identity_id = any(%(identities)s) and at = %(from)s and at <= %(until)s and received_at <= %(known)s;

-- name: named
-- Facts of some identities of one name, known by an instant; in no order.
select identity_id, at, received_at, name_id, source_id, flags, payload from events
where identity_id = any(%(identities)s) and received_at <= %(known)s
    and name_id = (select id from event_names where name = %(name)s);

-- name: rows
-- Facts of a lead's identities as they are stored, known by an instant, so many at most; in no order.
select %(lead)s::bigint, at, name_id, source_id, flags, payload from events
where identity_id = any(%(identities)s) and received_at <= %(known)s limit %(most)s;
