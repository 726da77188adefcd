"""Template filters of the purchasing screens."""
