-- name: live
-- The models under which facts are folded, by number.
select id, name, version, document, our_domains, our_addresses, standing from models
where standing in ('acting', 'scoring', 'coming') order by id;

-- name: publish
-- A new version of a model, at a standing; versions of one name are counted.
insert into models (name, version, document, our_domains, our_addresses, standing, published_by, progress)
select %(name)s::text, coalesce(max(version), 0) + 1, %(document)s, %(domains)s::jsonb, %(addresses)s::jsonb, %(standing)s,
    %(by)s, '{}'
from models where name = %(name)s::text
returning id, version;

-- name: stand
-- Where a version stands.
update models set standing = %(standing)s where id = %(id)s;
