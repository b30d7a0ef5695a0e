"""The Prompt Lab: prompts, how their variants do, and whether that is chance."""
