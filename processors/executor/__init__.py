"""Executor: a step that is ready becomes a job, and a job's end becomes the step's result."""
