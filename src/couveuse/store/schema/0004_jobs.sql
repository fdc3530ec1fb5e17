-- Long work asked for by people, and what is learnt of the whole history.

-- A row for each piece of work, taken up by one process at a time: who works on one holds its advisory lock, so that the
-- work of a process that was killed is free at once, and is taken up again. Nothing here leaves the house.
create table jobs (
    id bigint generated always as identity primary key,
    kind text not null,                     -- couveuse.engine.job_kinds
    key text,                               -- of what waits or runs, there is one of a kind and key
    about jsonb not null,                   -- numbers of what it is about, and nothing of a person
    by text not null,
    asked_at bigint not null,
    is_low boolean not null default false,  -- done when nothing else waits
    not_before bigint not null default 0,
    standing text not null default 'waiting'
        check (standing in ('waiting', 'running', 'done', 'failed', 'given_up')),
    takes integer not null default 0,       -- how often it was taken up: who took it up last may write
    tries integer not null default 0,       -- of these, those that nobody stopped
    began_at bigint,
    ended_at bigint,
    step text not null default '',
    done bigint not null default 0,
    total bigint,
    give_up_by text,                        -- who asked that it be given up
    said text not null default '',          -- why it failed, with its cure
    found jsonb not null default '{}'       -- what came of it: numbers
);
create index jobs_open on jobs (is_low, id) where standing in ('waiting', 'running');
create unique index jobs_once on jobs (kind, key) where standing in ('waiting', 'running');
create index jobs_kind on jobs (kind, id);

create function tell_jobs() returns trigger language plpgsql as $$
begin
    notify couveuse_jobs;
    return null;
end $$;
create trigger jobs_told after insert on jobs for each statement execute function tell_jobs();

-- What the whole history says of a version of a model, as of an instant: one report a version, without names.
create table learnt_reports (
    model_id integer primary key,
    at bigint not null,
    report jsonb not null
);

-- A document on its way to act: its states made beside the acting ones, then looked at, then published or given up.
create table drafts (
    id bigint generated always as identity primary key,
    base_id integer not null,               -- the version that acted when it was begun
    document text not null,
    restores_id integer,                    -- the older version that it is; null: it was written anew
    by text not null,
    made_at bigint not null,
    standing text not null default 'making'
        check (standing in ('making', 'ready', 'publishing', 'published', 'given_up', 'failed')),
    model_id integer,                       -- its version, once its states are being made
    job_id bigint,                          -- that works on it, or did last
    diff jsonb,                             -- who moves: numbers of leads and scores
    diff_at bigint,
    per_day integer not null default 0,
    settled_at bigint,
    settled_by text not null default ''
);
-- One at a time: engines fold every fact for each version whose states are being made.
create unique index drafts_open on drafts ((true)) where standing in ('making', 'ready', 'publishing');

-- When each version acted, and who let it act.
create table model_turns (
    id bigint generated always as identity primary key,
    model_id integer not null,
    began_at bigint not null,
    by text not null,
    ended_at bigint
);
create index model_turns_model on model_turns (model_id);
-- What acted before this table was there is told by when the versions after it were published.
insert into model_turns (model_id, began_at, by, ended_at)
select id, at, published_by, case when standing = 'retired' then coalesce(lead(at) over (order by id), at) end
from (
    select id, standing, published_by, (extract(epoch from published_at) * 1000000)::bigint as at
    from models where standing in ('acting', 'retired')
) as m order by id;
