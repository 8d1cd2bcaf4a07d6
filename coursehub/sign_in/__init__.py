"""Sign in with the account students already have, or with a password of the course; a way a file.

Whatever vouches for people, the roster is the only door (door.py).
"""
