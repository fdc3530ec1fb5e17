-- name: append
-- Packets for the engine; their ids say in which order they were accepted.
insert into inbox (lane, events, received_at, packet)
select * from unnest(%b::smallint[], %b::integer[], %b::bigint[], %b::bytea[]);
