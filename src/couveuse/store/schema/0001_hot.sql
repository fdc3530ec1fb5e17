-- The hot tables. Instants are microseconds since 1970 (UTC); `digest` is the first 16 bytes of a BLAKE2b.

-- What the front door has accepted and the engine has not yet folded: one row for each lane of each commit.
create table inbox (
    id bigint generated always as identity primary key,
    lane smallint not null,          -- facts of one person stand in one lane, and a lane has one engine at a time
    events integer not null,
    received_at bigint not null,     -- of the first event
    packet bytea not null            -- events, as couveuse.store.packets writes them
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_cost_delay = 0);
alter table inbox alter column packet set storage external;  -- compressed already

-- Whoever waits for work is told at each commit that brings some.
create function tell_inbox() returns trigger language plpgsql as $$
begin
    notify couveuse_inbox;
    return null;
end $$;
create trigger inbox_told after insert on inbox for each statement execute function tell_inbox();

-- What was accepted before, by (source, message_id): a unique key cannot span the months of `events`.
create table seen (digest uuid primary key);

create table event_names (id integer generated always as identity primary key, name text collate "C" not null unique);
create table sources (id integer generated always as identity primary key, name text collate "C" not null unique);

-- A fact, written once. It belongs to the nearest of its keys (e-mail, else user id, else device).
create table events (
    identity_id bigint not null,
    at bigint not null,
    received_at bigint not null,
    name_id integer not null,
    source_id integer not null,
    flags smallint not null,         -- couveuse.store.packets.Flag
    import_id integer,
    payload bytea not null           -- couveuse.store.payloads
) partition by range (at);
create index events_identity on events (identity_id);
create table events_rest partition of events default;  -- months so far off that they get no partition of their own

-- One key by which a person shows up. `sort`: 0 e-mail, 1 user id, 2 device.
create table identities (
    id bigint generated always as identity primary key,
    digest uuid not null unique,     -- of sort and key: keys may be long
    owner_id bigint,                 -- whose it is, by couveuse.core.identities; null: its own
    lead_id bigint,                  -- the lead to which it points now, merges followed; null: a visitor
    sort smallint not null,
    is_known boolean not null default false,  -- some fact of a trusted source stands with it
    key text collate "C" not null
) with (fillfactor = 80);
create index identities_lead on identities (lead_id) where lead_id is not null;
create index identities_owner on identities (owner_id) where owner_id is not null;

-- Two keys in one row, at its earliest place in canonical order; what is claimed comes after what is trusted.
create table standings (
    low_id bigint not null,
    high_id bigint not null,
    claimed smallint not null,
    at bigint not null,
    kind smallint not null,
    source text collate "C" not null,
    message_id text collate "C" not null,
    primary key (low_id, high_id)
);
create index standings_high on standings (high_id);

-- A person to whom identities point. `root_id` is the e-mail or user id that makes it one.
create table leads (
    id bigint generated always as identity primary key,
    root_id bigint not null unique references identities (id),
    company_id bigint,
    joined_id bigint,                -- where its facts went when its key was found to be another lead's; null: nowhere
    created_at bigint not null,
    traits jsonb not null default '{}',
    groups text[] not null default '{}'
) with (fillfactor = 85);
create index leads_company on leads (company_id) where company_id is not null;

-- Two leads that a person said are one. The absorbed lead keeps its row and its identities; undone, it has them back.
create table merges (
    id bigint generated always as identity primary key,
    lead_id bigint not null references leads (id),   -- absorbed
    into_id bigint not null references leads (id),
    at bigint not null,
    by text not null,
    undone_at bigint,
    undone_by text
);
create unique index merges_standing on merges (lead_id) where undone_at is null;
create index merges_into on merges (into_id) where undone_at is null;


create table companies (
    id bigint generated always as identity primary key,
    domain text collate "C" not null unique,
    name text not null default ''
);

-- Traits that files of leads say were held since always, with what their row says of whose they are.
create table given_traits (
    id bigint generated always as identity primary key,
    identity_id bigint not null,
    import_id integer,
    traits jsonb not null,
    with_ids bigint[] not null default '{}',  -- the other keys of the row
    source text collate "C" not null default '',
    message_id text collate "C" not null default ''
);
create index given_traits_identity on given_traits (identity_id);

-- Whose facts and traits an import brought: what its report counts, and what its undoing reads.
create table imported (
    import_id integer not null,
    identity_id bigint not null,
    primary key (import_id, identity_id)
);

-- How far an import is: so many of the rows of each share are done, and what became of them.
create table import_shares (
    import_id integer not null,
    share smallint not null,
    done bigint not null default 0,
    counts jsonb not null default '{}',
    primary key (import_id, share)
);

-- What a published model says of a lead: the state of the fold, and the reading at `read_at`. One partition a model.
create table lead_states (
    model_id integer not null,
    lead_id bigint not null,
    score double precision not null,
    sort_score double precision not null,   -- the score, never more than a day old: for lists
    read_at bigint not null,
    band_changes_at bigint,                 -- when time alone changes the band; null: never
    last_event_at bigint,
    behaviour double precision not null,
    fit double precision not null,
    band smallint not null,                 -- place in the model
    stage smallint,
    temperature smallint not null,          -- 0 cold, 1 warm, 2 hot, 3 irrelevant
    maturity smallint not null,
    class text,
    persona text,
    routes jsonb,                           -- that stand; null: none
    state bytea not null
) partition by list (model_id);

-- Leads of too many facts to be folded again within a batch: each row asks for it once more. Whoever folds them reads
-- without a lock, writes at the end, and takes away the rows that it has met.
create table refolds (
    id bigint generated always as identity primary key,
    lead_id bigint not null,
    because text,                           -- why what was handed over for facts that are gone is withdrawn; null: none is
    live jsonb not null                     -- places in canonical order of facts that came live: they may hand over
);
create index refolds_lead on refolds (lead_id);

-- One hand-off from first cause to its end.
create table episodes (
    id bigint generated always as identity primary key,
    lead_id bigint not null,
    number integer not null,
    opened_at bigint not null,
    closed_at bigint,
    closed_by text,
    unique (lead_id, number)
);
create unique index episodes_open on episodes (lead_id) where closed_at is null;

-- The journal of hand-overs: what has to reach a team, once. Delivery reads it.
create table handovers (
    id bigint generated always as identity primary key,
    lead_id bigint not null,
    episode_id bigint not null references episodes (id),
    model_id integer not null,
    team text not null,
    treatment text not null,
    kind text not null,                     -- what caused it: rule, band
    cause text not null,                    -- the first cause: the rule's or the band's id
    causes jsonb not null,                  -- all of them with their instants
    at bigint not null,                     -- of the fact that opened it
    made_at bigint not null,
    score double precision not null,
    band text not null,
    why jsonb not null,                     -- the ledger's weightiest lines then
    withdrawn_at bigint,
    withdrawn_because text,
    unique (lead_id, team, episode_id, kind)
);
create index handovers_made on handovers (made_at, id);

-- What came quietly (an import, a model published anew) hands nobody over, unless so many a day were asked for.
create table allowances (
    id bigint generated always as identity primary key,
    per_day integer not null,
    made_at bigint not null,
    because text not null
);
-- The leads that may be handed over so, the best first, and when each was (null: not yet).
create table allowed (
    allowance_id bigint not null references allowances (id),
    lead_id bigint not null,
    handed_at bigint,
    primary key (allowance_id, lead_id)
);

-- Consents, given or withdrawn, as facts said them; append-only. What holds is derived (couveuse.core.consent).
create table consents (
    id bigint generated always as identity primary key,
    identity_id bigint not null,
    digest uuid not null,                   -- of the fact
    purpose text not null,
    is_given boolean not null,
    at bigint not null,
    received_at bigint not null,
    is_claim boolean not null,              -- a public key said it
    is_declared boolean not null default false,  -- whoever brought a list said it of all who stand in it
    basis text,
    source text,
    wording text,                           -- version of the words that were shown
    proof jsonb,
    import_id integer
);
create index consents_identity on consents (identity_id);
create index consents_import on consents (import_id) where import_id is not null;

-- Addresses that must not be written to, and why; append-only, `is_lifted` rows take back.
create table suppressions (
    id bigint generated always as identity primary key,
    digest uuid not null,                   -- of channel and address: outlives the address itself
    channel text not null,
    reason text not null,
    at bigint not null,
    source text not null,
    is_lifted boolean not null default false,
    fact uuid                               -- the digest of the fact that said so
);
create index suppressions_digest on suppressions (digest);

-- What was sent and could not be taken, with its reason.
create table rejects (
    id bigint generated always as identity primary key,
    received_at bigint not null,
    source text not null,
    reason text not null,
    detail text not null default '',
    import_id integer,
    place text not null default '',         -- where it stood: a file and its line
    body text not null
);
create index rejects_import on rejects (import_id) where import_id is not null;

-- The processes that run, each with its last sign of life and what it has counted.
create table processes (
    id uuid primary key,
    kind text not null,
    host text not null,
    pid integer not null,
    started_at bigint not null,
    seen_at bigint not null,
    counts jsonb not null
);

-- Who did what by hand.
create table audit (
    id bigint generated always as identity primary key,
    at bigint not null,
    by text not null,
    did text not null,
    about jsonb not null
);
