"""What was agreed, what came, what was billed."""
