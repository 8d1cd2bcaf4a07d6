"""The people of a made-up class: who they are at the college's sign-in, at Google and at GitHub."""

import csv
import hashlib
from dataclasses import dataclass
from pathlib import Path

PASSWORD = "rehearsal"  # noqa: S105  everybody's, and printed on the sign-in page: these people do not exist
_PEOPLE = Path(__file__).with_name("people.csv")


@dataclass(frozen=True, kw_only=True)
class Person:
    """Someone with an account at the college, at Google or at GitHub, or at several of them.

    ``login`` is what they type on the sign-in page; ``email`` is what the service tells the hub, and it is theirs
    beyond doubt only if ``email_verified``. ``accounts`` are the services where they have one, ``disabled`` those
    where they may no longer use it. ``hd`` is the domain whose Google Workspace the account belongs to; a personal one
    has none. ``github`` is the user name there and can change, ``github_id`` never does; GitHub shows the e-mail
    address to everybody only if it is ``email_public``.
    """

    login: str
    email: str
    email_verified: bool
    name: str
    accounts: frozenset[str]
    hd: str = ""
    github: str = ""
    github_id: int = 0
    email_public: bool = False
    disabled: frozenset[str] = frozenset()

    @property
    def sub(self) -> str:
        """The subject identifier: never changes and never belongs to anyone else (OpenID Connect Core, 2)."""
        return hashlib.sha256(self.login.encode()).hexdigest()[:24]

    @property
    def claims(self) -> dict[str, str | bool]:
        """What the college tells the hub about this person."""
        return {"sub": self.sub, "name": self.name, "email": self.email, "email_verified": self.email_verified}


def read(path: Path = _PEOPLE) -> tuple[Person, ...]:
    """Everybody in ``path``: a CSV whose columns are ``Person``'s fields, yes for true, blanks between words."""
    with path.open(encoding="utf-8", newline="") as file:
        return tuple(
            Person(
                login=row["login"],
                email=row["email"],
                email_verified=row["email_verified"] == "yes",
                name=row["name"],
                accounts=frozenset(row["accounts"].split()),
                hd=row["hd"],
                github=row["github"],
                github_id=int(row["github_id"] or 0),
                email_public=row["email_public"] == "yes",
                disabled=frozenset(row["disabled"].split()),
            )
            for row in csv.DictReader(file)
        )
