-- name: by_score
-- Leads under a model that meet the filters, by score for lists, then by number. Of the leads after the cursor as many
-- are looked at as `window` says, so that a filter that hardly any lead meets ends a page instead of reading them all.
-- Every row says how many were looked at, and which was the last; there is always one row, with nulls where none meets.
with seen as materialized (
    select lead_id, sort_score, read_at, band, stage, temperature, class from {table}
    where sort_score <= %(score)s and (sort_score < %(score)s or lead_id > %(lead)s)
        and (%(low)s::float8 is null or sort_score > %(low)s) and (%(high)s::float8 is null or sort_score <= %(high)s)
    order by sort_score desc, lead_id limit %(window)s
), last as (
    select count(*) over () as looked, sort_score, lead_id from seen order by sort_score, lead_id desc limit 1
), kept as (
    select * from seen where (%(bands)s::smallint[] is null or band = any(%(bands)s))
        and (%(stages)s::smallint[] is null or coalesce(stage, -1) = any(%(stages)s))
        and (%(temperatures)s::smallint[] is null or temperature = any(%(temperatures)s))
        and (%(classes)s::text[] is null or class = any(%(classes)s))
        and (%(since)s::bigint is null or read_at >= %(since)s)
    order by sort_score desc, lead_id limit %(limit)s
)
select coalesce(last.looked, 0), last.sort_score, last.lead_id, kept.lead_id, kept.sort_score, kept.read_at, s.state
from (select) as always left join last on true left join kept on true left join {table} s on s.lead_id = kept.lead_id
order by kept.sort_score desc, kept.lead_id;

-- name: by_number
-- The same by number: a lead keeps its place whatever happens to its score.
with seen as materialized (
    select lead_id, sort_score, read_at, band, stage, temperature, class from {table}
    where lead_id > %(lead)s order by lead_id limit %(window)s
), last as (
    select count(*) over () as looked, sort_score, lead_id from seen order by lead_id desc limit 1
), kept as (
    select * from seen where (%(bands)s::smallint[] is null or band = any(%(bands)s))
        and (%(stages)s::smallint[] is null or coalesce(stage, -1) = any(%(stages)s))
        and (%(temperatures)s::smallint[] is null or temperature = any(%(temperatures)s))
        and (%(classes)s::text[] is null or class = any(%(classes)s))
        and (%(since)s::bigint is null or read_at >= %(since)s)
    order by lead_id limit %(limit)s
)
select coalesce(last.looked, 0), last.sort_score, last.lead_id, kept.lead_id, kept.sort_score, kept.read_at, s.state
from (select) as always left join last on true left join kept on true left join {table} s on s.lead_id = kept.lead_id
order by kept.lead_id;

-- name: of_whom
-- The same for the leads of one company, or the one to which an identity points: few, and all of them are looked at.
select 0, null, null, s.lead_id, s.sort_score, s.read_at, s.state
from leads l join {table} s on s.lead_id = l.id left join companies c on c.id = l.company_id
where (%(company)s::text is null or c.domain = %(company)s)
    and (%(identity)s::uuid is null or l.id = (select i.lead_id from identities i where i.digest = %(identity)s))
    and (case when %(by_number)s then s.lead_id > %(lead)s
        else s.sort_score < %(score)s or (s.sort_score = %(score)s and s.lead_id > %(lead)s) end)
    and (%(bands)s::smallint[] is null or s.band = any(%(bands)s))
    and (%(stages)s::smallint[] is null or coalesce(s.stage, -1) = any(%(stages)s))
    and (%(temperatures)s::smallint[] is null or s.temperature = any(%(temperatures)s))
    and (%(classes)s::text[] is null or s.class = any(%(classes)s))
    and (%(since)s::bigint is null or s.read_at >= %(since)s)
order by case when %(by_number)s then 0 else s.sort_score end desc, s.lead_id limit %(limit)s;
