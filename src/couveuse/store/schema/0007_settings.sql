-- What people set on screens.
select 1;
