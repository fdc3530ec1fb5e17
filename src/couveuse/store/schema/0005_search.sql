-- Leads found by their words, by their groups, owners and sources; views that people keep.

-- By what leads are found: one row a lead, which the engine writes a moment after the lead changed. It stands beside
-- `leads`, so that whoever folds writes none of these indexes.
create table findable (
    lead_id bigint primary key references leads (id) on delete cascade,
    words tsvector not null,                -- folded by couveuse.engine.findable: PostgreSQL makes no word of its own
    groups text[] not null default '{}',
    source text collate "C",                -- where the lead came from, as its traits have it; null: nobody said
    owner text collate "C"                  -- as the owner's trait names them, in lower case; null: nobody
) with (fillfactor = 90);
-- Nothing waits in a list that each search would have to read through.
create index findable_words on findable using gin (words) with (fastupdate = off);
create index findable_groups on findable using gin (groups) with (fastupdate = off);
create index findable_source on findable (source);
create index findable_owner on findable (owner);

-- Leads whose row there is to be written anew.
create table findable_due (lead_id bigint primary key);
insert into findable_due select id from leads;

-- With what the rows there were made; another owner's trait makes all of them anew.
create table findable_made (
    is_only boolean primary key default true check (is_only),
    owner_trait text not null
);

-- The groups in which somebody is, or was: what may be chosen.
create table group_names (name text collate "C" primary key);

-- Filters that people keep under a name, for themselves (`user_id`) or for all (null).
create table lead_views (
    id bigint generated always as identity primary key,
    user_id bigint,
    name text not null,
    query text not null,                    -- as the address of the list has it
    made_at bigint not null,
    made_by text not null
);
create unique index lead_views_name on lead_views (coalesce(user_id, 0), lower(name));

-- What few leads have is found by itself, best score first (couveuse.store.states makes the same for later models).
do $$
declare
    part text;
begin
    for part in select inhrelid::regclass::text from pg_inherits where inhparent = 'lead_states'::regclass loop
        execute format('create index if not exists %I on %s (coalesce(stage, -1), sort_score desc, lead_id)',
            part || '_by_stage', part);
        execute format('create index if not exists %I on %s (class, sort_score desc, lead_id) where class is not null',
            part || '_by_class', part);
        execute format(
            'create index if not exists %I on %s (persona, sort_score desc, lead_id) where persona is not null',
            part || '_by_persona', part);
    end loop;
end $$;
