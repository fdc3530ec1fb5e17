-- name: plan
-- Intents, each once by its key for ever; one whose key is there is left as it is, and not told.
insert into intents (key, channel, audience, kind, target, about, alert_id, made_at, due_at)
select key, channel, audience, kind, target::jsonb, about::jsonb, alert_id, %(now)s, due_at
from unnest(%(keys)s::text[], %(channels)s::text[], %(audiences)s::text[], %(kinds)s::text[], %(targets)s::text[],
    %(abouts)s::text[], %(alerts)s::bigint[], %(dues)s::bigint[])
    as g (key, channel, audience, kind, target, about, alert_id, due_at)
on conflict (key) do nothing returning key, id;

-- name: withdraw
-- What some alerts would still send is not sent: what waits, was claimed and has not begun, is parked or dead. What is
-- under way is not tried again. Tells how each stood, by number.
with old as (
    select id, standing, begun_at, unknowns, attempts from intents
    where alert_id = any(%(alerts)s) order by id for update
), withdrawn as (
    update intents i set withdrawn_at = %(now)s,
        standing = case when i.standing = 'flying' and i.begun_at is not null then 'flying' else 'withdrawn' end,
        settled_at = case when i.standing = 'flying' and i.begun_at is not null then null else %(now)s end,
        claimed_by = case when i.standing = 'flying' and i.begun_at is not null then i.claimed_by end,
        unknowns = case when i.standing = 'parked' then greatest(i.unknowns, 1) else i.unknowns end
    from old where i.id = old.id and i.standing in ('waiting', 'flying', 'parked', 'dead') and i.withdrawn_at is null
)
select i.id, i.alert_id, i.key, i.channel, i.target,
    old.standing in ('done', 'parked') or old.begun_at is not null or old.unknowns > 0
from old join intents i using (id) order by i.id;

-- name: horizon
-- When the next intent of each channel is due; nothing while all is stopped. In no order.
select channel, (select min(due_at) from intents i where i.standing = 'waiting' and i.channel = c.channel)
from unnest(%(channels)s::text[]) as c (channel)
where not exists (select from switches where name = 'stop' and is_on);

-- name: lock_claims
-- Of a channel whose places are served one after the other, one claims at a time, and sees what the last one claimed.
select pg_advisory_xact_lock(%(lock)s, hashtext(%(channel)s));

-- name: claim
-- Some of a channel's intents that are due, the longest due first, for a deliverer; none while all is stopped, and none
-- for a place that is to be left alone, or, where places are served one after the other, to which one is under way.
with busy as materialized (
    select target from quiet_targets where channel = %(channel)s and until > %(now)s
    union all
    select target from intents where %(alone)s and standing = 'flying' and channel = %(channel)s
), chosen as (
    select id from intents i
    where standing = 'waiting' and channel = %(channel)s and due_at <= %(now)s
        and not exists (select from busy where busy.target = i.target)
        and not exists (select from switches where name = 'stop' and is_on)
    order by due_at, id limit %(most)s for update skip locked
)
update intents i set standing = 'flying', claimed_by = %(by)s, claimed_at = %(now)s, begun_at = null
from chosen where i.id = chosen.id
returning i.id, i.key, i.channel, i.audience, i.kind, i.target, i.about, i.alert_id, i.due_at, i.attempts, i.unknowns,
    i.replayed_after, i.claimed_by;

-- name: lock_begin
-- Whoever turns a switch waits for the attempts that begin, and those that come later see what was switched.
select pg_advisory_xact_lock_shared(%(lock)s, 0);

-- name: begin
-- An attempt begins, unless all is stopped, this is a rehearsal and it would leave the team, or it is not ours any more.
-- One row: what is switched on, and the number of the attempt (null: none has begun).
with switched as (
    select coalesce(bool_or(is_on) filter (where name = 'stop'), false) as stop,
        coalesce(bool_or(is_on) filter (where name = 'rehearsal'), false) as rehearsal from switches
), begun as (
    update intents set begun_at = %(now)s, attempts = attempts + 1 from switched
    where id = %(id)s and standing = 'flying' and claimed_by = %(by)s and begun_at is null and withdrawn_at is null
        and not stop and (audience = 'team' or not rehearsal)
    returning id, attempts
), noted as (
    insert into intent_attempts (intent_id, number, at) select id, attempts, %(now)s from begun
)
select stop, rehearsal, (select attempts from begun) from switched;

-- name: settle
-- What an attempt came to, by whoever began it; word that it has arrived counts even if it comes after the intent was
-- taken from a deliverer that was thought dead, unless it was tried again. Tells how it stands, or nothing.
with noted as (
    update intent_attempts set ended_at = %(now)s, outcome = %(outcome)s, answer = %(answer)s
    where intent_id = %(id)s and number = %(attempt)s and outcome in ('flying', 'unknown')
)
update intents set
    standing = case when %(standing)s = 'waiting' and withdrawn_at is not null then 'withdrawn' else %(standing)s end,
    due_at = %(due_at)s, unknowns = unknowns + %(unknown)s, claimed_by = null, claimed_at = null, begun_at = null,
    settled_at = case when %(standing)s = 'waiting' and withdrawn_at is null then null else %(now)s end,
    reference = %(reference)s, answer = %(answer)s
where id = %(id)s and attempts = %(attempt)s and (
    (standing = 'flying' and claimed_by = %(by)s and begun_at is not null)
    or (%(standing)s = 'done' and begun_at is null and standing in ('waiting', 'flying', 'parked')))
returning standing;

-- name: drop
-- An intent that was claimed is not attempted, and why.
update intents set standing = %(standing)s, claimed_by = null, claimed_at = null, settled_at = %(now)s,
    answer = %(answer)s
where id = %(id)s and standing = 'flying' and claimed_by = %(by)s and begun_at is null returning id;

-- name: put_off
-- An intent that was claimed waits for an instant: what it tells of is held.
update intents set claimed_by = null, claimed_at = null, due_at = %(at)s,
    standing = case when withdrawn_at is null then 'waiting' else 'withdrawn' end
where id = %(id)s and standing = 'flying' and claimed_by = %(by)s and begun_at is null;

-- name: release
-- Intents that were claimed and have not begun wait again.
update intents set claimed_by = null, claimed_at = null,
    standing = case when withdrawn_at is null then 'waiting' else 'withdrawn' end
where id = any(%(ids)s) and standing = 'flying' and claimed_by = %(by)s and begun_at is null;

-- name: claimants
-- The numbers of deliverers that have claimed something, in order.
select distinct claimed_by from intents where standing = 'flying' and claimed_by is not null order by claimed_by;

-- name: lock_number
-- Whether this session now holds the lock of a deliverer's number.
select pg_try_advisory_lock(%(lock)s, %(number)s);

-- name: is_free
-- Whether nobody holds the lock of a deliverer's number; it is ours until the transaction ends.
select pg_try_advisory_xact_lock(%(lock)s, %(number)s);

-- name: next_number
-- A number for a deliverer.
select nextval('deliverer_numbers')::integer;

-- name: left_by
-- What a deliverer has left: what it claimed, with the attempt that is under way (null: none is); by number.
select id, key, channel, audience, kind, target, about, alert_id, due_at, attempts, unknowns, replayed_after, claimed_by,
    begun_at is not null
from intents where standing = 'flying' and claimed_by = %s order by id for update;

-- name: leave_alone
-- A place is left alone until then.
insert into quiet_targets (channel, target, until) values (%(channel)s, %(target)s, %(until)s)
on conflict (channel, target) do update set until = greatest(quiet_targets.until, excluded.until);

-- name: member
-- Where a member of the team gets mail: name and address.
select name, email from members where id = %s and removed_at is null;

-- name: replay
-- Intents that were given up, or of which nobody knows, are sent on: those with these numbers, or (null) all of a
-- standing; by number. What was withdrawn is not.
update intents set standing = 'waiting', due_at = %(now)s, replayed_after = attempts, settled_at = null,
    claimed_by = null, claimed_at = null, begun_at = null
where standing = any(%(standings)s) and withdrawn_at is null
    and (%(ids)s::bigint[] is null or id = any(%(ids)s))
returning id;

-- name: wake
-- Deliverers are told to look.
notify couveuse_intents;

-- name: page
-- Intents, the newest first, from a number on; null: of all standings, of all channels.
select id, key, channel, audience, kind, target, about, alert_id, standing, made_at, due_at, attempts, unknowns,
    settled_at, reference, answer
from intents
where id < %(before)s and (%(standings)s::text[] is null or standing = any(%(standings)s))
    and (%(channel)s::text is null or channel = %(channel)s)
order by id desc limit %(most)s;

-- name: page_endpoint
-- The same of one endpoint.
select id, key, channel, audience, kind, target, about, alert_id, standing, made_at, due_at, attempts, unknowns,
    settled_at, reference, answer
from intents
where channel = 'webhook' and target ->> 'endpoint' = %(endpoint)s and id < %(before)s
    and (%(standings)s::text[] is null or standing = any(%(standings)s))
order by id desc limit %(most)s;

-- name: of_alert
-- What goes out of an alert, alone or in a digest; by number.
select id, key, channel, audience, kind, target, about, alert_id, standing, made_at, due_at, attempts, unknowns,
    settled_at, reference, answer
from intents
where alert_id = %(alert)s or id in (select intent_id from digest_items where alert_id = %(alert)s) order by id;

-- name: counts
-- How much of each channel stands how, of what is not at its end; by channel.
select channel, standing, count(*) from (
    select channel, standing from intents where standing = 'waiting'
    union all select channel, standing from intents where standing = 'flying'
    union all select channel, standing from intents where standing = 'parked'
    union all select channel, standing from intents where standing = 'dead'
) i group by channel, standing order by channel, standing;

-- name: attempts
-- The attempts of an intent, in order.
select number, at, ended_at, outcome, answer from intent_attempts where intent_id = %s order by number;

-- name: look
-- What goes out and how it stands: one row.
select
    (select coalesce(jsonb_object_agg(channel, waiting), '{}') from (
        select channel, count(*) as waiting from intents where standing = 'waiting' group by channel) c),
    (select count(*) from intents where standing = 'flying' and begun_at is not null),
    (select count(*) from intents where standing = 'parked'),
    (select count(*) from intents where standing = 'dead'),
    (select min(due_at) from intents where standing = 'waiting'),
    (select coalesce(jsonb_object_agg(name, jsonb_build_array(at, "by", because)), '{}') from switches where is_on);
