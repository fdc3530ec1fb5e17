-- What is kept for a while only. Each statement takes away so many rows at most, so that no lock is held for long, leaves
-- out what another process is at, and tells how many went.

-- name: jobs
-- Work that is over, without the last one of some kinds, by which it is known when it was done, and that of files which
-- are kept.
with gone as (
    delete from jobs where id in (
        select j.id from jobs j
        where j.standing in ('done', 'failed', 'given_up') and j.ended_at < %(before)s
            and not (j.kind = any(%(kept)s) and not exists (select from jobs n where n.kind = j.kind and n.id > j.id))
            and not exists (select from uploads u where u.job_id = j.id and u.emptied_at is null)
        order by j.id limit %(most)s for update of j skip locked)
    returning 1
)
select count(*) from gone;

-- name: drafts
-- Models on their way that were published, given up, or failed; the versions that they became stay.
with gone as (
    delete from drafts where id in (
        select id from drafts where standing in ('published', 'given_up', 'failed') and settled_at < %(before)s
        order by id limit %(most)s for update skip locked)
    returning 1
)
select count(*) from gone;

-- name: uploads
-- Uploaded files whose pieces went, of which no import stands: by the others it is known that a file comes again.
with gone as (
    delete from uploads where id in (
        select u.id from uploads u where u.emptied_at < %(before)s and not exists (
            select from imports i where i.id = u.import_id and i.standing <> 'undone')
        order by u.id limit %(most)s for update of u skip locked)
    returning 1
)
select count(*) from gone;

-- name: rejects
-- What could not be taken, the oldest first: they came in the order of their numbers.
with gone as (
    delete from rejects where id in (
        select id from (select id, received_at from rejects order by id limit %(most)s) oldest
        where received_at < %(before)s)
    returning 1
)
select count(*) from gone;

-- name: invitations
-- Invitations that were used or taken back, or have expired.
with gone as (
    delete from invitations where id in (
        select id from invitations
        where least(used_at, revoked_at, expires_at) < to_timestamp(%(before)s / 1000000.0)
        order by id limit %(most)s for update skip locked)
    returning 1
)
select count(*) from gone;

-- name: attempts
-- Attempts to sign in that failed, and when somebody signed in.
with attempts as (
    select id from axes_accessattempt where attempt_time < to_timestamp(%(before)s / 1000000.0) order by id limit %(most)s
), expirations as (
    delete from axes_accessattemptexpiration where access_attempt_id in (select id from attempts)
), gone as (
    delete from axes_accessattempt where id in (select id from attempts) returning 1
), failures as (
    delete from axes_accessfailurelog where id in (
        select id from axes_accessfailurelog where attempt_time < to_timestamp(%(before)s / 1000000.0)
        order by id limit %(most)s)
    returning 1
), entries as (
    delete from axes_accesslog where id in (
        select id from axes_accesslog where attempt_time < to_timestamp(%(before)s / 1000000.0) order by id limit %(most)s)
    returning 1
)
select greatest((select count(*) from gone), (select count(*) from failures), (select count(*) from entries));

-- name: sessions
-- Sessions that have expired, and where they were begun.
with expired as (
    delete from django_session where session_key in (
        select session_key from django_session where expire_date < to_timestamp(%(before)s / 1000000.0)
        limit %(most)s for update skip locked)
    returning 1
), listed as (
    delete from usersessions_usersession where id in (
        select s.id from usersessions_usersession s
        where s.last_seen_at < to_timestamp(%(before)s / 1000000.0)
            and not exists (select from django_session d where d.session_key = s.session_key)
        order by s.id limit %(most)s)
    returning 1
)
select greatest((select count(*) from expired), (select count(*) from listed));

-- name: alerts
-- Alerts, with what went out of them, whose work is done: their task, where there is one, was closed or taken back; nobody
-- is to be told of them any more, nobody has to say whether they arrived, and no alert refers to them that stays.
with chosen as materialized (
    select a.id from alerts a left join tasks t on t.id = a.task_id
    where a.at < %(before)s and coalesce(a.acknowledged_at, 0) < %(before)s and coalesce(a.withdrawn_at, 0) < %(before)s
        and (t.id is null
            or (t.standing not in ('open', 'accepted') and coalesce(t.closed_at, t.opened_at) < %(before)s))
        and not exists (select from alerts o where o.of_id = a.id)
        and not exists (select from intents i where i.alert_id = a.id
            and (i.standing not in ('done', 'withdrawn', 'dead') or i.settled_at >= %(before)s))
        and not exists (select from digest_items d left join intents i on i.id = d.intent_id where d.alert_id = a.id
            and (d.intent_id is null or i.standing not in ('done', 'withdrawn', 'dead')))
    order by a.at, a.id limit %(most)s for update of a skip locked
), tried as (
    delete from intent_attempts where intent_id in (select i.id from intents i join chosen on chosen.id = i.alert_id)
), sent as (
    delete from intents where alert_id in (select id from chosen)
), told as (
    delete from digest_items where alert_id in (select id from chosen)
), gone as (
    delete from alerts where id in (select id from chosen) returning 1
)
select count(*) from gone;

-- name: intents
-- What went out of no alert, or was given up or taken back: digests whose alerts are gone, webhooks, mails about accounts.
-- What may or may not have arrived waits for somebody to say.
with chosen as materialized (
    select i.id from intents i
    where i.alert_id is null and i.standing in ('done', 'withdrawn', 'dead') and i.settled_at < %(before)s
        and not exists (select from digest_items d where d.intent_id = i.id)
    order by i.settled_at limit %(most)s for update of i skip locked
), tried as (
    delete from intent_attempts where intent_id in (select id from chosen)
), gone as (
    delete from intents where id in (select id from chosen) returning 1
)
select count(*) from gone;
