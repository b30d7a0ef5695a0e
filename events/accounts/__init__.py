"""Accounts: organisations with their keys, projects and limits."""
