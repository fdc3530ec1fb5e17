-- Lists of leads are put together of these pieces: a place to begin (`by_...`), what is asked of states and of leads
-- (`has_...`), and how a page is made of both (`page`, `among`). Each condition stands alone, so that PostgreSQL plans
-- for those that are asked and no others.

-- name: by_score
-- Leads after a place, by score for lists, then by number; between two scores, where bands were asked for.
select lead_id, sort_score, read_at, band, stage, temperature, class, persona, last_event_at from {table}
where sort_score <= %(score)s and (sort_score < %(score)s or lead_id > %(lead)s)
    and sort_score > %(low)s and sort_score <= %(high)s
order by sort_score desc, lead_id limit %(window)s

-- name: by_number
-- Leads after a place, by number: a lead keeps its place whatever happens to its score.
select lead_id, sort_score, read_at, band, stage, temperature, class, persona, last_event_at from {table}
where lead_id > %(lead)s order by lead_id limit %(window)s

-- name: by_newest
-- The same, the last number first: leads have theirs in the order in which they came.
select lead_id, sort_score, read_at, band, stage, temperature, class, persona, last_event_at from {table}
where lead_id < %(lead)s order by lead_id desc limit %(window)s

-- name: by_stage
-- The same as by_score, of leads of some stages (-1: none): the best of each, then the best of these.
select w.* from unnest(%(stages)s::integer[]) as asked (stage) cross join lateral (
    select lead_id, sort_score, read_at, band, stage, temperature, class, persona, last_event_at from {table} s
    where coalesce(s.stage, -1) = asked.stage and sort_score <= %(score)s
        and (sort_score < %(score)s or lead_id > %(lead)s) and sort_score > %(low)s and sort_score <= %(high)s
    order by sort_score desc, lead_id limit %(window)s) w
order by sort_score desc, lead_id limit %(window)s

-- name: by_class
-- The same of leads of some classes.
select w.* from unnest(%(classes)s::text[]) as asked (class) cross join lateral (
    select lead_id, sort_score, read_at, band, stage, temperature, class, persona, last_event_at from {table} s
    where s.class = asked.class and sort_score <= %(score)s
        and (sort_score < %(score)s or lead_id > %(lead)s) and sort_score > %(low)s and sort_score <= %(high)s
    order by sort_score desc, lead_id limit %(window)s) w
order by sort_score desc, lead_id limit %(window)s

-- name: by_persona
-- The same of leads of some personas.
select w.* from unnest(%(personas)s::text[]) as asked (persona) cross join lateral (
    select lead_id, sort_score, read_at, band, stage, temperature, class, persona, last_event_at from {table} s
    where s.persona = asked.persona and sort_score <= %(score)s
        and (sort_score < %(score)s or lead_id > %(lead)s) and sort_score > %(low)s and sort_score <= %(high)s
    order by sort_score desc, lead_id limit %(window)s) w
order by sort_score desc, lead_id limit %(window)s

-- name: has_band
s.band = any(%(bands)s)

-- name: has_score
-- More than one score, and at most another one.
s.sort_score > %(above)s and s.sort_score <= %(up_to)s

-- name: has_stage
coalesce(s.stage, -1) = any(%(stages)s)

-- name: has_temperature
s.temperature = any(%(temperatures)s)

-- name: has_class
s.class = any(%(classes)s)

-- name: has_persona
s.persona = any(%(personas)s)

-- name: has_since
-- The score was written since then, by facts or by the daily sweep.
s.read_at >= %(since)s

-- name: has_active
-- The lead did something since then.
s.last_event_at >= %(active_since)s

-- name: has_words
-- Each word of what is searched for begins a word of the lead's.
f.words @@ %(words)s::tsquery

-- name: has_group
f.groups && %(groups)s::text[]

-- name: has_source
f.source = any(%(sources)s::text[])

-- name: has_no_source
f.source is null

-- name: has_owner
f.owner = any(%(owners)s::text[])

-- name: has_no_owner
f.owner is null

-- name: has_company
l.company_id = (select id from companies where domain = %(company)s)

-- name: has_identity
-- The lead to which an identity points.
l.id = (select i.lead_id from identities i where i.digest = %(identity)s)

-- name: has_entered
-- One of those who entered a step.
exists (select from ({rows}) entered where entered.lead_id = s.lead_id)

-- name: has_brought
-- One of those of whom an import spoke.
exists (select from ({rows}) brought where brought.lead_id = s.lead_id)

-- name: is_among
-- One of some leads, whose owner or task is somebody's, or that crossed something.
f.lead_id = any(%(leads)s::bigint[])

-- name: is_owned_or_among
(f.owner = any(%(owners)s::text[]) or f.lead_id = any(%(leads)s::bigint[]))

-- name: few
-- Leads of which something rare is asked, as many as are looked at in memory and one more; in no order.
select {lead} from {leads} where {conditions} limit %(most)s

-- name: entered
-- Those who entered a step, or of whom an import spoke, as often as they did, as many as are looked at in memory and
-- one more.
select entered.lead_id from ({rows}) entered limit %(most)s

-- name: few_entered
-- The same of those, of whom more is asked.
select distinct s.lead_id from ({rows}) s join leads l on l.id = s.lead_id
left join findable f on f.lead_id = s.lead_id where {conditions} limit %(most)s

-- name: among
-- Of some leads those that meet what is asked of states, after a place, by score for lists, then by number; each row says
-- how many there are.
select count(*) over (), s.lead_id, s.sort_score, s.read_at, s.state from {table} s
where s.lead_id = any(%(few)s::bigint[]) and s.sort_score <= %(score)s
    and (s.sort_score < %(score)s or s.lead_id > %(lead)s) and {conditions}
order by s.sort_score desc, s.lead_id limit %(limit)s;

-- name: numbers
-- The numbers of all leads that meet what is asked, as many as are wanted.
select s.lead_id from {table} s {joined} where s.sort_score > %(low)s and s.sort_score <= %(high)s and {conditions}
limit %(most)s;

-- name: numbers_among
-- The same of some leads.
select s.lead_id from {table} s where s.lead_id = any(%(few)s::bigint[]) and {conditions} limit %(most)s;

-- name: among_by_number
-- The same by number.
select count(*) over (), s.lead_id, s.sort_score, s.read_at, s.state from {table} s
where s.lead_id = any(%(few)s::bigint[]) and s.lead_id > %(lead)s and {conditions}
order by s.lead_id limit %(limit)s;

-- name: among_by_newest
-- The same, the last number first.
select count(*) over (), s.lead_id, s.sort_score, s.read_at, s.state from {table} s
where s.lead_id = any(%(few)s::bigint[]) and s.lead_id < %(lead)s and {conditions}
order by s.lead_id desc limit %(limit)s;

-- name: page
-- Leads under a model that meet what is asked, in the order of `begins`. Of the leads after the cursor as many are looked
-- at as `window` says, so that a filter that hardly any lead meets ends a page instead of reading them all. Every row
-- says how many were looked at, and which was the last; there is always one row, with nulls where none meets.
with seen as materialized ({begins}),
last as (select count(*) over () as looked, sort_score, lead_id from seen {backwards} limit 1),
kept as (select s.lead_id, s.sort_score, s.read_at from seen s {joined} where {conditions} {forwards} limit %(limit)s)
select coalesce(last.looked, 0), last.sort_score, last.lead_id, kept.lead_id, kept.sort_score, kept.read_at, t.state
from (select) as always left join last on true left join kept on true left join {table} t on t.lead_id = kept.lead_id
{order};

-- name: count
-- How many leads meet what is asked of states, so many at most.
select count(*) from (select from {table} s where {conditions} limit %(most)s) as counted;

-- name: ripened
-- Leads that became hot since an instant, the latest first.
select distinct lead_id from (
    select lead_id from crossings where temperature = 2 and temperature_was is distinct from 2 and at >= %(since)s
    order by at desc, id desc limit %(most)s) as latest;

-- name: with_tasks
-- Leads whose open or accepted task is a member's.
select distinct lead_id from tasks where member = %(member)s and standing in ('open', 'accepted') limit %(most)s;

-- name: last_events
-- The names of what some leads did last, at the instants at which they did it; in no order. Facts that left for the
-- archive are not told.
select g.lead, n.name from unnest(%(leads)s::bigint[], %(ats)s::bigint[]) as g (lead, at)
cross join lateral (
    select min(e.name_id) as name_id from identities i join events e on e.identity_id = i.id and e.at = g.at
        and e.name_id <> all(array(select id from event_names where name = any(%(others)s)))
    where i.lead_id = g.lead
) last join event_names n on n.id = last.name_id;

-- name: owned
-- Leads of some owners.
select lead_id from findable where owner = any(%(owners)s) limit %(most)s;

-- name: lead_of
-- The lead to which an identity points.
select lead_id from identities where digest = %s;
