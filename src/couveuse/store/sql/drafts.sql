-- name: begin
-- A document on its way to act; none is made where another is on its way.
insert into drafts (base_id, document, restores_id, by, made_at)
values (%(base)s, %(document)s, %(restores)s, %(by)s, %(now)s)
on conflict do nothing returning id;

-- name: open
-- The one that is on its way.
select id, base_id, document, restores_id, by, made_at, standing, model_id, job_id, diff, diff_at, per_day, settled_at,
    settled_by
from drafts where standing in ('making', 'ready', 'publishing');

-- name: one
-- One draft.
select id, base_id, document, restores_id, by, made_at, standing, model_id, job_id, diff, diff_at, per_day, settled_at,
    settled_by
from drafts where id = %s;

-- name: lock
-- One draft, held until the transaction ends.
select id, base_id, document, restores_id, by, made_at, standing, model_id, job_id, diff, diff_at, per_day, settled_at,
    settled_by
from drafts where id = %s for update;

-- name: worked_on
-- The job that works on it.
update drafts set job_id = %(job)s where id = %(id)s;

-- name: made_as
-- The version whose states are made for it.
update drafts set model_id = %(model)s where id = %(id)s;

-- name: compared
-- Who would move; it is ready to be looked at.
update drafts set diff = %(diff)s::jsonb, diff_at = %(now)s, standing = 'ready'
where id = %(id)s and standing in ('making', 'ready');

-- name: publish
-- It is to act, and so many a day may be handed over; no row comes back where it is not ready.
update drafts set standing = 'publishing', per_day = %(per_day)s where id = %(id)s and standing = 'ready' returning id;

-- name: settle
-- What became of it; no row comes back where that is known already.
update drafts set standing = %(standing)s, settled_at = %(now)s, settled_by = %(by)s
where id = %(id)s and standing in ('making', 'ready', 'publishing') returning id;

-- name: settle_of_model
-- The same of the draft of a version.
update drafts set standing = %(standing)s, settled_at = %(now)s, settled_by = %(by)s
where standing in ('making', 'ready', 'publishing') and (model_id = %(model)s
    or (model_id is null and document = (select document from models where id = %(model)s)));
