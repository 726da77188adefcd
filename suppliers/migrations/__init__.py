"""The schema of suppliers, step by step."""
