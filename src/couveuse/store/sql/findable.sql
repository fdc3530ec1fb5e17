-- name: due
-- Leads from a number on whose row is to be written anew, by number. Those being worked on are left out.
select lead_id from findable_due where lead_id > %(after)s order by lead_id limit %(most)s for update skip locked;

-- name: begin_again
-- Every lead is to be made findable anew: the trait that names owners is another one. One process alone is told so.
with made as (
    insert into findable_made (owner_trait) values (%(owner_trait)s)
    on conflict (is_only) do update set owner_trait = excluded.owner_trait
    where findable_made.owner_trait <> excluded.owner_trait returning owner_trait
), due as (
    insert into findable_due (lead_id) select id from leads where exists (select from made) order by id
    on conflict do nothing
)
select count(*) from made;

-- name: told
-- What some leads are found by: traits, groups, company, and the e-mails and user ids that point to them, the first ones;
-- by number. Whoever erases one of them has it for himself: it is left out.
select l.id, l.traits, l.groups, c.name, c.domain,
    array(select i.key from identities i where i.lead_id = l.id and i.sort < 2 order by i.sort, i.id limit %(most)s)
from leads l left join companies c on c.id = l.company_id
where l.id = any(%(leads)s) order by l.id for key share of l skip locked;

-- name: write
-- By what some leads are found from now on.
insert into findable as f (lead_id, words, groups, source, owner)
select g.lead, array_to_tsvector(array(select jsonb_array_elements_text(g.words::jsonb))),
    array(select jsonb_array_elements_text(g.groups::jsonb)), g.source, g.owner
from unnest(%(leads)s::bigint[], %(words)s::text[], %(groups)s::text[], %(sources)s::text[], %(owners)s::text[])
    as g (lead, words, groups, source, owner)
on conflict (lead_id) do update set words = excluded.words, groups = excluded.groups, source = excluded.source,
    owner = excluded.owner
where (f.words, f.groups, f.source, f.owner)
    is distinct from (excluded.words, excluded.groups, excluded.source, excluded.owner);

-- name: forget
-- Leads to which no key points are not found.
delete from findable where lead_id = any(%(leads)s);

-- name: done
-- Leads whose row was written, and those that are no more, are due no longer.
delete from findable_due d where lead_id = any(%(done)s)
    or (lead_id = any(%(asked)s) and not exists (select from leads l where l.id = d.lead_id));

-- name: ask
-- Some leads are to be made findable anew.
insert into findable_due (lead_id) select distinct lead from unnest(%(leads)s::bigint[]) as g (lead) order by lead
on conflict do nothing;

-- name: learn_groups
-- Groups that may be chosen from now on.
insert into group_names (name) select distinct name from unnest(%(names)s::text[]) as g (name) order by name
on conflict do nothing;

-- name: waiting
-- How many leads are still to be made findable, so many at most.
select count(*) from (select from findable_due limit %(most)s) as counted;
