"""What operators run for this floor."""
