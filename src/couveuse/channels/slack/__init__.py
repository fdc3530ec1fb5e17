"""Slack, by an incoming webhook: an address that is a secret, and posts to one channel."""
