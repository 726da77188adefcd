"""The two commands and the machine room."""
