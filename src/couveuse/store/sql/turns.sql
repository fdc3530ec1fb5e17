-- name: begin
-- A version acts from now on, and the one before no more.
with ended as (
    update model_turns set ended_at = %(now)s where ended_at is null
)
insert into model_turns (model_id, began_at, by) values (%(model)s, %(now)s, %(by)s);

-- name: all
-- When each version acted, the last turn first.
select model_id, began_at, by, ended_at from model_turns order by id desc limit %(most)s;
