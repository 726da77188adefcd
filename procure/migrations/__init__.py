"""The schema of the ground, step by step."""
