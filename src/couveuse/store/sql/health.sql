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
