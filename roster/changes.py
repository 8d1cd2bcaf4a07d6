"""What a new roster changes, in the words a teacher reads in the preview."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from roster.person import Person

SHOWN = 5  # names of a long list; the others are counted
ROLE_WORDS = {"student": "student", "ta": "TA", "instructor": "instructor"}


def words(before: Sequence[Person] | None, now: Sequence[Person]) -> list[str]:
    """Sentences on what changes from ``before`` (None: there is no class yet) to ``now``; none if nothing does."""
    if before is None:
        return [f"roster: {_count(len(now), 'person', 'people')}: {_roles(now)}"]
    old, new = ({person.user: person for person in people} for people in (before, now))
    parts = [*_comings_and_goings(old, new), *_moves(old, new)]
    sentences = ["roster: " + ", ".join(parts)] if parts else []
    return [*sentences, *_warnings(old, new)]


def _comings_and_goings(old: dict[str, Person], new: dict[str, Person]) -> Iterator[str]:
    if joined := [person for user, person in new.items() if user not in old]:
        yield f"{_count(len(joined), 'joins', 'join')} ({_names(joined)})"
    if left := [person for user, person in old.items() if user not in new]:
        yield f"{_count(len(left), 'leaves', 'leave')} (sign-in off, work kept: {_names(left)})"


def _moves(old: dict[str, Person], new: dict[str, Person]) -> Iterator[str]:
    stayed = [(old[user], person) for user, person in new.items() if user in old]
    for role, word in ROLE_WORDS.items():
        if became := [person for was, person in stayed if person.role == role != was.role]:
            yield f"{_count(len(became), 'becomes', 'become')} {word} ({_names(became)})"
    sections = dict.fromkeys(person.section for was, person in stayed if person.section != was.section)
    for section in sections:
        moved = [person for was, person in stayed if person.section == section != was.section]
        where = f"to section {section}" if section else "out of their section"
        yield f"{_count(len(moved), 'moves', 'move')} {where} ({_names(moved)})"
    if renamed := [person for was, person in stayed if (person.email, person.github) != (was.email, was.github)]:
        yield f"{_count(len(renamed), 'gets another address', 'get another address')} ({_names(renamed)})"


def _warnings(old: dict[str, Person], new: dict[str, Person]) -> Iterator[str]:
    """Whose work would be left behind under another account."""
    gone = [person for user, person in old.items() if user not in new]
    for person in (person for user, person in new.items() if user not in old):
        for was in gone:
            if was.address == person.address:
                yield f"roster: {person.address} gets the account {person.user}; their work stays with {was.user}"
            elif person.name and was.name.casefold() == person.name.casefold():
                yield (
                    f"roster: if {person.address} is the {was.name} who was {was.address}, keep their work: "
                    f"give the line the value {was.user} in a column user"
                )


def _names(people: Sequence[Person]) -> str:
    shown = [person.address for person in people[:SHOWN]]
    more = len(people) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")


def _roles(people: Sequence[Person]) -> str:
    counts = Counter(person.role for person in people)
    return ", ".join(_count(counts[role], word, f"{word}s") for role, word in ROLE_WORDS.items() if counts[role])


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"
