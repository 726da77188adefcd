"""Tags and filters of the invoice screens."""
