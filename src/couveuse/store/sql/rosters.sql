-- name: newest
-- The document of the team that counts.
select id, document, at, by from team_documents order by id desc limit 1;

-- name: versions
-- The documents that were applied, the newest first.
select id, document, at, by from team_documents where id < %(before)s order by id desc limit %(most)s;

-- name: version
select id, document, at, by from team_documents where id = %(id)s;

-- name: keep
-- A document that counts from now on.
insert into team_documents (document, at, by) values (%(document)s, %(now)s, %(by)s) returning id;

-- name: write_members
-- People as the document has them; who was removed before is back.
insert into members (id, name, email, telephone, language, settings)
select id, name, email, telephone, language, settings from jsonb_to_recordset(%(rows)s::jsonb)
    as told (id text, name text, email text, telephone text, language text, settings jsonb)
on conflict (id) do update set name = excluded.name, email = excluded.email, telephone = excluded.telephone,
    language = excluded.language, settings = excluded.settings, removed_at = null;

-- name: remove_members
-- People of whom the document says nothing any more keep their row: tasks and logs name them.
update members set removed_at = %(now)s where removed_at is null and id <> all(%(ids)s) returning id;

-- name: write_teams
-- Teams as the document has them.
insert into teams (id, label, settings)
select id, label, settings from jsonb_to_recordset(%(rows)s::jsonb) as told (id text, label jsonb, settings jsonb)
on conflict (id) do update set label = excluded.label, settings = excluded.settings, removed_at = null;

-- name: remove_teams
-- Teams of which the document says nothing any more keep their row.
update teams set removed_at = %(now)s where removed_at is null and id <> all(%(ids)s) returning id;

-- name: clear_memberships
delete from memberships;

-- name: write_memberships
-- Who is in which team, at which place in the document's order.
insert into memberships (team, member, place, is_lead)
select team, member, place, is_lead from jsonb_to_recordset(%(rows)s::jsonb)
    as told (team text, member text, place smallint, is_lead boolean);

-- name: clear_absences
-- What the document before said; what was said by hand stays.
delete from absences where is_of_document;

-- name: write_absences
-- Absences that the document says.
insert into absences (member, first_day, last_day, because, at, by, is_of_document)
select member, first_day, last_day, because, %(now)s, %(by)s, true from jsonb_to_recordset(%(rows)s::jsonb)
    as told (member text, first_day date, last_day date, because text);

-- name: absences
-- Who is away when, of those who are still there, from a day on or at any time; by first day.
select absences.id, member, first_day, last_day, because, absences.at, absences.by, is_of_document
from absences join members on members.id = member
where removed_at is null and (%(since)s::date is null or last_day >= %(since)s) order by first_day, absences.id;

-- name: add_absence
-- An absence said by hand, of somebody who is there; no row where there is no such member.
insert into absences (member, first_day, last_day, because, at, by)
select id, %(first_day)s, %(last_day)s, %(because)s, %(now)s, %(by)s from members
where id = %(member)s and removed_at is null returning id;

-- name: remove_absence
delete from absences where id = %(id)s returning id;

-- name: end_absences
-- Absences that hold on a day end the day before; one that begins on that day goes.
with held as (
    select id from absences where member = %(member)s and first_day <= %(day)s and last_day >= %(day)s for update
), gone as (
    delete from absences using held where absences.id = held.id and first_day = %(day)s
    returning absences.id, is_of_document
), ended as (
    update absences set last_day = %(day)s::date - 1 from held where absences.id = held.id and first_day < %(day)s
    returning absences.id, is_of_document
)
select id, is_of_document from gone union all select id, is_of_document from ended order by id;

-- name: is_member
select 1 from members where id = %(member)s and removed_at is null;

-- name: teams_of
-- The teams of a member, by id.
select m.team from memberships m join teams t on t.id = m.team and t.removed_at is null where m.member = %s order by m.team;

-- name: open_tasks
-- How many open tasks some members have, by member.
select member, count(*) from tasks where standing = 'open' and member = any(%s::text[]) group by member order by member;

-- name: open_tasks_of_teams
-- How many open tasks some teams have, by team and treatment.
select team, treatment, count(*) from tasks where standing = 'open' and team = any(%s::text[])
group by team, treatment order by team, treatment;
