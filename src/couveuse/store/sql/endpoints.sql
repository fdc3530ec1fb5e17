-- name: add
-- A new endpoint; no row comes back where there is one of that id.
insert into endpoints (id, url, events, sealed, made_at) values (%(id)s, %(url)s, %(events)s, %(sealed)s, %(now)s)
on conflict (id) do nothing returning id;

-- name: all
-- Every endpoint, by id.
select id, url, events, made_at, disabled_at, disabled_because, failing_since from endpoints order by id;

-- name: one
-- An endpoint with its sealed secrets.
select id, url, events, made_at, disabled_at, disabled_because, failing_since, sealed from endpoints where id = %s;

-- name: reseal
-- Other secrets for an endpoint.
update endpoints set sealed = %(sealed)s where id = %(id)s returning id;

-- name: change
-- Another address and other events.
update endpoints set url = %(url)s, events = %(events)s where id = %(id)s returning id;

-- name: disable
-- Nothing is sent to an endpoint any more; the first reason counts. No row comes back where it was disabled before.
update endpoints set disabled_at = %(now)s, disabled_because = %(because)s
where id = %(id)s and disabled_at is null returning id;

-- name: enable
-- An endpoint gets what is planned from now on.
update endpoints set disabled_at = null, disabled_because = '', failing_since = null where id = %s returning id;

-- name: mark_failing
-- An endpoint fails since then.
update endpoints set failing_since = %(now)s where id = %(id)s and failing_since is null;

-- name: mark_well
-- An endpoint does not fail.
update endpoints set failing_since = null where id = %s and failing_since is not null;

-- name: put_secret
-- A sealed secret by name; a newer one replaces it.
insert into sealed_secrets (name, sealed, at, by) values (%(name)s, %(sealed)s, %(now)s, %(by)s)
on conflict (name) do update set sealed = excluded.sealed, at = excluded.at, by = excluded.by;

-- name: secret
-- A sealed secret.
select sealed from sealed_secrets where name = %s;

-- name: secrets
-- The names of sealed secrets, in order, with when and by whom each was set.
select name, at, by from sealed_secrets order by name;

-- name: remove_secret
-- A sealed secret is forgotten.
delete from sealed_secrets where name = %s returning name;
