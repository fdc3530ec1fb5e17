-- name: hold
-- Until this transaction ends no month is dropped. Utility commands take no snapshot: what is read afterwards, also in one
-- snapshot, is of after.
lock table archived_months in access share mode;

-- name: hold_alone
-- Whoever reads facts has ended, or waits until this transaction ends.
lock table archived_months in access exclusive mode;

-- name: try_alone
-- The same, or an error at once where somebody reads facts.
lock table archived_months in access exclusive mode nowait;

-- name: lock
-- Whether nobody else archives; held until the session ends.
select pg_try_advisory_lock(%s);

-- name: months
-- Months that have a partition of their own, by its name, each with about how many facts; in order.
select child.relname, greatest(child.reltuples, 0)::bigint from pg_inherits join pg_class child on child.oid = inhrelid
where inhparent = 'events'::regclass and child.relname ~ '^events_\d{4}_\d{2}$' order by 1;

-- name: archived
-- The months that are archived, in order.
select month, written, events, bytes, written_at, dropped_at from archived_months order by month;

-- name: dropped
-- The months that were dropped, in order.
select month, written from archived_months where dropped_at is not null order by month;

-- name: count
-- How many facts of a month there are in PostgreSQL.
select count(*) from events where at >= %(low)s and at < %(high)s;

-- name: fingerprint
-- What the facts of a month in PostgreSQL are, in one text: their number, and a sum over all that each row says.
select count(*) || ':' || coalesce(sum(hash_record_extended(e, 0)::numeric), 0)
from events e where at >= %(low)s and at < %(high)s;

-- name: rows
-- The facts of a month, by identity and of each by instant, with the key of the identity (null: it is gone).
select e.identity_id, e.at, e.received_at, e.name_id, e.source_id, e.flags, e.import_id, e.payload, i.key
from events e left join identities i on i.id = e.identity_id
where e.at >= %(low)s and e.at < %(high)s order by e.identity_id, e.at;

-- name: write
-- A month stands in the archive as it is told, in place of what stood there before.
insert into archived_months (month, written, properties, events, bytes, written_at)
values (%(month)s, %(written)s::jsonb, %(properties)s::jsonb, %(events)s, %(bytes)s, %(now)s)
on conflict (month) do update set written = excluded.written, properties = excluded.properties,
    events = excluded.events, bytes = excluded.bytes, written_at = excluded.written_at;

-- name: moved
-- The archive stands at another place from now on.
update archived_months set written = jsonb_set(written, '{place}', to_jsonb(%(place)s::text))
where month = any(%(months)s);

-- name: drop
-- A month's facts are read from the archive from now on.
update archived_months set dropped_at = %(now)s where month = %(month)s;

-- name: note_identities
-- These identities have facts in a month of that number.
insert into archived_identities (identity_id, months) select unnest(%(ids)s::text::bigint[]), array[%(month)s::integer]
on conflict (identity_id) do update set months = archived_identities.months || excluded.months
where not excluded.months <@ archived_identities.months;

-- name: of_leads
-- The identities of some leads that have facts in dropped months, with these months' numbers; in no order.
select i.lead_id, a.identity_id, a.months
from identities i join archived_identities a on a.identity_id = i.id
where i.lead_id = any(%s::text::bigint[]);

-- name: of_identities
-- The same of some identities.
select identity_id, months from archived_identities where identity_id = any(%s::text::bigint[]);

-- name: of_range
-- The identities of the leads of a range that have facts in dropped months; in the order of their numbers.
select a.identity_id, i.lead_id from identities i join archived_identities a on a.identity_id = i.id
where i.lead_id >= %(low)s and i.lead_id < %(high)s order by a.identity_id;

-- name: staying_room
-- Where the facts that stay are named, in this session only.
create temp table if not exists staying (identity_id bigint, at bigint) on commit drop;

-- name: staying_copy
-- Facts that stay, by COPY in binary.
copy pg_temp.staying (identity_id, at) from stdin (format binary);

-- name: replace
-- A month's facts but for those that stay go; what stays is in a partition of its own again.
create table {fresh} (like events including defaults);
insert into {fresh} select e.* from events e
where e.at >= {low} and e.at < {high} and exists (
    select from pg_temp.staying s where s.identity_id = e.identity_id and s.at = e.at);
delete from events_rest where at >= {low} and at < {high};
drop table if exists {month};
alter table {fresh} rename to {month};
alter table events attach partition {month} for values from ({low}) to ({high});

-- name: undone_imports
-- Imports that were taken back, or are being.
select id from imports where standing = 'undone';

-- name: stood
-- Keys that stood together in rows of a month that is to be dropped, each set at its earliest place.
insert into archived_standings (owner_id, with_ids, import_id, claimed, at, kind, source, message_id)
select distinct on (1, 2, 3) * from (
    select g.id, array_remove(array[u.id, d.id], null) as with_ids, g.import, g.claimed, g.at, g.kind,
        g.source collate "C" as source, g.mid collate "C" as mid
    from unnest(%(ids)s::text::bigint[], %(users)s::text::uuid[], %(devices)s::text::uuid[],
        %(imports)s::text::integer[], %(claimed)s::text::smallint[], %(ats)s::text::bigint[],
        %(kinds)s::text::smallint[], %(sources)s::text[], %(mids)s::text[])
        as g (id, usr, device, import, claimed, at, kind, source, mid)
        left join identities u on u.digest = g.usr left join identities d on d.digest = g.device
) as held where with_ids <> '{}' order by 1, 2, 3, claimed, at, kind, source, mid
on conflict (owner_id, with_ids, import_id) do update set claimed = excluded.claimed, at = excluded.at,
    kind = excluded.kind, source = excluded.source, message_id = excluded.message_id
where (excluded.claimed, excluded.at, excluded.kind, excluded.source, excluded.message_id)
    < (archived_standings.claimed, archived_standings.at, archived_standings.kind, archived_standings.source,
       archived_standings.message_id);

-- name: stood_of
-- Sets of keys that name some identities, of rows of dropped months that were not taken back; in no order.
select owner_id, with_ids, claimed, at, kind, source, message_id from archived_standings
where (owner_id = any(%(ids)s::text::bigint[]) or with_ids && %(ids)s::text::bigint[])
    and import_id not in (select id from imports where standing = 'undone');

-- name: name_numbers
-- The numbers of names of events; in no order.
select name, id from event_names where name = any(%s);

-- name: source_numbers
-- The numbers of names of sources; in no order.
select name, id from sources where name = any(%s);

-- name: stood_by_import
-- The other keys of rows of some identities, of dropped months, that one import brought; in no order.
select unnest(with_ids) from archived_standings
where owner_id = any(%(ids)s::text::bigint[]) and import_id = %(import)s;

-- name: events
-- How many facts the archive holds of dropped months.
select coalesce(sum(events), 0)::bigint from archived_months where dropped_at is not null;

-- name: documents
-- The documents of all models that were ever published, each once with who is internal by it; the newest first.
select distinct on (document, our_domains, our_addresses) id, name, version, document, our_domains, our_addresses, standing
from models order by document, our_domains, our_addresses, id desc;

-- name: newest_version
-- The number of the newest version of a model.
select coalesce(max(id), 0) from models;
