"""Signing in, invitations, one's own account."""
