"""The files that a payment batch leaves as, a module per format. Each gets rows and gives bytes."""
