-- name: ask
-- A piece of work that waits; where one of its kind and key waits or runs already, none is made.
insert into jobs (kind, key, about, by, asked_at, is_low, not_before)
values (%(kind)s, %(key)s, %(about)s::jsonb, %(by)s, %(now)s, %(is_low)s, %(not_before)s)
on conflict (kind, key) where standing in ('waiting', 'running') do nothing
returning id;

-- name: asked
-- The work of a kind and key that waits or runs.
select id from jobs where kind = %(kind)s and key = %(key)s and standing in ('waiting', 'running');

-- name: one
-- One piece of work.
select id, kind, key, about, by, asked_at, standing, takes, tries, began_at, ended_at, step, done, total, give_up_by, said,
    found
from jobs where id = %s;

-- name: latest
-- The newest work of a kind, of a key where one is given.
select id, kind, key, about, by, asked_at, standing, takes, tries, began_at, ended_at, step, done, total, give_up_by, said,
    found
from jobs where kind = %(kind)s and (%(key)s::text is null or key = %(key)s) order by id desc limit 1;

-- name: page
-- Work with a lower number, the newest first; of some kinds where they are given.
select id, kind, key, about, by, asked_at, standing, takes, tries, began_at, ended_at, step, done, total, give_up_by, said,
    found
from jobs where id < %(before)s and (%(kinds)s::text[] is null or kind = any(%(kinds)s)) order by id desc limit %(most)s;

-- name: open
-- Work that waits or runs and whose time has come, of these kinds: what is low last, then the oldest first.
select id from jobs
where standing in ('waiting', 'running') and not_before <= %(now)s and kind = any(%(kinds)s)
order by is_low, id limit %(most)s;

-- name: lock
-- Whether this session now holds the lock of a piece of work.
select pg_try_advisory_lock(%(lock)s, %(id)s::integer);

-- name: unlock
-- Gives it back.
select pg_advisory_unlock(%(lock)s, %(id)s::integer);

-- name: take
-- Takes up what still waits, or ran when its process was killed; under its lock.
update jobs set standing = 'running', takes = takes + 1, tries = tries + 1, began_at = coalesce(began_at, %(now)s)
where id = %(id)s and standing in ('waiting', 'running') and not_before <= %(now)s
returning id, kind, key, about, by, asked_at, standing, takes, tries, began_at, ended_at, step, done, total, give_up_by,
    said, found;

-- name: tell
-- How far it is, by whoever took it up last; tells whether it is to be given up (no row: another has taken it up).
update jobs set step = %(step)s, done = %(done)s, total = %(total)s
where id = %(id)s and takes = %(takes)s and standing = 'running'
returning give_up_by is not null;

-- name: settle
-- What became of it, once, by whoever took it up last.
update jobs set standing = %(standing)s, ended_at = %(now)s, said = %(said)s, found = %(found)s::jsonb,
    done = case when %(standing)s = 'done' then coalesce(total, done) else done end
where id = %(id)s and takes = %(takes)s and standing = 'running'
returning id;

-- name: put_back
-- It waits again; a process that is stopped counts for no try.
update jobs set standing = 'waiting', tries = tries - %(without)s, not_before = %(not_before)s
where id = %(id)s and takes = %(takes)s and standing = 'running';

-- name: give_up
-- What waits is given up at once, what runs when it next tells how far it is; tells where it stands now.
update jobs set give_up_by = coalesce(give_up_by, %(by)s),
    standing = case when standing = 'waiting' then 'given_up' else standing end,
    ended_at = case when standing = 'waiting' then %(now)s else ended_at end
where id = %(id)s and standing in ('waiting', 'running')
returning standing;

-- name: again
-- What failed waits once more, from its first try on.
update jobs set standing = 'waiting', tries = 0, ended_at = null, said = '', found = '{}', give_up_by = null,
    not_before = 0
where id = %(id)s and standing = 'failed'
    and not exists (select from jobs o where o.kind = jobs.kind and o.key = jobs.key and o.id <> jobs.id
        and o.standing in ('waiting', 'running'))
returning id;

-- name: wake
-- Tells whoever waits for work.
notify couveuse_jobs;
