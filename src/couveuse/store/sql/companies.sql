-- name: ids
-- The companies of some domains, made where they are missing. Give the domains sorted, so that two transactions wait in
-- one order; in no order.
with given as (select unnest(%(domains)s::text[]) as domain),
made as (insert into companies (domain) select domain from given g
    where not exists (select from companies c where c.domain = g.domain)
    on conflict (domain) do nothing returning domain, id)
select domain, id from made union all select c.domain, c.id from companies c join given using (domain);

-- name: one
-- A company, how many leads work there, counted up to a number, and the team's document.
select c.id, c.domain, c.name, (
    select count(*) from (select from leads l where l.company_id = c.id and exists (
        select from identities i where i.lead_id = l.id) limit %(most)s) few),
    (select document from team_documents order by id desc limit 1)
from companies c where c.id = %(id)s;

-- name: people
-- Leads that work at a company, by score for lists, then by number, from a place on; those without a state come last.
-- Leads that are part of another one are left out.
with few as materialized (
    select l.id, l.root_id, l.traits from leads l where l.company_id = %(id)s order by l.id limit %(most)s
)
select f.id, r.key, f.traits, s.state, s.sort_score
from few f join identities r on r.id = f.root_id
left join lead_states s on s.model_id = %(model)s and s.lead_id = f.id
where exists (select from identities i where i.lead_id = f.id)
    and (-coalesce(s.sort_score, -1e15), f.id) > (-%(score)s::float8, %(lead)s::bigint)
order by -coalesce(s.sort_score, -1e15), f.id limit %(limit)s;

-- name: lately
-- What people of a company did since an instant, by event, the most frequent first; no more facts are counted than asked.
with few as materialized (
    select l.id from leads l where l.company_id = %(id)s order by l.id limit %(most)s
), facts as materialized (
    select e.name_id, e.at, i.lead_id from few f join identities i on i.lead_id = f.id
    join events e on e.identity_id = i.id
    where e.at >= %(since)s and e.at <= %(now)s limit %(facts)s
)
select n.name, count(*), count(distinct f.lead_id), max(f.at) from facts f join event_names n on n.id = f.name_id
group by n.name order by 2 desc, 1;

-- name: tasks
-- Open tasks of leads that work at a company, of some teams (null: of all), the soonest due first.
with few as materialized (
    select l.id, l.root_id, l.traits from leads l where l.company_id = %(id)s order by l.id limit %(most)s
)
select t.id, t.lead_id, r.key, f.traits, t.team, t.treatment, t.standing, t.member, t.due_at
from few f join tasks t on t.lead_id = f.id join identities r on r.id = f.root_id
where t.standing in ('open', 'accepted') and (%(teams)s::text[] is null or t.team = any(%(teams)s))
order by t.due_at, t.id limit %(limit)s;

-- name: listed
-- Companies by domain, of a range of domains, after one; each with how many leads work there, counted up to a thousand,
-- and the best of these by the score for lists.
select c.id, c.domain, c.name, people.number, best.sort_score, best.temperature
from (
    select * from companies where domain >= %(low)s and domain < %(high)s and domain > %(after)s
    order by domain limit %(limit)s
) c
cross join lateral (
    select count(*) as number from (select from leads l where l.company_id = c.id and exists (
        select from identities i where i.lead_id = l.id) limit 1000) few
) people
left join lateral (
    select s.sort_score, s.temperature from (select id from leads l where l.company_id = c.id order by id limit 1000) few
    join lead_states s on s.model_id = %(model)s and s.lead_id = few.id
    order by s.sort_score desc, s.lead_id limit 1
) best on true
order by c.domain;
