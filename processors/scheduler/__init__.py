"""Scheduler: who is dispatched next, fairly over organisations, priorities and models, within all caps."""
