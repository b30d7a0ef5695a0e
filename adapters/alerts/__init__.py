"""Channels that alerts go by: a webhook, a chat that speaks Slack's, mail."""
