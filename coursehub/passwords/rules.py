"""What may be chosen as a password: NIST SP 800-63B-4, section 3.1.1.2 (https://pages.nist.gov/800-63-4/sp800-63b.html).

At least 15 characters where nothing but the password is asked, any characters, no rule of which kinds, no change after
a time; what everybody would guess is refused, compared as a whole.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from coursehub.roster import Person

SHORTEST = 15  # characters
LONGEST = 256  # far beyond the 64 that must be accepted, and nothing to keep a server busy with
FEWEST = 5  # different characters
_DIGITS = "0123456789"

# What people take when they are made to choose, before it is stretched to the length: by repetition, or with digits
# before or behind it. Drawn up for this course: of the lists of leaked passwords, next to nothing has 15 characters.
_COMMON = """
    abcdefgh admin administrator anaconda azerty baseball changeme choosepassword college computer
    correcthorsebatterystaple course dragon engineering football hallo hello iloveyou jupyter jupyterhub letmein
    login master monkey mypassword myverysecretpassword notebook onetimepassword pass passw0rd password
    passwordpassword passwort pleaseletmein princess qwerty qwertz secret security shadow starwars student
    sunshine superman teacher test thisisapassword thisismypassword trustno university verysecretpassword
    welcome whatever
"""
_ROWS = ("1234567890", "abcdefghijklmnopqrstuvwxyz", "qwertyuiopasdfghjklzxcvbnm", "qwertzuiopasdfghjklyxcvbnm",
         "azertyuiopqsdfghjklmwxcvbn", "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p", "1q2w3e4r5t6y7u8i9o0p")  # fmt: skip


def problem(password: str, again: str, person: Person) -> str:
    """Why ``person`` cannot have ``password``, in a sentence; empty if they can."""
    length = len(unicodedata.normalize("NFKC", password))
    if length < SHORTEST:
        return f"Your password has {length} characters; it needs at least {SHORTEST}. A sentence is easy to remember."
    if length > LONGEST:
        return f"Your password has {length} characters; at most {LONGEST} can be kept."
    if password != again:
        return "The two passwords are not the same. Type them again."
    if obvious(password, person):
        return "Others would guess this password early. Choose one that is not made of your name or of what many take."
    return ""


def obvious(password: str, person: Person) -> bool:
    """Whether it is one of the first that others would try for ``person``."""
    plain = re.sub(r"[\W_]", "", password.casefold())
    if len(set(plain)) < FEWEST:
        return True
    if any(plain in row * 3 or plain in row[::-1] * 3 for row in _ROWS):
        return True
    cores = {_once(plain), _once(plain).strip(_DIGITS), _once(plain.strip(_DIGITS))}
    return not cores.isdisjoint({*_COMMON.split(), *_names(person)})


def _once(text: str) -> str:
    """What ``text`` repeats, or itself."""
    return text[: (text + text).index(text, 1)] if text else text


def _names(person: Person) -> Iterator[str]:
    """What others know of ``person``, as letters and digits alone."""
    local = person.email.partition("@")[0]
    for known in (person.email, local, person.name, "".join(reversed(person.name.split())), person.user):
        plain = re.sub(r"[\W_]", "", known.casefold())
        yield plain
        yield plain.strip(_DIGITS)
