"""Who we buy from, what, on which terms, why, and how they did."""
