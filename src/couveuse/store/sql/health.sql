-- name: look
-- Whether this instance can work: one row. Names of migrations are in no order.
select
    (select array_agg(name) from django_migrations where app = 'store'),
    (select count(*) from models where standing = 'acting'),
    (select coalesce(sum(events), 0)::bigint from inbox),
    (select min(received_at) from inbox),
    (select count(*) from processes where kind = 'engine' and pid <> 0
        and seen_at >= extract(epoch from clock_timestamp()) * 1000000 - %(silent)s),
    (extract(epoch from clock_timestamp()) * 1000000)::bigint;

-- name: applied
-- The names of the migrations that were applied; in no order.
select name from django_migrations where app = 'store';

-- name: measure
-- How large it is: one row. Rows are estimates, of all partitions of a table together.
select
    pg_database_size(current_database()),
    (select count(*) from (
        select from lead_states where model_id = (select id from models where standing = 'acting')
        and band_changes_at < extract(epoch from clock_timestamp()) * 1000000 - 5000000 limit 10000
    ) overdue),
    (select coalesce(jsonb_object_agg(name, rows), '{}') from (
        select coalesce(parents.relname, tables.relname) as name, sum(greatest(tables.reltuples, 0))::bigint as rows
        from pg_class tables
        left join pg_inherits on inhrelid = tables.oid
        left join pg_class parents on parents.oid = inhparent
        where tables.relkind = 'r' and pg_table_is_visible(tables.oid)
            and coalesce(parents.relname, tables.relname) = any(%(tables)s)
        group by 1
    ) estimates),
    (select coalesce(jsonb_object_agg(kind, processes), '{}') from (
        select kind, count(*) as processes from processes
        where pid <> 0 and seen_at >= extract(epoch from clock_timestamp()) * 1000000 - %(silent)s group by kind
    ) alive),
    (select (extract(epoch from clock_timestamp()) * 1000000 - max(at)) / 1000000 from backups
        where ended_at is not null and error = '')::float8,
    (select count(*) from backups where error <> ''),
    (select coalesce(jsonb_object_agg(channel, waiting), '{}') from (
        select channel, count(*) as waiting from intents where standing = 'waiting' group by channel
    ) waits),
    (select count(*) from intents where standing = 'parked'),
    (select count(*) from intents where standing = 'dead'),
    (select greatest(extract(epoch from clock_timestamp()) - min(due_at) / 1000000.0, 0) from intents
        where standing = 'waiting')::float8,
    (select coalesce(jsonb_object_agg(name, is_on::integer), '{}') from switches);

-- name: server
-- What the server is and how it is set: one row.
select
    current_setting('server_version'), current_setting('server_version_num')::integer,
    current_setting('server_encoding'), current_setting('max_connections')::integer,
    (select coalesce(array_agg(name order by name), '{}') from pg_settings
        where name in ('fsync', 'full_page_writes', 'synchronous_commit') and setting = 'off'),
    (extract(epoch from clock_timestamp()) * 1000000)::bigint;

-- name: in_use
-- What is set up and what has gone wrong lately: one row. Reasons of rejects since an instant, the most frequent first.
select
    (select count(*) from write_keys where revoked_at is null),
    (select jsonb_build_array(our_domains, our_addresses) from models where standing = 'acting'),
    (select coalesce(jsonb_agg(jsonb_build_array(reason, rejects) order by rejects desc, reason), '[]') from (
        select reason, count(*) as rejects from rejects where received_at >= %(since)s group by reason
    ) reasons);

-- name: before_upgrade
-- The server's version and number, how large the database is, and how many events wait: one row.
select current_setting('server_version'), current_setting('server_version_num')::integer,
    pg_database_size(current_database()), (select coalesce(sum(events), 0)::bigint from inbox);

-- name: upkeep
-- When the last backup succeeded (null: never), the error of the last one that has ended, when our tables were made, and
-- teams that have open tasks and stand in no document of a team, by name, with how many: one row.
select (select max(at) from backups where ended_at is not null and error = ''),
    coalesce((select error from backups where ended_at is not null order by at desc, id desc limit 1), ''),
    (select min(extract(epoch from applied) * 1000000)::bigint from django_migrations where app = 'store'),
    (select coalesce(jsonb_agg(jsonb_build_array(team, tasks) order by team), '[]') from (
        select team, count(*) as tasks from tasks k where standing = 'open'
            and not exists (select from teams t where t.id = k.team and t.removed_at is null)
        group by team
    ) unknown);
