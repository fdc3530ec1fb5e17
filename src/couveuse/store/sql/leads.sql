-- name: lock_states
-- The states of some leads under some models, with where they say that the leads stand; locked lead by lead in one order
-- for all.
select model_id, lead_id, state, band, stage, temperature, class from lead_states
where model_id = any(%(models)s) and lead_id = any(%(leads)s::text::bigint[])
order by lead_id, model_id for update;

-- name: insert_leads
-- A lead for each of these identities that has none, to be made findable; in no order.
with made as (
    insert into leads (root_id, created_at, company_id) select root, %(now)s, company
    from unnest(%(roots)s::bigint[], %(companies)s::bigint[]) as given (root, company)
    on conflict (root_id) do nothing returning id, root_id
), due as (
    insert into findable_due (lead_id) select id from made on conflict do nothing
)
select id, root_id from made;

-- name: of_roots
-- The leads that these identities make; in no order.
select id, root_id from leads where root_id = any(%s);

-- name: reroot
-- A lead whose key was found to be an e-mail's: it goes on as that e-mail's lead.
update leads l set root_id = g.root, joined_id = null
from unnest(%(leads)s::bigint[], %(roots)s::bigint[]) as g (lead, root) where l.id = g.lead;

-- name: join_leads
-- Where the facts of a lead went whose key is another lead's (null: it has them back).
update leads l set joined_id = g.other
from unnest(%(leads)s::bigint[], %(others)s::bigint[]) as g (lead, other) where l.id = g.lead;

-- name: merged
-- Where merges by hand lead from these leads, merges of merges followed; in no order.
with recursive ways as (
    select lead_id as first, into_id from merges where undone_at is null and lead_id = any(%s)
    union all
    select w.first, m.into_id from ways w join merges m on m.lead_id = w.into_id and m.undone_at is null
)
select first, into_id from ways w
where not exists (select from merges m where m.lead_id = w.into_id and m.undone_at is null);

-- name: who
-- What a fold begins with: the e-mail of the lead (null where a user id makes it), whether a trusted fact knows it, and
-- whether no identity points to it any more; in no order. The key that makes a lead mostly says it: of a lead of very many
-- devices not all are read.
select l.id, case when r.sort = 0 then r.key end,
    coalesce(r.is_known and r.lead_id = l.id, false)
        or exists (select from identities i where i.lead_id = l.id and i.sort < 2 and i.is_known),
    not exists (select from identities i where i.lead_id = l.id)
from leads l join identities r on r.id = l.root_id where l.id = any(%s);

-- name: given_traits
-- Traits that files of leads give to these leads; in no order.
select i.lead_id, g.traits::text from given_traits g join identities i on i.id = g.identity_id
where i.lead_id = any(%s);

-- name: give_traits
-- Traits that files of leads give, by COPY in binary.
copy given_traits (identity_id, import_id, traits, with_ids, source, message_id) from stdin (format binary);

-- name: set_traits
-- What is known of leads now, for lists and pages; whoever is known otherwise than before is to be made findable anew.
with given as materialized (
    select lead, traits::jsonb as traits, array(select jsonb_array_elements_text(groups::jsonb)) as groups
    from unnest(%(leads)s::bigint[], %(traits)s::text[], %(groups)s::text[]) as g (lead, traits, groups)
), known as (
    update leads l set traits = g.traits, groups = g.groups from given g
    where l.id = g.lead and (l.traits <> g.traits or l.groups <> g.groups) returning l.id
)
insert into findable_due (lead_id) select id from known order by id on conflict do nothing;

-- name: of_crm
-- Leads that a CRM knows by that number; three at most.
select id from leads where traits ? 'crm_id' and traits ->> 'crm_id' = %s order by id limit 3;

-- name: traits
-- What is known of leads now; in no order.
select id, traits, groups from leads where id = any(%s);
