"""The offline planner: rules that speak a language model's wire, honest about being no model."""
