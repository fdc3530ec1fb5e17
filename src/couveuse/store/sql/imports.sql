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

-- name: take_back
-- An import that is being taken back: nobody brings it on any more.
update imports set standing = 'undone', ended_at = now() where id = %s and standing <> 'undone';

-- name: identities_left
-- Identities of which an import that is being taken back speaks yet, by number.
select identity_id from imported where import_id = %(import)s order by identity_id limit %(most)s;

-- name: count_identities
-- How many identities an import speaks of.
select count(*) from imported where import_id = %s;

-- name: take_events
-- The facts that an import brought of some identities go; what their keys and digests are made of is told.
delete from events where identity_id = any(%(ids)s::text::bigint[]) and import_id = %(import)s
returning source_id, payload;

-- name: take_given
-- The traits that an import gave to some identities go; the other keys of their rows are told.
delete from given_traits where identity_id = any(%(ids)s::text::bigint[]) and import_id = %(import)s returning with_ids;

-- name: take_consents
-- What an import said of the consents of some identities goes.
delete from consents where identity_id = any(%(ids)s::text::bigint[]) and import_id = %(import)s;

-- name: take_suppressions
-- Suppressions that some facts asked for go.
delete from suppressions where fact = any(%s::text::uuid[]);

-- name: take_identities
-- An import speaks no more of some identities.
delete from imported where identity_id = any(%(ids)s::text::bigint[]) and import_id = %(import)s;

-- name: take_rejects
-- What an import could not take is forgotten with it.
delete from rejects where import_id = %s;

-- name: rows_of
-- The facts that are left of some identities, as far as they tell whose keys are whose; in no order.
select e.identity_id, e.at, e.name_id, e.source_id, e.flags, e.payload from events e
where e.identity_id = any(%s::text::bigint[]);

-- name: given_of
-- The rows of files of leads that are left of some identities; in no order.
select identity_id, with_ids, source, message_id from given_traits where identity_id = any(%s::text::bigint[]);

-- name: replace_standings
-- The pairs in which some identities stand are forgotten, to be written anew.
delete from standings where low_id = any(%(ids)s::text::bigint[]) or high_id = any(%(ids)s::text::bigint[]);

-- name: become_unknown
-- No trusted fact stands with these identities any more.
update identities set is_known = false where id = any(%s::text::bigint[]) and is_known;

-- name: saying_identities
-- Those of some identities of which a consent speaks; in no order.
select distinct identity_id from consents where identity_id = any(%s::text::bigint[]);

-- name: kept_leads
-- Those of some leads that something of their history refers to; in no order.
select lead_id from episodes where lead_id = any(%(leads)s::text::bigint[])
union select lead_id from merges where lead_id = any(%(leads)s::text::bigint[])
union select into_id from merges where into_id = any(%(leads)s::text::bigint[])
union select joined_id from leads where joined_id = any(%(leads)s::text::bigint[]);

-- name: remove_leads
-- Leads of which nothing is left.
with states as (delete from lead_states where lead_id = any(%(leads)s::text::bigint[])),
moved as (delete from crossings where lead_id = any(%(leads)s::text::bigint[])),
waiting as (delete from allowed where lead_id = any(%(leads)s::text::bigint[]))
delete from leads where id = any(%(leads)s::text::bigint[]);

-- name: remove_identities
-- Identities of which nothing is left.
delete from identities where id = any(%s::text::bigint[]);

-- name: page
-- Imports with a lower number, the newest first.
select id, kind, files, settings, consent, standing, counts, (extract(epoch from started_at) * 1000000)::bigint,
    (extract(epoch from ended_at) * 1000000)::bigint
from imports where id < %(before)s order by id desc limit %(most)s;

-- name: keep_reach
-- Whom an import reached when it was done: for pages, for it is asked of every lead.
update imports set counts = counts || jsonb_build_object('reach', %(reach)s::jsonb) where id = %(import)s;
