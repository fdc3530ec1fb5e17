"""Webhooks, as Standard Webhooks has them: signed, with an id by which a receiver tells copies."""
