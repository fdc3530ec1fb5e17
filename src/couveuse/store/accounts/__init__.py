"""People who sign in: a Django application of its own, for what signs people in depends on its first migration."""
