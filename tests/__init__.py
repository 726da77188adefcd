"""What must be true, and the proof that each test can fail."""
