-- name: all
-- The published versions of models, the newest first.
select id, name, version, document, our_domains, our_addresses, standing, published_by, published_at, progress
from models where id < %(before)s order by id desc limit %(most)s;

-- name: one
-- A published version, whatever its standing.
select id, name, version, document, our_domains, our_addresses, standing, published_by, published_at, progress
from models where id = %s;

-- name: acting
-- The version that acts.
select id, name, version, document, our_domains, our_addresses, standing, published_by, published_at, progress
from models where standing = 'acting';
