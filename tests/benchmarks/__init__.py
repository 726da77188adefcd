"""Figures of the running system, in a database of their own: `python3 manage.py bench`."""
