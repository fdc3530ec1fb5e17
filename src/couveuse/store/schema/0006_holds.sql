-- Leads put on hold by hand.
select 1;
