-- name: all
-- The views of a person and those that all share, shared ones first, by name.
select id, user_id, name, query, made_by from lead_views where user_id = %(user)s or user_id is null
order by user_id is not null, lower(name), id limit %(most)s;

-- name: one
-- A view that a person may use.
select id, user_id, name, query, made_by from lead_views where id = %(id)s and (user_id = %(user)s or user_id is null);

-- name: save
-- Keep a view under its name; one of that name is replaced.
insert into lead_views (user_id, name, query, made_at, made_by)
values (%(user)s, %(name)s, %(query)s, %(now)s, %(by)s)
on conflict (coalesce(user_id, 0), lower(name)) do update
    set name = excluded.name, query = excluded.query, made_at = excluded.made_at, made_by = excluded.made_by
returning id;

-- name: rename
-- Call a view otherwise; not where another one of its owner's is called so.
update lead_views v set name = %(name)s where v.id = %(id)s and v.user_id is not distinct from %(user)s
    and not exists (select from lead_views o where o.id <> v.id and o.user_id is not distinct from v.user_id
        and lower(o.name) = lower(%(name)s))
returning v.id;

-- name: remove
-- Forget a view.
delete from lead_views where id = %(id)s and user_id is not distinct from %(user)s returning id;

-- name: count
-- How many views somebody has; of all that share them for a null.
select count(*) from lead_views where user_id is not distinct from %(user)s;

-- name: lock
-- Nobody else keeps a view until the transaction ends.
select pg_advisory_xact_lock(%(lock)s);

-- name: around
-- What stands around the list of leads, in one question: the document of the team that counts, the groups and the sources
-- that may be chosen, by name (each source is skipped to within the index), and the views of a person and of all.
select (select document from team_documents order by id desc limit 1),
    array(select name from group_names order by name limit %(choices)s),
    array(
        with recursive named as (
            (select source from findable where source is not null order by source limit 1)
            union all
            select (select f.source from findable f where f.source > n.source order by f.source limit 1)
            from named n where n.source is not null
        )
        select source from named where source is not null limit %(choices)s
    ),
    (select coalesce(jsonb_agg(jsonb_build_array(id, user_id, name, query, made_by)), '[]') from (
        select * from lead_views where user_id = %(user)s or user_id is null
        order by user_id is not null, lower(name), id limit %(most)s) as kept);
