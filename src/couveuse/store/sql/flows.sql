-- Who entered which step of the funnel, and when: the numbers of the first page and the lists behind them are made of the
-- same pieces. `is_...` are conditions on a crossing `c`; the others are rows of leads with their instants.

-- name: is_new
c.temperature_was is null

-- name: is_warm
c.temperature = 1 and coalesce(c.temperature_was, 0) in (0, 3)

-- name: is_hot
c.temperature = 2 and c.temperature_was is distinct from 2

-- name: crossed
-- Leads that crossed something between two instants (the second one excluded); as often as they did.
select c.lead_id from crossings c where c.at >= %(flow_since)s and c.at < %(flow_until)s and {step}

-- name: handed_over
-- Leads that were handed over, to some teams or any (null); what was withdrawn is not meant.
select h.lead_id from handovers h where h.made_at >= %(flow_since)s and h.made_at < %(flow_until)s
    and h.withdrawn_at is null and (%(flow_teams)s::text[] is null or h.team = any(%(flow_teams)s::text[]))

-- name: closed
-- Leads of which a task ended, of some teams or any; with an outcome, or with any (null).
select t.lead_id from tasks t where t.closed_at >= %(flow_since)s and t.closed_at < %(flow_until)s
    and (%(flow_teams)s::text[] is null or t.team = any(%(flow_teams)s::text[]))
    and (%(flow_outcome)s::text is null or coalesce(t.outcome, t.standing) = %(flow_outcome)s)

-- name: became
-- Leads of which a fact of a name was told.
select i.lead_id from events e join identities i on i.id = e.identity_id
where e.at >= %(flow_since)s and e.at < %(flow_until)s and e.name_id = {name} and i.lead_id is not null

-- name: numbers_of
-- The numbers of names of facts, which name an index: they stand in a question as they are.
select id from event_names where name = any(%s) order by id;

-- name: happened
-- All that the first page counts, since an instant: what, of what, which lead, and when. A lead that is gone is left out.
select h.kind, h.about, h.lead_id, h.at from (
    select 'entered' as kind, step.name as about, c.lead_id, c.at
    from crossings c cross join lateral (values
        ('new', {is_new}), ('warm', {is_warm}), ('hot', {is_hot}),
        ('cooled', c.temperature < c.temperature_was and c.temperature_was < 3),
        ('irrelevant', c.temperature = 3 and c.temperature_was is distinct from 3),
        ('discovery', c.stage = 0 and c.stage_was is null),
        ('evaluation', c.stage = 1 and coalesce(c.stage_was, 0) < 1),
        ('decision', c.stage = 2 and coalesce(c.stage_was, 0) < 2)
    ) as step (name, is_so) where c.at >= %(since)s and c.at <= %(now)s and step.is_so
    union all
    select 'handed_over', team, lead_id, made_at from handovers
    where made_at >= %(since)s and made_at <= %(now)s and withdrawn_at is null
    union all
    select 'outcome', team || '/' || coalesce(outcome, standing), lead_id, closed_at from tasks
    where closed_at >= %(since)s and closed_at <= %(now)s
    union all
    select 'became', n.name, i.lead_id, e.at
    from events e join event_names n on n.id = e.name_id join identities i on i.id = e.identity_id
    where e.name_id in ({names}) and e.at >= %(since)s and e.at <= %(now)s and i.lead_id is not null
) h join {states} s on s.lead_id = h.lead_id
