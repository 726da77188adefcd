"""The schema of purchasing, step by step."""
