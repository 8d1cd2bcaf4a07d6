"""Everybody's accounts at all services as they are at this moment: disabled, renamed, registered anew."""

from __future__ import annotations

import hmac
from dataclasses import replace
from typing import TYPE_CHECKING

from rehearsal.people import PASSWORD, Person

if TYPE_CHECKING:
    from collections.abc import Iterable

SERVICES = ("college", "google", "github")


class NoSuchAccount(ValueError):
    """Nobody has that account; the message says which."""


class Accounts:
    """The people with their accounts, found by ``login``, which never changes here."""

    def __init__(self, people: Iterable[Person]) -> None:
        self._first = tuple(people)
        self._people = {person.login: person for person in self._first}

    def reset(self) -> None:
        """Make all accounts what they were at first."""
        self._people = {person.login: person for person in self._first}

    def everybody(self, service: str) -> list[Person]:
        """Return who has an account at a service, disabled or not."""
        return [person for person in self._people.values() if service in person.accounts]

    def get(self, login: str) -> Person | None:
        """Return whose account this is."""
        return self._people.get(login)

    def entered(self, service: str, name: str, password: str) -> Person | None:
        """Return whom a service lets in with what was typed: the e-mail address, at GitHub also the user name."""
        if not hmac.compare_digest(password.encode(), PASSWORD.encode()):
            return None
        typed = name.strip().casefold()
        named = self.on_github(typed) if service == "github" else None
        return named or next((person for person in self.everybody(service) if person.login == typed), None)

    def on_github(self, user_name: str) -> Person | None:
        """Return who has this user name at GitHub now; its case does not matter."""
        found = (person for person in self.everybody("github") if person.github.casefold() == user_name.casefold())
        return next(found, None)

    def on_github_by_id(self, number: int) -> Person | None:
        """Return whose account at GitHub has this number."""
        return next((person for person in self.everybody("github") if person.github_id == number), None)

    def disable(self, login: str, services: Iterable[str] = SERVICES) -> None:
        """Keep somebody out of these services from now on, with a session or a token too."""
        person = self._needed(login)
        self._people[login] = replace(person, disabled=person.disabled | set(services))

    def enable(self, login: str, services: Iterable[str] = SERVICES) -> None:
        """Let somebody in again."""
        person = self._needed(login)
        self._people[login] = replace(person, disabled=person.disabled - set(services))

    def rename(self, user_name: str, new: str) -> Person:
        """Give an account at GitHub another user name; the old one is free from then on."""
        person = self.on_github(user_name)
        if person is None:
            raise NoSuchAccount(f"nobody is {user_name!r} at GitHub")
        self._free(new)
        self._people[person.login] = replace(person, github=new)
        return self._people[person.login]

    def register(self, user_name: str) -> Person:
        """Make somebody new an account at GitHub with a user name nobody has (any more)."""
        self._free(user_name)
        number = 1 + max(person.github_id for person in self._people.values())
        email = f"{user_name.casefold()}.{number}@elsewhere.example"
        person = Person(
            login=email, email=email, email_verified=True, name=f"{user_name} (registered later)",
            accounts=frozenset({"github"}), github=user_name, github_id=number,
        )  # fmt: skip
        self._people[email] = person
        return person

    def _needed(self, login: str) -> Person:
        try:
            return self._people[login]
        except KeyError:
            raise NoSuchAccount(f"nobody signs in as {login!r}") from None

    def _free(self, user_name: str) -> None:
        if self.on_github(user_name):
            raise ValueError(f"{user_name!r} is taken at GitHub; rename its owner first")
