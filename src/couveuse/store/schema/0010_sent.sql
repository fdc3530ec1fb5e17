-- What messages that went out are found by when their time is over.

-- Those of no alert, by when they were settled.
create index intents_over on intents (settled_at) where alert_id is null and standing in ('done', 'withdrawn', 'dead');

-- Who goes is asked after by those who may refer to it.
create index alerts_of on alerts (of_id) where of_id is not null;
create index digest_items_intent on digest_items (intent_id) where intent_id is not null;
