-- name: latest
-- What the whole history says of a version of a model.
select model_id, at, report from learnt_reports where model_id = %s;

-- name: save
-- The same, unless a later one is there.
insert into learnt_reports (model_id, at, report) values (%(model)s, %(at)s, %(report)s::jsonb)
on conflict (model_id) do update set at = excluded.at, report = excluded.report
where learnt_reports.at <= excluded.at;

-- name: signs
-- Whether a lead has a state under a model, and when files were last brought in or taken back.
select exists (select from lead_states where model_id = %(model)s),
    (select (extract(epoch from max(ended_at)) * 1000000)::bigint from imports);
