-- name: widen
-- The identities that are one person's with these identities and leads, and the leads that are; in no order.
select i.id, i.sort, i.key, i.owner_id, i.lead_id, i.is_known from identities i
where i.id = any(%(ids)s::text::bigint[]) or i.owner_id = any(%(ids)s::text::bigint[])
    or i.lead_id = any(%(leads)s::text::bigint[]);

-- name: leads_of
-- The leads that these identities make; in no order.
select id from leads where root_id = any(%s::text::bigint[]);

-- name: lock_states
-- Whoever makes the states of a coming model holds these locks, lead by lead in the order of their numbers.
select from lead_states where lead_id = any(%s::text::bigint[]) order by lead_id, model_id for update;

-- name: lock_handovers
-- Whoever makes tasks and alerts of hand-overs ends with that, and begins no more; by number, as they do.
select from handovers where lead_id = any(%(leads)s::text::bigint[]) order by id for update;

-- name: lock_tasks
-- Whoever works on a task, or is told that it is overdue, ends with that.
select from tasks where lead_id = any(%(leads)s::text::bigint[]) order by id for update;

-- name: lock_alerts
-- Nothing is made of alerts any more.
select from alerts where lead_id = any(%(leads)s::text::bigint[]) order by id for update;

-- name: lock_answers
-- What is being answered to programs was answered, or is not kept.
lock table answers in share row exclusive mode;

-- name: lock_intents
-- Nobody begins an attempt any more.
select from intents where id = any(%(intents)s::text::bigint[]) order by id for update;

-- name: lock_lanes
-- Nobody takes a packet of any lane until the transaction ends.
select pg_advisory_xact_lock(%(lock)s, lane) from generate_series(0, %(lanes)s - 1) as lanes (lane);

-- name: packets
-- What waits for the engine, by number.
select id, packet from inbox order by id;

-- name: replace_packet
-- What is left of a packet.
update inbox set packet = %(packet)s, events = %(events)s where id = %(id)s;

-- name: told
-- To whom the team's messages about some leads went, by name.
select distinct coalesce(i.target ->> 'member', i.target ->> 'address', i.target ->> 'secret', i.target ->> 'endpoint') as who
from intents i join alerts a on a.id = i.alert_id
where a.lead_id = any(%s::text::bigint[]) and (i.standing in ('done', 'flying', 'parked') or i.unknowns > 0)
order by who;

-- name: take_events
-- The facts of some identities go, in every month; the keys that stood beside their own are in what is told.
delete from events where identity_id = any(%s::text::bigint[]) returning payload;

-- name: take_given_traits
-- What files of leads gave to some identities goes; the other keys of their rows are told.
delete from given_traits where identity_id = any(%s::text::bigint[]) returning with_ids;

-- name: name_no_more
-- What files of leads gave to others names keys no more that are gone.
update given_traits g set with_ids = array(select each from unnest(g.with_ids) as each where each <> all(%(ids)s::text::bigint[]))
where g.with_ids && %(ids)s::text::bigint[];

-- name: intents_of
-- What was to go out, or went, about some leads or to some addresses; in no order.
select i.id from intents i where
    i.alert_id in (select id from alerts where lead_id = any(%(leads)s::text::bigint[]))
    or i.about ->> 'lead' = any(%(leads)s::text::text[])
    or i.about ->> 'alert' in (select id::text from alerts where lead_id = any(%(leads)s::text::bigint[]))
    or i.about ->> 'task' in (select id::text from tasks where lead_id = any(%(leads)s::text::bigint[]))
    or i.about ->> 'handover' in (select id::text from handovers where lead_id = any(%(leads)s::text::bigint[]))
    or lower(i.target ->> 'address') = any(%(emails)s);

-- name: take_intent_attempts
-- Attempts at some intents.
delete from intent_attempts where intent_id = any(%(intents)s::text::bigint[]);

-- name: take_digest_items
-- What waits for a digest.
delete from digest_items where alert_id in (select id from alerts where lead_id = any(%(leads)s::text::bigint[]));

-- name: take_intents
-- Some intents.
delete from intents where id = any(%(intents)s::text::bigint[]);

-- name: take_alerts
-- Alerts about some leads.
delete from alerts where lead_id = any(%(leads)s::text::bigint[]);

-- name: take_task_entries
-- What was written about the tasks of some leads.
delete from task_entries where task_id in (select id from tasks where lead_id = any(%(leads)s::text::bigint[]));

-- name: take_tasks
-- The tasks of some leads.
delete from tasks where lead_id = any(%(leads)s::text::bigint[]);

-- name: take_handovers
-- The hand-overs of some leads.
delete from handovers where lead_id = any(%(leads)s::text::bigint[]);

-- name: take_episodes
-- The episodes of some leads.
delete from episodes where lead_id = any(%(leads)s::text::bigint[]);

-- name: take_allowed
-- Some leads may be handed over no more.
delete from allowed where lead_id = any(%(leads)s::text::bigint[]);

-- name: take_refolds
-- Wishes to fold some leads again.
delete from refolds where lead_id = any(%(leads)s::text::bigint[]);

-- name: take_holds
-- That some leads were held.
delete from holds where lead_id = any(%(leads)s::text::bigint[]);

-- name: take_merges
-- Merges of some leads, undone ones too.
delete from merges where lead_id = any(%(leads)s::text::bigint[]) or into_id = any(%(leads)s::text::bigint[]);

-- name: take_crossings
-- What some leads crossed.
delete from crossings where lead_id = any(%(leads)s::text::bigint[]);

-- name: take_lead_states
-- What models say of some leads.
delete from lead_states where lead_id = any(%(leads)s::text::bigint[]);

-- name: take_consents
-- What was said of the consents of some identities.
delete from consents where identity_id = any(%(ids)s::text::bigint[]);

-- name: take_imported
-- Imports speak no more of some identities.
delete from imported where identity_id = any(%(ids)s::text::bigint[]);

-- name: take_archived_identities
-- In which months of the archive some identities have facts.
delete from archived_identities where identity_id = any(%(ids)s::text::bigint[]);

-- name: take_archived_standings
-- Which keys stood together in rows of some identities in months of the archive.
delete from archived_standings where owner_id = any(%(ids)s::text::bigint[]);

-- name: take_companies
-- Companies for which nobody works but some leads.
delete from companies c where c.id in (select company_id from leads where id = any(%(leads)s::text::bigint[]))
    and not exists (select from leads l where l.company_id = c.id and l.id <> all(%(leads)s::text::bigint[]));

-- name: take_findable
-- By what some leads are found.
delete from findable where lead_id = any(%(leads)s::text::bigint[]);

-- name: take_findable_due
-- That some leads are to be found by other words.
delete from findable_due where lead_id = any(%(leads)s::text::bigint[]);

-- name: take_upload_pieces
-- What is kept of files that were uploaded: nobody knows of whom they speak.
delete from upload_pieces;

-- name: take_uploads
-- What was shown of such files.
update uploads set preview = '{}', foreseen = null, failure = null,
    emptied_at = coalesce(emptied_at, (extract(epoch from now()) * 1000000)::bigint)
where preview <> '{}' or foreseen is not null or failure is not null or emptied_at is null;

-- name: take_leads
-- Some leads.
delete from leads where id = any(%(leads)s::text::bigint[]);

-- name: take_quiet_targets
-- Addresses of a person that were to be left alone for a while.
delete from quiet_targets where lower(target ->> 'address') = any(%(emails)s);

-- name: take_answers
-- What was answered to programs goes, whoever it was about: it is sealed, and cannot be asked.
update answers set sealed = null where sealed is not null;

-- name: leave_alone
-- Identities that another person shares are nobody's, until it is asked again whose they are.
update identities set owner_id = null, lead_id = null where id = any(%s::text::bigint[]);

-- name: take_standings
-- The pairs in which some identities stand.
delete from standings where low_id = any(%(ids)s::text::bigint[]) or high_id = any(%(ids)s::text::bigint[]);

-- name: take_identities
-- Some identities.
delete from identities where id = any(%(ids)s::text::bigint[]);

-- name: naming_rejects
-- Rejects in whose text one of some words stands; in no order.
select id, detail || ' ' || place || ' ' || body from rejects
where exists (select from unnest(%s::text[]) as words (word)
    where position(word in lower(rejects.detail || ' ' || rejects.place || ' ' || rejects.body)) > 0);

-- name: texts_of_rejects
-- The text of all rejects; in no order.
select id, detail || ' ' || place || ' ' || body from rejects;

-- name: take_rejects
-- Some rejects.
delete from rejects where id = any(%s::text::bigint[]);

-- name: record
-- Who was erased, by digests, and how many rows went.
insert into erasures (at, by, digests, proof) values (%(at)s, %(by)s, %(digests)s::text::uuid[], %(proof)s::jsonb)
returning id;

-- name: all
-- All erasures in the order in which they were made, each with those of its digests that are addresses to leave alone.
select e.at, e.by, e.digests, array(
    select distinct s.digest from suppressions s where s.digest = any(e.digests) and s.source = %(source)s
)
from erasures e order by e.id;

-- name: suppressed
-- Those of some digests that are addresses to leave alone since an erasure; in no order.
select distinct digest from suppressions where digest = any(%(digests)s::text::uuid[]) and source = %(source)s;

-- name: suppress
-- Addresses that are left alone from an erasure on, known by their digests.
insert into suppressions (digest, channel, reason, at, source)
select each, 'email', 'by_hand', %(at)s, %(source)s from unnest(%(digests)s::text::uuid[]) as each;

-- name: find
-- The identities of some digests; in no order.
select id from identities where digest = any(%s::text::uuid[]);
