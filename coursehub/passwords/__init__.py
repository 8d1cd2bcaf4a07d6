"""Passwords of the course's own, for ``sign-in: password``: how they are kept, which one counts, what may be chosen.

Standard library only: the ``course`` command issues one-time passwords as root, the hub keeps the chosen ones.
"""
