"""Orgs: one decider for accounts, jobs and money, so that a job and its credits move in one decision."""
