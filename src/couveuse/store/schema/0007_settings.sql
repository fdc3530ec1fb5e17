-- What the API answered to requests that carried a key of their sender's: the same request is answered so again.
create table answers (
    token_id bigint not null,
    key uuid not null,                      -- a digest of the sender's key, which may say anything
    digest uuid not null,                   -- of the request: its method, its address, its body
    at bigint not null,
    status smallint not null,
    sealed bytea,                           -- headers and body, sealed; null: somebody was erased, and may stand in it
    primary key (token_id, key)
);
create index answers_at on answers (at);

-- The journal of what was done by hand, as people read it: by whom, what, about which lead; the newest first.
create index audit_by on audit (by, id);
create index audit_did on audit (did, id);
create index audit_lead on audit ((about ->> 'lead'), id) where about ? 'lead';

-- What went to one endpoint, the newest first.
create index intents_endpoint on intents ((target ->> 'endpoint'), id) where channel = 'webhook';
