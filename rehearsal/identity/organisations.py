"""Organisations at GitHub and their teams: who is a member, and whether everybody may know."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_ORGANISATIONS = Path(__file__).with_name("organisations.csv")


@dataclass(frozen=True)
class Membership:
    """An account in an organisation, or in a team of it if ``team`` is not empty; the number outlives a new name."""

    organisation: str
    team: str
    account: int
    public: bool = False


def read(numbers: Mapping[str, int], path: Path = _ORGANISATIONS) -> list[Membership]:
    """Everything in ``path``: a CSV with the columns organisation, team, github, public (yes or no).

    ``numbers`` are the accounts', by user name in small letters.
    """
    with path.open(encoding="utf-8", newline="") as file:
        return [
            Membership(row["organisation"], row["team"], numbers[row["github"].casefold()], row["public"] == "yes")
            for row in csv.DictReader(file)
        ]


class Organisations:
    """Who is where; names are found in any case."""

    def __init__(self, memberships: Iterable[Membership]) -> None:
        self._memberships = list(memberships)

    def exists(self, organisation: str) -> bool:
        """Whether there is such an organisation."""
        return any(entry.organisation.casefold() == organisation.casefold() for entry in self._memberships)

    def membership(self, organisation: str, account: int, team: str = "") -> Membership | None:
        """Return an account's membership of an organisation, or of a team of it."""
        wanted = (organisation.casefold(), team.casefold())
        own = {(entry.organisation.casefold(), entry.team.casefold()): entry for entry in self.of(account)}
        return own.get(wanted)

    def of(self, account: int) -> list[Membership]:
        """Return the organisations and teams of an account."""
        return [entry for entry in self._memberships if entry.account == account]
