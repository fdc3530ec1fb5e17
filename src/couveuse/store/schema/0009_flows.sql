-- What lists of who entered a step are found by; the leads of work in bulk.

-- Facts that say what became of leads are few among all: their names have numbers from the start, by which an index knows
-- them.
insert into event_names (name) values ('Lead Rejected'), ('Opportunity Won'), ('Opportunity Lost') on conflict (name) do nothing;
do $$
begin
    execute format('create index events_became on events (name_id, at) where name_id in (%s)', (
        select string_agg(id::text, ', ' order by id) from event_names
        where name in ('Lead Rejected', 'Opportunity Won', 'Opportunity Lost')));
end $$;

-- New leads, by when they came.
create index crossings_new on crossings (at) where temperature_was is null;

-- The leads that work in bulk has still to change: what is done of it is not done again after a kill.
create table bulk_leads (
    job_id bigint not null references jobs (id) on delete cascade,
    lead_id bigint not null,
    primary key (job_id, lead_id)
);
