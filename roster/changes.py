"""What a new roster changes, in the words a teacher reads in the preview."""

from __future__ import annotations

import itertools
from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from roster.person import Person

SHOWN = 5  # names of a long list; the others are counted
ROLE_WORDS = {"student": "student", "ta": "TA", "instructor": "instructor"}


def words(before: Sequence[Person] | None, now: Sequence[Person]) -> list[str]:
    """Sentences on what changes from ``before`` (None: there is no class yet) to ``now``; none if nothing does."""
    if before is None:
        return [f"roster: {_count(len(now), 'person', 'people')}: {_roles(now)}", *_without_section(now)]
    old, new = ({person.user: person for person in people} for people in (before, now))
    joined = [person for user, person in new.items() if user not in old]
    left = [person for user, person in old.items() if user not in new]
    stayed = [(old[user], person) for user, person in new.items() if user in old]
    addresses = {person.address: person for person in left}
    switched = [(addresses[person.address], person) for person in joined if person.address in addresses]
    at_home = {person.address for _, person in switched}
    joined, left = ([person for person in people if person.address not in at_home] for people in (joined, left))
    parts = [*_comings_and_goings(joined, left), *_moves([*stayed, *switched])]
    sentences = ["roster: " + ", ".join(parts)] if parts else []
    changed = set(now) - set(before)
    warnings = (
        _left_behind(joined, left, switched),
        _inherited(stayed),
        _without_section(person for person in now if person in changed),
    )
    return [*sentences, *itertools.chain.from_iterable(map(_shortened, warnings))]


def _comings_and_goings(joined: Sequence[Person], left: Sequence[Person]) -> Iterator[str]:
    if joined:
        yield f"{_count(len(joined), 'joins', 'join')} ({_names(joined)})"
    if left:
        yield f"{_count(len(left), 'leaves', 'leave')} (sign-in off, work kept: {_names(left)})"


def _moves(stayed: Sequence[tuple[Person, Person]]) -> Iterator[str]:
    """What changes for people who stay; pairs of what each was and is."""
    for role, word in ROLE_WORDS.items():
        if became := [person for was, person in stayed if person.role == role != was.role]:
            yield f"{_count(len(became), 'becomes', 'become')} {word} ({_names(became)})"
    sections = dict.fromkeys(person.section for was, person in stayed if person.section != was.section)
    for section in sections:
        moved = [person for was, person in stayed if person.section == section != was.section]
        where = f"to section {section}" if section else "out of their section"
        yield f"{_count(len(moved), 'moves', 'move')} {where} ({_names(moved)})"
    for thing, fields in (("address", ("email", "github")), ("name", ("name",)), ("account", ("user",))):
        others = [person for was, person in stayed if any(getattr(was, one) != getattr(person, one) for one in fields)]
        if others:
            yield f"{_count(len(others), 'gets', 'get')} another {thing} ({_names(others)})"


def _left_behind(
    joined: Sequence[Person], left: Sequence[Person], switched: Sequence[tuple[Person, Person]]
) -> Iterator[str]:
    """Whose work stays, or may stay, with another account."""
    for was, person in switched:
        yield f"roster: {person.address} gets the account {person.user}; their work stays with {was.user}"
    by_name = {person.name.casefold(): person for person in left if person.name}
    for person in joined:
        namesake = by_name.get(person.name.casefold())
        if namesake:
            yield (
                f"roster: if {person.address} is the {namesake.name} who was {namesake.address}, keep their work: "
                f"give the line the value {namesake.user} in a column user"
            )


def _inherited(stayed: Sequence[tuple[Person, Person]]) -> Iterator[str]:
    """Who gets somebody's work because two addresses lead to one account, and may be somebody else."""
    for was, person in stayed:
        if was.address != person.address and was.name.casefold() != person.name.casefold():
            yield (
                f"roster: {person.address} gets the account {person.user} with the work of {was.address}; "
                f"if that is somebody else, give the line another in a column user, for example {person.user[:28]}-2"
            )


def _without_section(people: Iterable[Person]) -> Iterator[str]:
    if alone := [person for person in people if person.role == "ta" and not person.section]:
        yield f"roster: {_count(len(alone), 'TA has', 'TAs have')} no section and can open no server ({_names(alone)})"


def _shortened(sentences: Iterable[str]) -> list[str]:
    shown = list(sentences)
    more = len(shown) - SHOWN
    return [*shown[:SHOWN], f"roster: and {more} more like these"] if more > 0 else shown


def _names(people: Sequence[Person]) -> str:
    shown = [person.address for person in people[:SHOWN]]
    more = len(people) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")


def _roles(people: Sequence[Person]) -> str:
    counts = Counter(person.role for person in people)
    return ", ".join(_count(counts[role], word, f"{word}s") for role, word in ROLE_WORDS.items() if counts[role])


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"
