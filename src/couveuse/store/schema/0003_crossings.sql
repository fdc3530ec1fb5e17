-- Crossings of bands and temperatures, and what the first page counts.
select 1;
