-- The leads of whom an import spoke. `is_...` are conditions on a lead `b`.

-- name: is_any
true

-- name: is_new
-- The lead came with the import: what is counted of it when it is done (`reach` of consents.sql) has the same rule.
b.created_at >= %(brought_since)s

-- name: is_known
b.created_at < %(brought_since)s

-- name: size
-- How many identities an import named, so many at most.
select count(*) from (select from imported where import_id = %(brought_by)s limit %(most)s) as counted;

-- name: spoken_of
-- Leads to which identities point that an import named; as often as it did.
select i.lead_id from imported m join identities i on i.id = m.identity_id join leads b on b.id = i.lead_id
where m.import_id = %(brought_by)s and {condition}
