-- name: look
-- What an instance has by now, as far as the list of first steps asks; the lead is the one with the most points under the
-- acting model.
select
    coalesce((select published_by from models where standing = 'acting' order by id desc limit 1), '') as published_by,
    coalesce((select name from models where standing = 'acting' order by id desc limit 1), '') as model,
    exists (select from starting where step = 'model') as is_chosen,
    exists (select from starting where step = 'put_away') as is_put_away,
    exists (select from events limit 1) as has_events,
    exists (select from imports where standing = 'done') as has_imports,
    exists (select from team_documents) as has_team,
    (select count(*) from (select from users limit 2) as few) as users,
    exists (select from invitations) as has_invitations,
    (select s.lead_id from lead_states s
        where s.model_id = (select id from models where standing = 'acting') and s.sort_score > 0
        order by s.sort_score desc, s.lead_id limit 1) as best_lead;

-- name: is_bare
-- Whether nothing was recorded yet: neither a fact nor a lead.
select not exists (select from events) and not exists (select from leads);

-- name: mark
-- A step is done, or the list is put away.
insert into starting (step, at, by) values (%(step)s, %(now)s, %(by)s) on conflict (step) do nothing;

-- name: unmark
-- The list is taken out again.
delete from starting where step = %s;

-- name: key
-- A write key, for whoever waits for its first event.
select source, (extract(epoch from created_at) * 1000000)::bigint, used_at is not null from write_keys where id = %s;

-- name: arrived
-- The newest fact that a source sent of one of the persons who came last, with their lead and its score, once it has one.
select n.name, i.key, i.lead_id, s.score, e.received_at
from (select id, key, lead_id from identities order by id desc limit 100) i
join events e on e.identity_id = i.id and e.received_at >= %(since)s
join sources o on o.id = e.source_id and o.name = %(source)s
join event_names n on n.id = e.name_id
left join models m on m.standing = 'acting'
left join lead_states s on s.model_id = m.id and s.lead_id = i.lead_id
order by (s.score is not null) desc, e.received_at desc limit 1;
