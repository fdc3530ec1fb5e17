-- What is handed over reaches people: the team, tasks, alerts, the queue of what goes out; archive, backups, erasures.
-- Instants are microseconds since 1970 (UTC).

-- ---- Hand-overs are dispatched ----------------------------------------------------------------------------------------

alter table handovers
    add column rate double precision not null default 0,     -- the band's, as the model says it
    add column value double precision not null default 0,    -- what winning the lead would be worth
    add column dispatched_at bigint,                         -- when tasks and alerts were made of it
    add column withdrawal_told_at bigint,                    -- when its withdrawal was dispatched
    add column set_aside_at bigint;                          -- not yet dispatched, for the lead is irrelevant
-- What comes after a hand-over was withdrawn is no part of it, and must reach the team by itself.
alter table handovers drop constraint handovers_lead_id_team_episode_id_kind_key;
create unique index handovers_standing on handovers (lead_id, team, episode_id, kind) where withdrawn_at is null;
create index handovers_lead on handovers (lead_id, id);
-- An upgrade hands over nothing of the past.
update handovers set dispatched_at = made_at,
    withdrawal_told_at = case when withdrawn_at is not null then withdrawn_at end;
create index handovers_to_dispatch on handovers (id)
    where dispatched_at is null and withdrawn_at is null and set_aside_at is null;
create index handovers_set_aside on handovers (id)
    where dispatched_at is null and withdrawn_at is null and set_aside_at is not null;
create index handovers_to_withdraw on handovers (id) where withdrawn_at is not null and withdrawal_told_at is null;

create function tell_handovers() returns trigger language plpgsql as $$
begin
    notify couveuse_handovers;
    return null;
end $$;
create trigger handovers_told after insert or update of withdrawn_at on handovers
    for each statement execute function tell_handovers();

-- What ends an episode closes the tasks that are left of it.
alter table episodes add column closing_told_at bigint;     -- when its end was dispatched
update episodes set closing_told_at = closed_at where closed_at is not null;
create index episodes_to_close on episodes (id) where closed_at is not null and closing_told_at is null;
create trigger episodes_told after update of closed_at on episodes
    for each statement execute function tell_handovers();

-- ---- The team ---------------------------------------------------------------------------------------------------------

-- The document of the team as it was applied; the newest one counts.
create table team_documents (
    id bigint generated always as identity primary key,
    document text not null,
    at bigint not null,
    by text not null
);

create table teams (
    id text collate "C" primary key,
    label jsonb not null default '{}',      -- by language
    settings jsonb not null default '{}',   -- as the document has them
    removed_at bigint
);

create table members (
    id text collate "C" primary key,
    name text not null,
    email text collate "C" not null,
    telephone text not null default '',
    language text not null default 'en',
    settings jsonb not null default '{}',
    removed_at bigint
);

create table memberships (
    team text collate "C" not null references teams (id),
    member text collate "C" not null references members (id),
    place smallint not null,                -- in the document's order: whose turn it is goes by it
    is_lead boolean not null default false,
    primary key (team, member)
);

create table absences (
    id bigint generated always as identity primary key,
    member text collate "C" not null references members (id),
    first_day date not null,
    last_day date not null,                 -- inclusive
    because text not null default '',
    at bigint not null,
    by text not null,
    is_of_document boolean not null default false  -- the document says it, and takes it away
);
create index absences_member on absences (member, last_day);

-- ---- Tasks ------------------------------------------------------------------------------------------------------------

create table tasks (
    id bigint generated always as identity primary key,
    lead_id bigint not null,
    episode_id bigint not null,
    handover_id bigint,                     -- that opened it; null: an outcome did
    parent_id bigint references tasks (id), -- the task whose outcome opened it
    team text collate "C" not null,
    treatment text not null,
    standing text not null default 'open',  -- open, accepted (by sales), closed, withdrawn
    member text collate "C",                -- whose it is; null: of whoever takes it
    assigned_because text not null default '',  -- owner, territory, load, round_robin, outcome, by_hand; '' nobody
    opened_at bigint not null,
    due_at bigint not null,
    not_before bigint,                      -- call again on; an appointment's time
    starts_at bigint,                       -- the appointment's
    rate double precision not null,
    value double precision not null,
    expected double precision not null,     -- rate times value
    score double precision not null,
    tries smallint not null default 0,
    locked_by text,                         -- who has it on screen
    locked_until bigint,
    flagged_at bigint,                      -- something changed under the hands of whoever claimed it
    flagged_because text,
    overdue_at bigint,                      -- when it was last told that it is overdue
    overdue_times smallint not null default 0,
    look_at bigint,                         -- when somebody must look whether it is overdue, or has no news; null: never
    outcome text,
    outcome_reason text,
    outcome_by text,
    closed_at bigint,
    sequence smallint,                      -- of what was last said of the appointment; null: there is none
    version integer not null default 0      -- grows with whatever a person does with it: who is late is refused
) with (fillfactor = 85);
create unique index tasks_open on tasks (lead_id, team, episode_id) where standing in ('open', 'accepted');
create unique index tasks_handover on tasks (handover_id) where handover_id is not null;
create unique index tasks_parent on tasks (parent_id, team) where parent_id is not null;
-- Queues: what is put off to a later time is passed over within the index.
create index tasks_queue on tasks (team, (-expected), id, (coalesce(not_before, 0))) where standing = 'open';
create index tasks_member on tasks (member, (-expected), id, (coalesce(not_before, 0)))
    where standing = 'open' and member is not null;
create index tasks_later on tasks (team, not_before, id) where standing = 'open' and not_before is not null;
create index tasks_turns on tasks (team, id) where member is not null;
create index tasks_accepted on tasks (team, id) where standing = 'accepted';
create index tasks_look on tasks (look_at) where look_at is not null;
create index tasks_lead on tasks (lead_id, id);
create index tasks_closed on tasks (team, (-closed_at), id) where standing = 'closed';

-- What a CRM says of a lead names it by its own number.
create index leads_crm on leads ((traits ->> 'crm_id')) where traits ? 'crm_id';

-- What was written about a task, and what happened to it: who, when, what (opened, assigned, locked, tried, closed ...).
create table task_entries (
    id bigint generated always as identity primary key,
    task_id bigint not null references tasks (id),
    at bigint not null,
    by text not null,
    did text not null,
    note text not null default '',          -- what a person wrote
    about jsonb not null default '{}'       -- which rule matched, who was chosen, what the outcome was
);
create index task_entries_task on task_entries (task_id, id);

-- ---- Alerts -----------------------------------------------------------------------------------------------------------

create table alerts (
    id bigint generated always as identity primary key,
    kind text not null,                     -- couveuse.core.notices.NoticeKind
    key text collate "C" not null unique,   -- what it is about, once
    lead_id bigint not null,
    handover_id bigint,
    task_id bigint,
    of_id bigint references alerts (id),    -- the alert that it withdraws or raises again
    team text collate "C" not null,
    at bigint not null,
    because text not null default '',
    withdrawn_at bigint,
    acknowledged_at bigint,
    acknowledged_by text
);
create index alerts_at on alerts (at desc, id desc);
create index alerts_handover on alerts (handover_id) where handover_id is not null;
create index alerts_task on alerts (task_id) where task_id is not null;
create index alerts_lead on alerts (lead_id);

-- Alerts that wait for a member's digest, and the digest that took them.
create table digest_items (
    alert_id bigint not null references alerts (id),
    member text collate "C" not null,
    due_at bigint not null,                 -- when the digest goes
    intent_id bigint,                       -- null: not yet
    primary key (alert_id, member)
);
create index digest_items_due on digest_items (due_at) where intent_id is null;

-- ---- What goes out ----------------------------------------------------------------------------------------------------

-- Where webhooks go. The secret is sealed (couveuse.store.sealed).
create table endpoints (
    id text collate "C" primary key,
    url text not null,
    events text[] not null default '{}',    -- '{}': all
    sealed bytea not null,                  -- its secrets, the newest first
    made_at bigint not null,
    disabled_at bigint,
    disabled_because text not null default '',
    failing_since bigint
);

-- Secrets of channels (a Slack address), by name, sealed.
create table sealed_secrets (
    name text collate "C" primary key,
    sealed bytea not null,
    at bigint not null,
    by text not null
);

-- One row for each thing that goes out to one place, written before any attempt.
create table intents (
    id bigint generated always as identity primary key,
    key text collate "C" not null unique,   -- what it is, once and for ever
    channel text not null,                  -- email, slack, webhook
    audience text not null,                 -- team, outside, prospect
    kind text not null,                     -- of alerts: NoticeKind; of webhooks: the event's type
    target jsonb not null,                  -- {"member": id} or {"address": ...}; {"secret": name}; {"endpoint": id}
    about jsonb not null,                   -- numbers of what it tells of: alert, task, handover, of
    alert_id bigint references alerts (id),
    standing text not null default 'waiting',   -- waiting, flying, done, parked, dead, withdrawn
    made_at bigint not null,
    due_at bigint not null,
    attempts smallint not null default 0,
    unknowns smallint not null default 0,   -- attempts of which nobody knows whether they arrived
    claimed_by bigint,                      -- the number of the deliverer's lock
    claimed_at bigint,
    begun_at bigint,                        -- when the attempt that is under way began; null: none is
    replayed_after smallint not null default 0, -- attempts made before it was last sent on by hand
    withdrawn_at bigint,                    -- what it tells does not hold: no attempt begins any more
    settled_at bigint,
    reference text not null default '',     -- what the other side calls it
    answer text not null default ''         -- what it said, or why nothing was sent
) with (fillfactor = 80);
create index intents_due on intents (channel, due_at, id) where standing = 'waiting';
create index intents_flying on intents (claimed_by) where standing = 'flying';
create index intents_alert on intents (alert_id) where alert_id is not null;
create index intents_troubled on intents (standing, id desc) where standing in ('parked', 'dead');
create index intents_made on intents (id desc, channel);

create function tell_intents() returns trigger language plpgsql as $$
begin
    notify couveuse_intents;
    return null;
end $$;
create trigger intents_told after insert on intents for each statement execute function tell_intents();

create table intent_attempts (
    intent_id bigint not null references intents (id),
    number smallint not null,
    at bigint not null,
    ended_at bigint,
    outcome text not null default 'flying', -- delivered, refused, failed, unknown, flying
    answer text not null default '',
    primary key (intent_id, number)
);

-- The numbers of deliverers: each holds the advisory lock of its own, and marks with it what it claims.
create sequence deliverer_numbers as integer cycle;

-- Places that are left alone until then: one that has failed, or has asked for it.
create table quiet_targets (
    channel text not null,
    target jsonb not null,
    until bigint not null,
    primary key (channel, target)
);

-- What was switched by hand: `stop` (nothing goes out), `rehearsal` (only the team gets anything).
create table switches (
    name text collate "C" primary key,
    is_on boolean not null,
    at bigint not null,
    by text not null,
    because text not null default ''
);

-- ---- What is done by hand ----------------------------------------------------------------------------------------------

-- What was done once by a key of whoever asked for it.
create index audit_key on audit ((about ->> 'key')) where about ? 'key';

-- ---- Archive, backups, erasures ------------------------------------------------------------------------------------------

-- Months that stand in the archive, each once; a month's partition may be dropped once it is archived.
create table archived_months (
    month text collate "C" primary key,     -- 2026-01
    written jsonb not null,                 -- its files, each with rows, bytes and digest
    properties jsonb not null,              -- the allow-list that it was written by
    events bigint not null,
    bytes bigint not null,
    written_at bigint not null,
    dropped_at bigint
);

-- In which dropped months an identity has facts: who has none is folded without a look into files.
create table archived_identities (
    identity_id bigint primary key,
    months integer[] not null               -- year * 12 + month - 1
);

-- Keys that stand together in rows of dropped months, each set at its earliest place: whoever asks anew whose keys are
-- whose, where an import is taken back or a person erased, reads them beside the rows that are left. Apart for each
-- import, 0 for none.
create table archived_standings (
    owner_id bigint not null,               -- the identity to which the row belongs
    with_ids bigint[] not null,             -- the other keys of the row
    import_id integer not null,
    claimed smallint not null,
    at bigint not null,
    kind smallint not null,
    source text collate "C" not null,
    message_id text collate "C" not null,
    primary key (owner_id, with_ids, import_id)
);
create index archived_standings_with on archived_standings using gin (with_ids);

create table backups (
    id bigint generated always as identity primary key,
    at bigint not null,
    ended_at bigint,
    place text not null,
    bytes bigint,
    because text not null default '',       -- schedule, by hand, upgrade
    error text not null default '',
    removed_at bigint                       -- when it made room for newer ones
);
create index backups_at on backups (at desc);

-- Who was erased, by digests of their keys: a backup that is restored is gone over by these again.
create table erasures (
    id bigint generated always as identity primary key,
    at bigint not null,
    by text not null,
    digests uuid[] not null,
    proof jsonb not null                    -- of each table, how many rows went
);
