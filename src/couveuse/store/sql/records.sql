-- name: around
-- All that the page of a lead shows beside its facts, of the lead that holds them now, in one row; no row where there is
-- no such lead. Lists are in the order in which they are shown, and hold no more than a page does.
with recursive start (id) as (select %(lead)s::bigint), {include families.ways}, here as materialized (
    select w.id from ways w join leads l on l.id = w.id order by w.step desc limit 1
), {include families.family}, keys as materialized (
    select i.id, i.sort, i.key, coalesce(i.owner_id, i.id) as root, i.is_known, i.digest
    from identities i join here on i.lead_id = here.id
)
select here.id, r.sort, r.key, l.created_at, c.id, c.domain, c.name, l.traits, l.groups, s.state, s.sort_score,
    array(select id from keys order by id),
    (select coalesce(jsonb_agg(jsonb_build_array(k.sort, k.key, k.is_known) order by k.sort, k.id), '[]') from (
        select * from keys order by sort, id limit %(most)s) k),
    (select coalesce(bool_or(is_known and sort < 2), false) from keys),
    exists (select from archived_identities a join keys k on k.id = a.identity_id),
    (select coalesce(jsonb_agg(g.traits), '[]') from given_traits g join keys k on k.id = g.identity_id),
    (select coalesce(jsonb_agg(jsonb_build_array(n.purpose, n.is_given, n.at, coalesce(n.basis, ''),
        coalesce(n.source, ''), coalesce(n.wording, ''), n.is_claim, n.is_declared, k.root)), '[]')
        from consents n join keys k on k.id = n.identity_id),
    (select coalesce(jsonb_agg(jsonb_build_array(k.key, p.reason, p.at, p.is_lifted)), '[]')
        from keys k join suppressions p on p.digest = k.digest and p.channel = 'email' where k.sort = 0),
    (select coalesce(jsonb_agg(jsonb_build_array(m.id, m.lead_id, a.key, m.into_id, b.key, m.at, m.by, m.undone_at,
        m.undone_by) order by m.id desc), '[]') from (
            select * from merges m where m.lead_id = here.id or m.into_id = here.id order by m.id desc limit %(most)s) m
        join leads la on la.id = m.lead_id join identities a on a.id = la.root_id
        join leads lb on lb.id = m.into_id join identities b on b.id = lb.root_id),
    (select jsonb_build_array(o.id, o.lead_id, o.of_id, o.at, o.by, o.until, o.because, o.ended_at, o.ended_by)
        from holds o where o.lead_id = here.id and o.ended_at is null and coalesce(o.until > %(now)s, true)),
    (select coalesce(jsonb_agg(jsonb_build_array(t.id, t.team, t.treatment, t.standing, t.member, t.due_at,
        t.not_before, t.starts_at, t.tries, t.expected, t.version, t.locked_by, t.locked_until, t.flagged_because)
        order by t.standing = 'accepted', t.due_at, t.id), '[]') from (
            select * from tasks where lead_id in (select id from family) and standing in ('open', 'accepted')
            order by id desc limit %(most)s) t),
    (select coalesce(jsonb_agg(jsonb_build_array(a.id, a.kind, a.team, a.at, a.because) order by a.at desc, a.id desc),
        '[]') from (
            select * from alerts where lead_id in (select id from family) and acknowledged_at is null
                and withdrawn_at is null order by id desc limit %(most)s) a),
    (select coalesce(jsonb_agg(jsonb_build_array(e.number, e.opened_at, e.closed_at, coalesce(e.closed_by, ''), (
        select coalesce(jsonb_agg(jsonb_build_array(h.team, h.treatment, h.cause, h.at, h.score, h.set_aside_at is not null
            and h.dispatched_at is null, h.withdrawn_at, coalesce(h.withdrawn_because, '')) order by h.id), '[]')
        from (select * from handovers where lead_id = e.lead_id and episode_id = e.id order by id limit %(most)s) h))
        order by e.number desc), '[]') from (
            select * from episodes where lead_id = here.id order by number desc limit %(episodes)s) e),
    (select document from team_documents order by id desc limit 1)
from here join leads l on l.id = here.id join identities r on r.id = l.root_id
left join companies c on c.id = l.company_id
left join lead_states s on s.model_id = %(model)s and s.lead_id = here.id;

-- name: happened
-- What happened around a lead beside its facts, by an instant, the newest first, and whatever shares the instant of the
-- last: what was done with tasks, alerts, hand-overs, merges, holds. `streams` says of what. Each row: instant, stream,
-- number, what it is, and its particulars.
with recursive here (id) as (select %(lead)s::bigint), {include families.family}, tasked as (
    (select e.at, 'task' as stream, e.id, e.did as what, jsonb_build_object('task', t.id, 'team', t.team,
        'treatment', t.treatment, 'by', e.by, 'note', e.note, 'about', e.about) as about
    from tasks t join task_entries e on e.task_id = t.id
    where 'task' = any(%(streams)s) and t.lead_id in (select id from family) and e.at <= %(before)s and e.did <> 'noted'
        and e.did <> 'released' and e.did <> 'claimed'
    order by e.at desc fetch first %(most)s rows with ties)
    union all
    (select e.at, 'note', e.id, e.did, jsonb_build_object('task', t.id, 'team', t.team, 'by', e.by, 'note', e.note)
    from tasks t join task_entries e on e.task_id = t.id
    where 'note' = any(%(streams)s) and t.lead_id in (select id from family) and e.at <= %(before)s and e.did = 'noted'
    order by e.at desc fetch first %(most)s rows with ties)
), alerted as (
    select a.at, 'alert' as stream, a.id, a.kind as what, jsonb_build_object('team', a.team, 'because', a.because,
        'withdrawn_at', a.withdrawn_at, 'acknowledged_at', a.acknowledged_at, 'acknowledged_by', a.acknowledged_by)
        as about
    from alerts a where 'alert' = any(%(streams)s) and a.lead_id in (select id from family) and a.at <= %(before)s
    order by a.at desc fetch first %(most)s rows with ties
), handed as (
    select h.made_at as at, 'handover' as stream, h.id, h.cause as what, jsonb_build_object('team', h.team,
        'treatment', h.treatment, 'score', h.score, 'withdrawn_at', h.withdrawn_at, 'because', h.withdrawn_because,
        'waits', h.set_aside_at is not null and h.dispatched_at is null) as about
    from handovers h where 'handover' = any(%(streams)s) and h.lead_id in (select id from family)
        and h.made_at <= %(before)s
    order by h.made_at desc fetch first %(most)s rows with ties
), merged as (
    (select m.at, 'merge' as stream, m.id, 'merged' as what, jsonb_build_object('by', m.by, 'lead', m.lead_id,
        'key', a.key, 'into', m.into_id, 'into_key', b.key) as about
    from merges m join leads la on la.id = m.lead_id join identities a on a.id = la.root_id
    join leads lb on lb.id = m.into_id join identities b on b.id = lb.root_id
    where 'merge' = any(%(streams)s) and (m.lead_id = %(lead)s or m.into_id = %(lead)s) and m.at <= %(before)s
    order by m.at desc fetch first %(most)s rows with ties)
    union all
    (select m.undone_at, 'merge', m.id, 'unmerged', jsonb_build_object('by', m.undone_by, 'lead', m.lead_id,
        'key', a.key, 'into', m.into_id, 'into_key', b.key)
    from merges m join leads la on la.id = m.lead_id join identities a on a.id = la.root_id
    join leads lb on lb.id = m.into_id join identities b on b.id = lb.root_id
    where 'merge' = any(%(streams)s) and (m.lead_id = %(lead)s or m.into_id = %(lead)s) and m.undone_at <= %(before)s
    order by m.undone_at desc fetch first %(most)s rows with ties)
), held as (
    (select o.at, 'hold' as stream, o.id, 'held' as what, jsonb_build_object('by', o.by, 'until', o.until,
        'because', o.because) as about
    from holds o where 'hold' = any(%(streams)s) and o.lead_id = %(lead)s and o.at <= %(before)s
    order by o.at desc fetch first %(most)s rows with ties)
    union all
    (select o.ended_at, 'hold', o.id, 'ended', jsonb_build_object('by', o.ended_by)
    from holds o where 'hold' = any(%(streams)s) and o.lead_id = %(lead)s and o.ended_at <= %(before)s
    order by o.ended_at desc fetch first %(most)s rows with ties)
)
select at, stream, id, what, about from (
    select * from tasked union all select * from alerted union all select * from handed
    union all select * from merged union all select * from held
) as each order by at desc, stream desc, id desc;

-- name: near
-- Other leads whose keys stood in one row with a lead's keys, with those keys, the most of them first.
with keys as materialized (
    select id from identities where lead_id = %(lead)s order by sort, id limit 200
), beside as (
    select s.high_id as id from keys k join standings s on s.low_id = k.id
    union
    select s.low_id from keys k join standings s on s.high_id = k.id
)
select i.lead_id, (array_agg(i.key order by i.sort, i.id))[1:3]
from beside b join identities i using (id)
where i.lead_id is not null and i.lead_id <> %(lead)s
group by i.lead_id order by count(*) desc, i.lead_id limit %(most)s;
