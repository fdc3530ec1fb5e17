-- name: partition
-- Where the states of one model lie.
create table if not exists {table} partition of lead_states for values in ({model}) with (fillfactor = 75);

-- name: partition_indexes
-- What finds them: by lead, by score for lists, by the time of the next change of band; and by what few leads have.
create unique index if not exists {by_lead} on {table} (lead_id);
create index if not exists {by_score} on {table} (sort_score desc, lead_id);
create index if not exists {by_change} on {table} (band_changes_at) where band_changes_at is not null;
create index if not exists {by_stage} on {table} (coalesce(stage, -1), sort_score desc, lead_id);
create index if not exists {by_class} on {table} (class, sort_score desc, lead_id) where class is not null;
create index if not exists {by_persona} on {table} (persona, sort_score desc, lead_id) where persona is not null;

-- name: drop_partition
-- The states of a model that is done with.
drop table if exists {table};

-- name: room
-- Where new states wait before they take the place of old ones, in this session only.
create temp table if not exists new_states (like lead_states) on commit delete rows;

-- name: bring
-- New states, by COPY in binary, to where they wait.
copy pg_temp.new_states (model_id, lead_id, score, sort_score, read_at, band_changes_at, last_event_at, behaviour, fit,
    band, stage, temperature, maturity, class, persona, routes, state) from stdin (format binary);

-- name: update
-- The states that wait take the place of those that leads had under this model.
update {table} s set
    score = g.score, sort_score = g.score, read_at = g.read_at, band_changes_at = g.band_changes_at,
    last_event_at = g.last_event_at, behaviour = g.behaviour, fit = g.fit, band = g.band, stage = g.stage,
    temperature = g.temperature, maturity = g.maturity, class = g.class, persona = g.persona, routes = g.routes,
    state = g.state
from pg_temp.new_states g where s.lead_id = g.lead_id and g.model_id = {model};

-- name: copy
-- States of leads that had none under this model, by COPY in binary.
copy {table} (model_id, lead_id, score, sort_score, read_at, band_changes_at, last_event_at, behaviour, fit, band, stage,
    temperature, maturity, class, persona, routes, state) from stdin (format binary);

-- name: remove
-- Leads that are no more have no state.
delete from lead_states where lead_id = any(%s);

-- name: due
-- Leads whose band changes by time alone, now or before; the longest due first. Those being worked on are left out.
select lead_id, state, band, stage, temperature, class from {table}
where band_changes_at <= %(now)s order by band_changes_at limit %(most)s for update skip locked;

-- name: stale
-- Leads whose score for lists is too old; in no order. Those being worked on are left out.
select lead_id, state, band, stage, temperature, class from {table}
where read_at < %(before)s and lead_id > %(after)s order by lead_id limit %(most)s for update skip locked;

-- name: next_due
-- When the next change of band by time alone is due (null: none is foreseen).
select min(band_changes_at) from {table};

-- name: packed
-- The packed states of some leads under a model; in no order.
select lead_id, state from lead_states where model_id = %(model)s and lead_id = any(%(leads)s::bigint[]);
