-- name: latest
-- What the whole history says of a version of a model, the leads behind its rules apart.
select model_id, at, report - 'behind' from learnt_reports where model_id = %s;

-- name: behind
-- The numbers of the leads behind a rule over a period, those that it gave most to first, and how many leads it gave to;
-- null numbers where an earlier version of ours counted. No row where nothing was counted.
select report #> array['behind', %(rule)s, %(days)s::text], (
    select (p ->> 'leads')::bigint from jsonb_array_elements(report -> 'rules') r,
        jsonb_array_elements(r -> 'periods') p
    where r ->> 'id' = %(rule)s and (p ->> 'days')::integer = %(days)s)
from learnt_reports where model_id = %(model)s;

-- name: save
-- The same, unless a later one is there.
insert into learnt_reports (model_id, at, report) values (%(model)s, %(at)s, %(report)s::jsonb)
on conflict (model_id) do update set at = excluded.at, report = excluded.report
where learnt_reports.at <= excluded.at;

-- name: signs
-- Whether a lead has a state under a model, and when files were last brought in or taken back.
select exists (select from lead_states where model_id = %(model)s),
    (select (extract(epoch from max(ended_at)) * 1000000)::bigint from imports);
