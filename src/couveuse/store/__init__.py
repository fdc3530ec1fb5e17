"""PostgreSQL: tables and migrations, named SQL by noun, bulk functions. The only SQL on live data is in here."""

# The oldest PostgreSQL that will do.
OLDEST = 15
