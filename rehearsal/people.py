"""The people of a made-up class: who they are at the college's sign-in."""

import csv
import hashlib
from dataclasses import dataclass
from pathlib import Path

PASSWORD = "rehearsal"  # noqa: S105  everybody's, and printed on the sign-in page: these people do not exist
_PEOPLE = Path(__file__).with_name("people.csv")


@dataclass(frozen=True, kw_only=True)
class Person:
    """Someone with an account at the college.

    ``login`` is what they type on the sign-in page; ``email`` is what the college tells the hub, and it is
    theirs beyond doubt only if ``email_verified``.
    """

    login: str
    email: str
    email_verified: bool
    name: str

    @property
    def sub(self) -> str:
        """The subject identifier: never changes and never belongs to anyone else (OpenID Connect Core, 2)."""
        return hashlib.sha256(self.login.encode()).hexdigest()[:24]

    @property
    def claims(self) -> dict[str, str | bool]:
        """What the college tells the hub about this person."""
        return {"sub": self.sub, "name": self.name, "email": self.email, "email_verified": self.email_verified}


def read(path: Path = _PEOPLE) -> tuple[Person, ...]:
    """Everybody in ``path``: a CSV with the columns login, email, email_verified (yes or no), name."""
    with path.open(encoding="utf-8", newline="") as file:
        return tuple(
            Person(
                login=row["login"],
                email=row["email"],
                email_verified=row["email_verified"] == "yes",
                name=row["name"],
            )
            for row in csv.DictReader(file)
        )
