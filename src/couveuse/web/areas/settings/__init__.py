"""Users, teams, keys, channels, switches and health."""
