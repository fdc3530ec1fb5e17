-- Leads found by their words, by their groups, owners and sources; views that people keep.
select 1;
