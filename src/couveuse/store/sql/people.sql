-- name: lock
-- Whoever changes who is here, or who may do what, waits for others that do: the last owner cannot be lost in a race.
select pg_advisory_xact_lock(%(lock)s);

-- name: is_anybody_here
-- Whether there is an account, active or not.
select exists (select from users);

-- name: add
-- Somebody new; nothing where the e-mail has an account.
insert into users (
    password, email, name, role, member, language, timezone, theme, is_active, session_generation
) values (
    %(password)s, %(email)s, %(name)s, %(role)s, %(member)s, %(language)s, %(timezone)s, 'auto', true, 0
) on conflict (email) do nothing returning id;

-- name: all
-- Everybody, by name; sessions are those that still hold, and a second factor is an authenticator or a passkey.
select u.id, u.email, u.name, u.role, u.member, u.language, u.timezone, u.is_active, u.joined_at, u.last_login,
       exists (select from mfa_authenticator a where a.user_id = u.id and a.type in ('totp', 'webauthn')),
       (select count(*) from usersessions_usersession s join django_session d using (session_key)
        where s.user_id = u.id and d.expire_date > now())
from users u order by lower(u.name), u.id;

-- name: one
-- Somebody by number.
select u.id, u.email, u.name, u.role, u.member, u.language, u.timezone, u.is_active, u.joined_at, u.last_login,
       exists (select from mfa_authenticator a where a.user_id = u.id and a.type in ('totp', 'webauthn')),
       (select count(*) from usersessions_usersession s join django_session d using (session_key)
        where s.user_id = u.id and d.expire_date > now())
from users u where u.id = %(id)s;

-- name: of_email
-- The number of whoever has an e-mail, which is in lower case.
select id from users where email = %(email)s;

-- name: of_member
-- Active people who are this member of the team's document, but for one of them.
select email from users where member = %(member)s and is_active and id <> %(but)s order by id;

-- name: is_member
-- Whether the team's document has a member of this id.
select exists (select from members where id = %(member)s and removed_at is null);

-- name: other_owners
-- How many active owners there are beside somebody.
select count(*) from users where role = 'owner' and is_active and id <> %(id)s;

-- name: set_role
-- What somebody may do from now on.
update users set role = %(role)s where id = %(id)s;

-- name: set_member
-- Which member of the team's document somebody is.
update users set member = %(member)s where id = %(id)s;

-- name: set_active
-- Whether somebody may sign in.
update users set is_active = %(is_active)s where id = %(id)s;

-- name: set_own
-- What people say of themselves.
update users set name = %(name)s, language = %(language)s, timezone = %(timezone)s, theme = %(theme)s
where id = %(id)s;

-- name: set_password
-- A new password, as its digest.
update users set password = %(password)s where id = %(id)s;

-- name: end_sessions
-- Every session of somebody ends but one, those that nobody keeps a list of too (whoever keeps one takes on the new
-- number); how many were listed.
with ended as (
    delete from usersessions_usersession where user_id = %(id)s and session_key <> %(but)s returning session_key
), generation as (
    update users set session_generation = session_generation + 1 where id = %(id)s
), gone as (
    delete from django_session where session_key in (select session_key from ended) and expire_date > now() returning 1
)
select count(*) from gone;

-- name: end_session
-- One session of somebody ends.
with ended as (
    delete from usersessions_usersession where user_id = %(id)s and id = %(session)s returning session_key
)
delete from django_session where session_key in (select session_key from ended) returning 1;

-- name: sessions
-- The sessions of somebody that still hold, the one used last first.
select s.id, s.session_key, host(s.ip), s.user_agent, s.created_at, s.last_seen_at
from usersessions_usersession s join django_session d using (session_key)
where s.user_id = %(id)s and d.expire_date > now() order by s.last_seen_at desc, s.id desc;

-- name: forget_factors
-- Authenticators, passkeys and recovery codes of somebody are forgotten.
delete from mfa_authenticator where user_id = %(id)s;

-- name: secrets_of
-- What links of somebody are bound to.
select email, name, language, timezone, is_active, password, session_generation, last_login from users
where id = %(id)s;

-- name: set_email
-- Another e-mail of somebody; nothing where another account has it.
update users u set email = %(email)s where u.id = %(id)s and not exists (
    select from users o where o.email = %(email)s and o.id <> u.id)
returning id;

-- name: forget_emails
-- What the sign-in keeps of e-mails of somebody, confirmed or not: nobody signs in by one of before.
with mails as (select id from account_emailaddress where user_id = %(id)s),
confirmations as (delete from account_emailconfirmation where email_address_id in (select id from mails))
delete from account_emailaddress where user_id = %(id)s;

-- name: forget_elsewhere
-- By whom somebody was known elsewhere.
with accounts as (select id from socialaccount_socialaccount where user_id = %(id)s),
tokens as (delete from socialaccount_socialtoken where account_id in (select id from accounts))
delete from socialaccount_socialaccount where user_id = %(id)s;

-- name: forget_views
-- What somebody kept of lists for themselves.
delete from lead_views where user_id = %(id)s;

-- name: forget_attempts
-- Attempts to sign in by an e-mail.
with expirations as (delete from axes_accessattemptexpiration where access_attempt_id in (
    select id from axes_accessattempt where username = %(email)s)),
failures as (delete from axes_accessfailurelog where username = %(email)s),
log as (delete from axes_accesslog where username = %(email)s)
delete from axes_accessattempt where username = %(email)s;

-- name: delete
-- Somebody has no account any more.
delete from users where id = %(id)s;
