-- Leads that work in bulk has still to change.

-- name: put
-- These leads are to be changed by a piece of work.
insert into bulk_leads (job_id, lead_id) select %(job)s, unnest(%(leads)s::bigint[]);

-- name: take
-- The next ones, which are its no more once the transaction is done; in no order.
delete from bulk_leads where job_id = %(job)s and lead_id in (
    select lead_id from bulk_leads where job_id = %(job)s order by lead_id limit %(most)s)
returning lead_id;

-- name: left
-- How many there are.
select count(*) from bulk_leads where job_id = %s;

-- name: drop
-- Nothing more is done of it.
delete from bulk_leads where job_id = %s;
