"""WHEN: one flow for each stage, under Prefect where an API answers, plainly where none does."""
