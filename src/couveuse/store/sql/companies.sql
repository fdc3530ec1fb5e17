-- name: ids
-- The companies of some domains, made where they are missing. Give the domains sorted, so that two transactions wait in
-- one order; in no order.
with given as (select unnest(%(domains)s::text[]) as domain),
made as (insert into companies (domain) select domain from given g
    where not exists (select from companies c where c.domain = g.domain)
    on conflict (domain) do nothing returning domain, id)
select domain, id from made union all select c.domain, c.id from companies c join given using (domain);
