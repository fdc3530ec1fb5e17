-- name: append
-- What facts and lists say of consents, by COPY in binary.
copy consents (identity_id, digest, purpose, is_given, at, received_at, is_claim, is_declared, basis, source, wording,
    proof, import_id) from stdin (format binary);

-- name: append_suppressions
-- Addresses to leave alone, or no more, by COPY in binary.
copy suppressions (digest, channel, reason, at, source, is_lifted, fact) from stdin (format binary);

-- name: of_leads
-- All that was said of the consents of some leads, with the identity that owns each word's (a merge by hand has several
-- in one lead); in no order.
select i.lead_id, coalesce(i.owner_id, i.id), c.purpose, c.is_given, c.at, c.basis, c.source, c.wording, c.is_claim,
    c.is_declared
from identities i join consents c on c.identity_id = i.id where i.lead_id = any(%s);

-- name: known_leads
-- Which of these leads are known by a trusted fact; in no order.
select distinct lead_id from identities where lead_id = any(%s) and is_known and sort < 2;

-- name: suppressions
-- All that was said of these addresses; in no order.
select digest, reason, at, is_lifted from suppressions where digest = any(%s::text::uuid[]) and channel = %s;

-- name: reach
-- Of the leads that an import speaks of: how many there are, how many of them are new, and how many may be written to for
-- a purpose or why not (the first reason counts). The rule is couveuse.core.consent's; a test holds the two together.
with people as materialized (
    select distinct i.lead_id from imported m join identities i on i.id = m.identity_id
    where m.import_id = %(import)s and i.lead_id is not null
), keys as materialized (
    select p.lead_id, i.id, coalesce(i.owner_id, i.id) as root, i.sort, i.digest, i.is_known
    from people p join identities i on i.lead_id = p.lead_id
), persons as (
    select lead_id, bool_or(is_known and sort < 2) as is_known from keys group by lead_id
), addresses as (
    select k.lead_id, bool_or(s.digest is null or s.last & 1 = 0) as is_open
    from keys k left join (
        select digest, max(at * 2 + (not is_lifted)::integer) as last from suppressions where channel = 'email' group by digest
    ) s on s.digest = k.digest
    where k.sort = 0 group by k.lead_id
), words as (
    select k.lead_id,
        max(c.at * 2 + (not c.is_given)::integer)
            filter (where not c.is_given or (c.basis = 'consent' and not c.is_declared)) as last_own
    from keys k join persons p using (lead_id) join consents c on c.identity_id = k.id
    where c.purpose = %(purpose)s
        and (not c.is_given or (c.basis = any(%(bases)s) and not (c.is_claim and p.is_known)))
    group by k.lead_id, k.root
), held as (
    select lead_id, bool_or(coalesce(last_own, 0) & 1 = 1) as is_withdrawn from words group by lead_id
)
select count(*), count(*) filter (where l.created_at >= %(since)s),
    count(*) filter (where a.is_open and not h.is_withdrawn),
    count(*) filter (where a.lead_id is null),
    count(*) filter (where not a.is_open),
    count(*) filter (where a.is_open and h.is_withdrawn),
    count(*) filter (where a.is_open and h.lead_id is null)
from people p join leads l on l.id = p.lead_id left join addresses a using (lead_id) left join held h using (lead_id);
