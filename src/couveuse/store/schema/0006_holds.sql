-- Leads of which nothing is handed over until an instant, or until somebody lifts it. Of a lead that was merged or joined
-- the hold goes along (`of_id`), and what it came from goes on to stand, so that a merge undone brings it back.
create table holds (
    id bigint generated always as identity primary key,
    lead_id bigint not null,
    of_id bigint references holds (id) on delete set null,
    at bigint not null,
    by text not null,
    until bigint,                   -- null: until it is lifted
    because text not null default '',
    ended_at bigint,
    ended_by text
);
create unique index holds_standing on holds (lead_id) where ended_at is null;
create index holds_until on holds (until) where ended_at is null and until is not null;
create index holds_lead on holds (lead_id, id);
create index holds_of on holds (of_id) where of_id is not null;

-- ---- An outcome may be taken back for a moment ---------------------------------------------------------------------

-- What somebody said came of a task counts once its moment has passed: until then nothing is recorded or told of it.
alter table tasks
    add column settles_at bigint,           -- when it counts; null: nothing waits
    add column settles jsonb;               -- what was said, by whom, of which version, and when
create index tasks_settling on tasks (settles_at) where settles_at is not null;
-- The fate of what somebody handed on, or took on.
create index tasks_handed_on on tasks (outcome_by, (-closed_at), id)
    where standing = 'closed' and outcome in ('project_detected', 'appointment_made');
create index tasks_sold on tasks (member, (-closed_at), id)
    where standing = 'closed' and outcome in ('won', 'lost', 'rejected', 'not_relevant', 'no_budget');
create index tasks_accepted_by on tasks (member, id) where standing = 'accepted';
-- What is late, the longest first.
create index tasks_due on tasks (team, due_at, id) where standing = 'open';

-- What was joined to a lead: its page shows whatever happened to those.
create index leads_joined on leads (joined_id) where joined_id is not null;
