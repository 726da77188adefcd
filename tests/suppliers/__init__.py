"""The suppliers app: lists, agreements, ranking, and the actions that change them."""
