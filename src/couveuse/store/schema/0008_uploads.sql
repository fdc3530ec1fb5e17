-- Files that people upload, in pieces.
select 1;
