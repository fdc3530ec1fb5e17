-- name: begin
-- An import that begins, with a row for each of its shares.
with made as (
    insert into imports (kind, digest, files, settings, consent, standing, done, counts)
    values (%(kind)s, %(digest)s, %(files)s::jsonb, %(settings)s::jsonb, %(consent)s::jsonb, 'running', 0, '{}')
    returning id
), shares as (
    insert into import_shares (import_id, share) select id, generate_series(0, %(shares)s - 1) from made
)
select id from made;

-- name: lock_files
-- Imports of the same files begin one behind the other.
select pg_advisory_xact_lock(%s);

-- name: hold
-- Whether nobody else brings this import; held as long as the connection is open.
select pg_try_advisory_lock(%s, %s);

-- name: of_files
-- The last import of these files that was not taken back, if there is one.
select id, kind, files, settings, consent, standing, counts, (extract(epoch from started_at) * 1000000)::bigint,
    (extract(epoch from ended_at) * 1000000)::bigint
from imports where digest = %s and standing in ('running', 'done') order by id desc limit 1;

-- name: by_id
-- One import.
select id, kind, files, settings, consent, standing, counts, (extract(epoch from started_at) * 1000000)::bigint,
    (extract(epoch from ended_at) * 1000000)::bigint
from imports where id = %s;

-- name: all
-- Every import, the latest first.
select id, kind, files, settings, consent, standing, counts, (extract(epoch from started_at) * 1000000)::bigint,
    (extract(epoch from ended_at) * 1000000)::bigint
from imports order by id desc;

-- name: lock_share
-- How far a share is, until the transaction ends nobody else's to bring; none where the import runs no more.
select s.done from import_shares s join imports i on i.id = s.import_id
where s.import_id = %(import)s and s.share = %(share)s and i.standing = 'running' for update of s;

-- name: advance
-- So many rows more of a share are done; what became of them is added up.
update import_shares set done = done + %(rows)s, counts = (
    select coalesce(jsonb_object_agg(key, (coalesce((counts ->> key)::bigint, 0)
        + coalesce((%(counts)s::jsonb ->> key)::bigint, 0))), '{}')
    from (select jsonb_object_keys(counts) union select jsonb_object_keys(%(counts)s::jsonb)) as keys (key)
)
where import_id = %(import)s and share = %(share)s;

-- name: note_identities
-- Identities of which an import speaks; those that it had not spoken of before are told.
insert into imported (import_id, identity_id) select %(import)s, unnest(%(ids)s::text::bigint[])
on conflict do nothing returning identity_id;

-- name: progress
-- How many rows of an import are done.
select coalesce(sum(done), 0)::bigint from import_shares where import_id = %s;

-- name: end
-- An import that is done: what became of all its rows.
update imports set standing = 'done', ended_at = now(),
    done = (select coalesce(sum(s.done), 0) from import_shares s where s.import_id = imports.id),
    counts = %(counts)s::jsonb || (
        select coalesce(jsonb_object_agg(key, value), '{}') from (
            select key, sum(value::bigint) as value from import_shares s, jsonb_each_text(s.counts)
            where s.import_id = imports.id group by key
        ) as sums
    )
where id = %(import)s and standing = 'running';

-- name: leads_with_routes
-- The leads of an import whose routes stand under a model, by number.
select distinct s.lead_id from imported m join identities i on i.id = m.identity_id
join lead_states s on s.lead_id = i.lead_id and s.model_id = %(model)s
where m.import_id = %(import)s and s.routes is not null order by 1;
