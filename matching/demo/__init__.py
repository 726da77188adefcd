"""A living company to try the product on: Fernhill Foods, made by a seeded generator."""
