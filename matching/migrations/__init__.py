"""The schema of matching, step by step."""
