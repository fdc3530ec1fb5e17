-- Files that people upload, in pieces: whichever machine does the work reads them here.

create table uploads (
    id bigint generated always as identity primary key,
    name text not null,                     -- without its folder, fit to be shown
    kind text not null check (kind in ('events', 'leads')),
    bytes bigint not null,
    digest bytea not null,                  -- of what it holds
    format text not null,                   -- couveuse.history.inputs.Format
    compression text not null,              -- .gz, .zst or nothing
    preview jsonb not null,                 -- its columns and first rows; {}: its pieces went
    wants jsonb,                            -- how it is to be read, and what is declared; null: nobody has said it yet
    foreseen jsonb,                         -- what would come of it under these wants
    failure jsonb,                          -- why the last work on it could not be done
    job_id bigint,                          -- the last work on it
    import_id integer,                      -- what it became
    at bigint not null,
    by text not null,
    emptied_at bigint                       -- when its pieces went
);
create index uploads_kept on uploads (at) where emptied_at is null;
create index uploads_digest on uploads (digest);
create index uploads_import on uploads (import_id) where import_id is not null;

create table upload_pieces (
    upload_id bigint not null references uploads (id) on delete cascade,
    number integer not null,
    piece bytea not null,
    primary key (upload_id, number)
);
-- What comes is compressed or soon gone.
alter table upload_pieces alter column piece set storage external;

-- How columns were mapped, by the head of the file: offered where the same head comes again.
create table mappings (
    head bytea primary key,
    mapping jsonb not null,
    at bigint not null,
    by text not null
);

-- What was done in the first days of an instance that no other table tells, and that the list of it was put away.
create table starting (
    step text primary key,
    at bigint not null,
    by text not null
);
