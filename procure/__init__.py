"""The ground: organizations, people, the event trail, money, and the frame of the screens.

Nothing is imported here: bootstrap.py must load before Django is installed.
"""
