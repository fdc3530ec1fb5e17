-- name: put
-- What somebody said came of a task waits until its moment has passed; nobody has the task on screen meanwhile.
update tasks set settles_at = %(until)s, settles = %(said)s::jsonb, locked_by = null, locked_until = null
where id = %(id)s and settles_at is null;

-- name: of_task
-- What waits to count of a task.
select settles, settles_at from tasks where id = %(id)s and settles_at is not null;

-- name: due
-- Tasks of which something is to count now, the longest due first; held by nobody.
select id from tasks where settles_at <= %(now)s order by settles_at, id limit %(most)s;

-- name: next
-- When something is to count next (null: nothing waits).
select min(settles_at) from tasks where settles_at is not null;

-- name: late
-- How many outcomes should have counted before an instant, and since when the first one waits.
select count(*), min(settles_at) from tasks where settles_at < %(before)s;

-- name: take
-- What waits of a task waits no more, and whoever takes it does with it what is to be done. No row where nothing waits.
with known as (
    select id, settles, settles_at from tasks where id = %(id)s and settles_at is not null for update
), taken as (
    update tasks t set settles_at = null, settles = null from known where t.id = known.id
)
select settles, settles_at from known;
