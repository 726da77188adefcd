"""`python3 manage.py start`: everything on one machine."""


def run(arguments: list[str]) -> int:
    """Start everything; Ctrl-C stops it."""
    raise SystemExit("not yet")
