-- name: ripened
-- Leads that became hot since an instant and are hot under a model, each once by its last crossing, the newest first; each
-- row says how many there are. As many crossings are looked at as `most` says.
with latest as (
    select id, lead_id, at, cause from crossings
    where temperature = 2 and temperature_was is distinct from 2 and at >= %(since)s
    order by at desc, id desc limit %(most)s
), hot as (
    select distinct on (lead_id) id, lead_id, at, cause from latest order by lead_id, id desc
), kept as (
    select h.id, h.lead_id, h.at, h.cause, s.sort_score, s.stage, s.routes, count(*) over () as number
    from hot h join {states} s on s.lead_id = h.lead_id and s.temperature = 2
    order by h.at desc, h.id desc limit %(shown)s
)
select k.id, k.lead_id, k.at, k.cause, k.sort_score, 2, k.stage, k.routes, r.key, l.traits, c.name, o.id, k.number
from kept k join leads l on l.id = k.lead_id join identities r on r.id = l.root_id
left join companies c on c.id = l.company_id
left join lateral (
    select id from tasks where lead_id = k.lead_id and standing = 'open' order by expected desc, id limit 1
) o on true
order by k.at desc, k.id desc;

-- name: handed_over
-- The same of leads that were handed over to some teams since an instant, whatever their temperature but irrelevant.
with latest as (
    select id, lead_id, made_at, cause, team, treatment from handovers
    where made_at >= %(since)s and withdrawn_at is null and team = any(%(teams)s)
    order by made_at desc, id desc limit %(most)s
), handed as (
    select distinct on (lead_id) id, lead_id, made_at, cause, team, treatment from latest order by lead_id, id desc
), kept as (
    select h.id, h.lead_id, h.made_at as at, h.cause, h.team, h.treatment, s.sort_score, s.temperature, s.stage,
        count(*) over () as number
    from handed h join {states} s on s.lead_id = h.lead_id and s.temperature <> 3
    order by h.made_at desc, h.id desc limit %(shown)s
)
select k.id, k.lead_id, k.at, k.cause, k.sort_score, k.temperature, k.stage,
    jsonb_build_array(jsonb_build_object('team', k.team, 'treatment', k.treatment, 'cause', k.cause)),
    r.key, l.traits, c.name, o.id, k.number
from kept k join leads l on l.id = k.lead_id join identities r on r.id = l.root_id
left join companies c on c.id = l.company_id
left join lateral (
    select id from tasks where lead_id = k.lead_id and standing = 'open' and team = any(%(teams)s)
    order by expected desc, id limit 1
) o on true
order by k.at desc, k.id desc;

-- name: late
-- Tasks that are overdue, somebody's own first, then the longest overdue first, of some teams or all (null); each row says
-- how many there are. Leads that are irrelevant under a model, or held, have none. As many tasks are looked at as `most` says.
with open as materialized (
    select id, lead_id, team, treatment, member, greatest(due_at, coalesce(not_before, 0)) as due from tasks
    where standing = 'open' and due_at < %(now)s and coalesce(not_before, 0) < %(now)s
        and (%(teams)s::text[] is null or team = any(%(teams)s::text[]))
    limit %(most)s
), kept as (
    select o.*, count(*) over () as number from open o
    left join {states} s on s.lead_id = o.lead_id
    where s.temperature is distinct from 3 and not exists (select from holds h where h.lead_id = o.lead_id
        and h.ended_at is null and coalesce(h.until > %(now)s, true))
    order by (o.member is not distinct from %(member)s::text and o.member is not null) desc, o.due, o.id limit %(shown)s
)
select k.id, k.lead_id, k.team, k.treatment, k.member, k.due, r.key, l.traits, c.name, k.number
from kept k join leads l on l.id = k.lead_id join identities r on r.id = l.root_id
left join companies c on c.id = l.company_id
order by (k.member is not distinct from %(member)s::text and k.member is not null) desc, k.due, k.id;

-- name: unseen
-- Alerts since an instant that stand and that nobody has acknowledged, of some teams or all (null), the newest first, from
-- a place on; each row says how many there are from there. As many alerts are looked at as `most` says.
with latest as materialized (
    select id, kind, lead_id, team, at from alerts
    where at >= %(since)s and (at, id) < (%(before)s::bigint, %(before_id)s::bigint)
        and withdrawn_at is null and acknowledged_at is null
        and (%(teams)s::text[] is null or team = any(%(teams)s::text[]))
    order by at desc, id desc limit %(most)s
), kept as (
    select l.*, count(*) over () as number from latest l order by at desc, id desc limit %(shown)s
)
select k.id, k.kind, k.lead_id, k.team, k.at, r.key, l.traits, c.name, k.number
from kept k join leads l on l.id = k.lead_id join identities r on r.id = l.root_id
left join companies c on c.id = l.company_id
order by k.at desc, k.id desc;

-- name: see_all
-- Alerts up to an instant that stand and that nobody has acknowledged, of some teams or all (null), are acknowledged.
-- Tells how many were.
with seen as (
    update alerts set acknowledged_at = %(now)s, acknowledged_by = %(by)s
    where at >= %(since)s and at <= %(until)s and withdrawn_at is null and acknowledged_at is null
        and (%(teams)s::text[] is null or team = any(%(teams)s::text[]))
    returning 1
)
select count(*) from seen;
