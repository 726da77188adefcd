"""Template tags of the suppliers app."""
