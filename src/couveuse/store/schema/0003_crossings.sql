-- What the first page shows: when leads changed band, stage, temperature or class, and what the engine has counted.
-- Instants are microseconds since 1970 (UTC).

-- Under the acting model a lead changed its band, stage, temperature or class: by facts that came live, or by time. What
-- comes quietly (an import, a model published anew) is told to nobody; of an import the last weeks are worked out
-- afterwards. Places of bands are those of the model `model_id`.
create table crossings (
    id bigint generated always as identity primary key,
    lead_id bigint not null,
    model_id integer not null,
    at bigint not null,
    by_time boolean not null,               -- no fact did it
    is_past boolean not null default false, -- worked out afterwards, of a history that was brought in: told to nobody
    cause text,                             -- the rule of the weightiest fact that did; null: time, or a trait
    score double precision not null,
    band_was smallint,                      -- null, with temperature_was: the lead is new
    band smallint not null,
    stage_was smallint,
    stage smallint,
    temperature_was smallint,
    temperature smallint not null,          -- 0 cold, 1 warm, 2 hot, 3 irrelevant
    class_was text,
    class text,
    is_to_tell boolean not null             -- endpoints outside want to hear of it, and have not yet
);
create index crossings_lead on crossings (lead_id, id);
create index crossings_at on crossings (at);
create index crossings_hot on crossings (at desc, id desc)
    where temperature = 2 and temperature_was is distinct from 2;
create index crossings_to_tell on crossings (id) where is_to_tell;

-- Tasks that are done with, of which endpoints outside are told: each closing once.
alter table tasks add column closing_told_at bigint;    -- the `closed_at` that was told
update tasks set closing_told_at = closed_at where standing in ('closed', 'withdrawn');
create index tasks_closing_to_tell on tasks (id)
    where standing in ('closed', 'withdrawn') and closing_told_at is distinct from closed_at;
create trigger tasks_closed_told after update of standing on tasks
    for each statement execute function tell_handovers();
-- How the tasks of a day ended.
create index tasks_ended on tasks (closed_at) where closed_at is not null;

-- What the engine has counted of all leads, so that no page counts them: one row for each thing counted.
create table rollups (
    name text collate "C" primary key,
    model_id integer not null,              -- the model that acted
    at bigint not null,                     -- as of when
    took bigint not null,                   -- microseconds
    counted jsonb not null
);

-- What happened day by day, in the team's time zone: how many of a kind, by what it is about.
create table rollup_days (
    day date not null,
    kind text collate "C" not null,         -- entered, handed_over, outcome, became
    about text collate "C" not null,        -- a step; a team; a team and an outcome; a fact
    number bigint not null,
    primary key (day, kind, about)
);
