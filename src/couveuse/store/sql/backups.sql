-- name: begin
-- A backup that was begun.
insert into backups (at, place, because) values (%(at)s, %(place)s, %(because)s) returning id;

-- name: end
-- How a backup ended.
update backups set ended_at = %(ended_at)s, bytes = %(bytes)s, error = %(error)s where id = %(id)s;

-- name: abandon
-- Backups that were begun and never ended, where nobody makes one.
update backups set ended_at = %(now)s, error = 'it was ended by force' where ended_at is null and error = '';

-- name: removed
-- Backups that made room for newer ones.
update backups set removed_at = %(now)s where place = any(%(places)s) and removed_at is null;

-- name: lock
-- Whether nobody else saves this database; held as long as the connection is open.
select pg_try_advisory_lock(%s);

-- name: snapshot
-- What is saved, as of one instant: the snapshot's name, the schema of our tables, the server's version, the migrations,
-- whether there are tables of backups and of the archive.
select pg_export_snapshot(), (select nspname from pg_class c join pg_namespace n on n.oid = relnamespace where c.oid = 'inbox'::regclass),
    current_setting('server_version'), (select array_agg(name order by name) from django_migrations where app = 'store'),
    to_regclass('backups') is not null;

-- name: has_rows
-- Whether the database is of a version that writes down its backups.
select to_regclass('backups') is not null;

-- name: contents
-- What stands in the schema in which we would make our tables: its name, its tables, whether they are ours.
select current_schema(), (select coalesce(array_agg(c.relname::text order by 1), '{}') from pg_class c
        join pg_namespace n on n.oid = c.relnamespace
        where n.nspname = current_schema() and c.relkind in ('r', 'p', 'v', 'm', 'f') and not c.relispartition
        and not exists (select from pg_depend d where d.objid = c.oid and d.deptype = 'e')),
    to_regclass('django_migrations') is not null and to_regclass('inbox') is not null;

-- name: empty
-- Everything of a schema goes, but for what belongs to extensions.
do $$
declare each record;
begin
    for each in select c.oid::regclass::text as name, c.relkind from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where n.nspname = {schema} and c.relkind in ('r', 'p', 'v', 'm', 'f') and not c.relispartition
        and not exists (select from pg_depend d where d.objid = c.oid and d.deptype = 'e')
    loop
        execute format('drop %s if exists %s cascade', case each.relkind when 'v' then 'view'
            when 'm' then 'materialized view' when 'f' then 'foreign table' else 'table' end, each.name);
    end loop;
    for each in select c.oid::regclass::text as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where n.nspname = {schema} and c.relkind = 'S'
        and not exists (select from pg_depend d where d.objid = c.oid and d.deptype = 'e')
    loop
        execute format('drop sequence if exists %s cascade', each.name);
    end loop;
    for each in select p.oid::regprocedure::text as name from pg_proc p join pg_namespace n on n.oid = p.pronamespace
        where n.nspname = {schema} and not exists (select from pg_depend d where d.objid = p.oid and d.deptype = 'e')
    loop
        execute format('drop routine if exists %s cascade', each.name);
    end loop;
end $$;

-- name: counted
-- That a table holds as many rows as were saved.
do $$ begin
    if (select count(*) from {table}) <> {rows} then
        raise exception 'the table % does not hold the rows that were saved', {name};
    end if;
end $$;

-- name: mark
-- Until everything of a restoring is done, no process may work with the database: it looks as if a newer version had
-- made it.
insert into django_migrations (app, name, applied) values ('store', {mark}, now());

-- name: unmark
-- A restoring is done.
delete from django_migrations where app = 'store' and name = %s;

-- name: sample
-- Some leads that have states under a model, taken by chance, the numbers in order.
select lead_id from (
    select lead_id from lead_states where model_id = %(model)s order by hashint8(lead_id) limit %(most)s
) taken order by 1;

-- name: tables
-- Tables that hold rows, by name; of a partitioned table its partitions.
select c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
where c.relkind = 'r' and n.nspname = %s order by 1;

-- name: archived_months
-- The months that stand in the archive, in order.
select month, events, dropped_at is not null from archived_months order by month;

-- name: latest
-- The latest backups, the newest first.
select id, at, ended_at, place, bytes, because, error from backups order by at desc, id desc limit %s;

-- name: calm
-- What a database that was restored must not do by itself: nothing goes out. What was flying when it was saved may have
-- arrived, and what waited may have gone since: outside, nobody sends it again unasked; inside, it is sent marked as
-- perhaps received already. Whoever ran then runs no more.
insert into switches (name, is_on, at, by, because) values ('stop', true, {now}, 'restore', 'restored')
on conflict (name) do update set is_on = true, at = excluded.at, by = excluded.by, because = excluded.because;
update intents set standing = 'parked', claimed_by = null, claimed_at = null, begun_at = null, settled_at = {now},
    answer = 'restored from a backup: it may have arrived, or have gone since' where standing = 'flying'
    or (standing = 'waiting' and audience <> 'team');
update intents set unknowns = greatest(unknowns, 1) where standing = 'waiting' and audience = 'team';
delete from processes where pid <> 0;

-- name: since
-- Backups by schedule begun since an instant, the newest first.
select id, at, ended_at, place, bytes, because, error from backups
where because = 'schedule' and at >= %s order by at desc, id desc;
