-- Leads that became one: a lead whose key was found to be another lead's is joined to it (`leads.joined_id`), and a person
-- merges a lead into another one (`merges`). These are no statements but parts of them, after `with recursive`.

-- name: ways
-- Where the facts of the leads of `start` (id) went, step by step: each is first itself, and what holds its facts last.
ways (first, id, step) as (
    select id, id, 0 from start
    union all
    select w.first, coalesce(l.joined_id, m.into_id), w.step + 1
    from ways w join leads l on l.id = w.id left join merges m on m.lead_id = w.id and m.undone_at is null
    where coalesce(l.joined_id, m.into_id) is not null and w.step < 1000
)

-- name: family
-- The leads of `here` (id), and all that were joined to them or merged into them.
family (id, step) as (
    select id, 0 from here
    union all
    select f.id, w.step + 1 from family w cross join lateral (
        select l.id from leads l where l.joined_id = w.id
        union select m.lead_id from merges m where m.into_id = w.id and m.undone_at is null
    ) f where w.step < 1000
)
