"""One-time passwords: read aloud, typed once, good until another is chosen, for 30 days at most."""

from __future__ import annotations

import re
import secrets

# Small letters and digits that are not taken for one another, no vowels that would make words: 27 of them, so that
# twelve are 57 bits. A guesser has 60 tries an hour (throttle.py).
LETTERS = "bcdfghjkmnpqrstvwxz23456789"
GROUPS, LENGTH = 3, 4
SECONDS = 30 * 24 * 3600  # how long one is good for


def new() -> str:
    """A password such as ``tk4m-x7rh-w9pd``."""
    return "-".join("".join(secrets.choice(LETTERS) for _ in range(LENGTH)) for _ in range(GROUPS))


def bare(typed: str) -> str:
    """What was typed, without what does not matter: case, and whatever stands between the letters."""
    return re.sub(r"[\W_]", "", typed).casefold()
