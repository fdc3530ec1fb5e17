-- name: alone
-- Whether nobody else counts, until the transaction ends.
select pg_try_advisory_xact_lock(%s);

-- name: sign
-- What must have stayed the same for a count to be fresh: the acting model (null: none) and how imports stand.
select (select id from models where standing = 'acting'),
    (select count(*)::text || '/' || coalesce(max(ended_at)::text, '') || '/' || count(*) filter (where standing = 'undone')
        from imports);

-- name: standings
-- How many leads stand where, and how many that are not irrelevant have each score, in one pass over a model's states: by
-- band, stage, temperature and class; and by whole points and band. In no order.
select grouping(score_from) = 0 as is_score, band, stage, temperature, class, score_from, count(*),
    count(*) filter (where is_relevant)
from (
    select band, stage, temperature, class, temperature <> 3 as is_relevant,
        least(greatest(floor(sort_score + 5e-7), %(least)s), %(most)s)::integer as score_from
    from {states}
) x
group by grouping sets ((band, stage, temperature, class), (score_from, band));

-- name: sources
-- From where leads come, the source of most leads first: how many, and how many of them are hot. Irrelevant leads are
-- left out.
select left({source}, 80) as source, count(*), count(*) filter (where s.temperature = 2)
from {states} s join leads l on l.id = s.lead_id
where s.temperature <> 3 group by 1 order by 2 desc, 1 limit %(most)s;

-- name: put
-- What was counted, in place of what was counted before.
insert into rollups (name, model_id, at, took, counted)
values (%(name)s, %(model)s, %(at)s, %(took)s, %(counted)s::jsonb)
on conflict (name) do update set model_id = excluded.model_id, at = excluded.at, took = excluded.took,
    counted = excluded.counted;

-- name: all
-- What was counted, by name.
select name, model_id, at, took, counted from rollups order by name;

-- name: forget_days
-- Days from one on are counted anew.
delete from rollup_days where day >= %(day)s::date;

-- name: prune_days
-- Days before one are kept no longer.
delete from rollup_days where day < %(day)s::date;

-- name: count_days
-- What happened on days in a time zone, from an instant on: leads that entered a step of warmth or of the way to buying,
-- hand-overs by team, outcomes of tasks by team, and facts that say what became of leads; each lead once a day.
with moved as (
    select (to_timestamp(at / 1e6) at time zone %(zone)s)::date as day, lead_id, temperature_was as t0, temperature as t,
        stage_was as s0, stage as s
    from crossings where at >= %(since)s
), entered as (
    select m.day, e.step, count(distinct m.lead_id) as number
    from moved m cross join lateral (values
        ('new', m.t0 is null),
        ('warm', m.t = 1 and coalesce(m.t0, 0) in (0, 3)),
        ('hot', m.t = 2 and m.t0 is distinct from 2),
        ('cooled', m.t < m.t0 and m.t0 < 3),
        ('irrelevant', m.t = 3 and m.t0 is distinct from 3),
        ('discovery', m.s = 0 and m.s0 is null),
        ('evaluation', m.s = 1 and coalesce(m.s0, 0) < 1),
        ('decision', m.s = 2 and coalesce(m.s0, 0) < 2)
    ) as e (step, is_so) where e.is_so group by 1, 2
), handed as (
    select (to_timestamp(made_at / 1e6) at time zone %(zone)s)::date as day, team, count(distinct lead_id) as number
    from handovers where made_at >= %(since)s and withdrawn_at is null group by 1, 2
), ended as (
    select (to_timestamp(closed_at / 1e6) at time zone %(zone)s)::date as day, team || '/' || coalesce(outcome, standing) as about,
        count(*) as number
    from tasks where closed_at >= %(since)s group by 1, 2
), became as (
    select (to_timestamp(e.at / 1e6) at time zone %(zone)s)::date as day, n.name, count(distinct i.lead_id) as number
    from events e join event_names n on n.id = e.name_id join identities i on i.id = e.identity_id
    where e.at >= %(since)s and e.at <= %(now)s and i.lead_id is not null
        and e.name_id in (select id from event_names where name = any(%(facts)s))
    group by 1, 2
)
insert into rollup_days (day, kind, about, number)
select day, 'entered', step, number from entered
union all select day, 'handed_over', team, number from handed
union all select day, 'outcome', about, number from ended
union all select day, 'became', name, number from became;

-- name: days
-- What happened on the days from one on, in their order.
select day, kind, about, number from rollup_days where day >= %(day)s::date order by day, kind, about;
