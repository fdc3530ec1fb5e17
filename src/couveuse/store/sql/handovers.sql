-- name: last_episodes
-- The last episode of each of these leads that has one; in no order.
select distinct on (lead_id) lead_id, id, number, opened_at, closed_at from episodes
where lead_id = any(%s) order by lead_id, number desc;

-- name: open_episodes
-- An episode for each of these leads, numbered by the caller, who holds the leads' locks; in no order.
insert into episodes (lead_id, number, opened_at)
select * from unnest(%(leads)s::bigint[], %(numbers)s::integer[], %(ats)s::bigint[]) returning lead_id, id;

-- name: close_episodes
-- Episodes end with a fact.
update episodes e set closed_at = g.at, closed_by = g.by
from unnest(%(ids)s::bigint[], %(ats)s::bigint[], %(bys)s::text[]) as g (id, at, by)
where e.id = g.id and e.closed_at is null;

-- name: causes
-- What was handed over of these leads in these episodes, and for which causes; in no order.
select lead_id, team, episode_id, kind, array(select cause ->> 'cause' from jsonb_array_elements(causes) as c (cause))
from handovers where lead_id = any(%(leads)s) and episode_id = any(%(episodes)s) and withdrawn_at is null;

-- name: hand_over
-- One hand-over a lead, team, episode and kind of cause; whatever else causes it joins it, up to twenty facts of rules.
-- One that was withdrawn is joined by nothing: what comes after it is handed over by itself.
-- Tells which are new.
insert into handovers (lead_id, episode_id, model_id, team, treatment, kind, cause, causes, at, made_at, score, band, why, rate,
    value)
select lead_id, episode_id, model_id, team, treatment, kind, cause, jsonb_build_array(jsonb_build_object('cause', cause,
    'at', at)), at, %(now)s, score, band, why::jsonb, rate, value
from unnest(%(leads)s::bigint[], %(episodes)s::bigint[], %(models)s::integer[], %(teams)s::text[],
    %(treatments)s::text[], %(kinds)s::text[], %(causes)s::text[], %(ats)s::bigint[], %(scores)s::float8[],
    %(bands)s::text[], %(whys)s::text[], %(rates)s::float8[], %(values)s::float8[])
    as g (lead_id, episode_id, model_id, team, treatment, kind, cause, at, score, band, why, rate, value)
on conflict (lead_id, team, episode_id, kind) where withdrawn_at is null do update set causes = handovers.causes || excluded.causes
    where case when excluded.kind = 'rule' then jsonb_array_length(handovers.causes) < 20
            and not handovers.causes @> excluded.causes
        else not handovers.causes @> jsonb_build_array(jsonb_build_object('cause', excluded.cause)) end
returning id, lead_id, (xmax = 0) as is_new;

-- name: standing_of_leads
-- Hand-overs of these leads that were not withdrawn and whose episode is open, the oldest first.
select h.id, h.lead_id, h.model_id, h.team, h.kind, h.causes from handovers h join episodes e on e.id = h.episode_id
where h.lead_id = any(%s) and h.withdrawn_at is null and e.closed_at is null order by h.id;

-- name: withdraw
-- Hand-overs whose facts are gone.
update handovers set withdrawn_at = %(now)s, withdrawn_because = %(because)s
where id = any(%(ids)s) and withdrawn_at is null;

-- name: since
-- Hand-overs made after one by number, in the order in which they were made.
select h.id, h.lead_id, h.team, h.treatment, h.cause, h.made_at, h.score, r.key
from handovers h join leads l on l.id = h.lead_id join identities r on r.id = l.root_id
where h.id > %s order by h.id;

-- name: newest
-- The number of the newest hand-over (0: there is none).
select coalesce(max(id), 0) from handovers;
