"""Who is in the class, and whom they write to."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field, ValidationInfo, field_validator

import patterns
from roster import Person
from roster import read as read_roster
from settings.group import Group, few
from settings.paths import expanded

Email = Annotated[str, AfterValidator(patterns.email)]


class People(Group):
    """The roster, and the address of whoever keeps it."""

    roster: Annotated[Path, AfterValidator(expanded)] = Field(examples=["roster.csv"])
    letsencrypt_email: Email = Field(examples=["you@college.edu"])

    @field_validator("roster")
    @classmethod
    def _roster_reads(cls, path: Path, others: ValidationInfo) -> Path:
        people = read_roster(path)
        if others.data.get("sign_in") == "github":
            if nameless := [person.email for person in people if not person.github]:
                raise ValueError(f"has no GitHub name for {few(nameless)}; with sign-in github everybody needs one")
        elif nameless := [person.github for person in people if not person.email]:
            raise ValueError(f"has no e-mail address for {few(nameless)}; sign-in goes by e-mail address")
        return path

    @cached_property
    def people(self) -> tuple[Person, ...]:
        """The roster's people."""
        return read_roster(self.roster)
