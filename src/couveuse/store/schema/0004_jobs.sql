-- Long work asked for by people, and what is learnt of the whole history.
select 1;
