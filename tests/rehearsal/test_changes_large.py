"""A department's roster of 500: read, applied and followed like a class's."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

import pytest
from term import seconds_of

from rehearsal import places, visitor

if TYPE_CHECKING:
    from collections.abc import Iterator

    from term import Term

pytestmark = pytest.mark.rehearsal

PEOPLE = 500
LAST = "charles@college.example"


@pytest.fixture
def large(term: Term) -> Iterator[Term]:
    """The roster with 500 people more, the last of them one with an account at the college; afterwards as it was."""
    term.up()  # whatever another test has left changed
    was = term.roster.read_text()
    lines = [
        f"s{number}.Łukasz-Ünal+lab@college.example,Student №{number},S{number % 20},student"
        for number in range(PEOPLE - 1)
    ]
    term.roster.write_text("\n".join([was.rstrip("\n"), *lines, f"{LAST},Last of All,S1,student", ""]))
    yield term
    term.roster.write_text(was)
    term.up()


def test_500_people_are_one_step_and_the_last_of_them_gets_in(large: Term, capsys: pytest.CaptureFixture[str]) -> None:
    said = large.pulumi("preview").stdout
    assert f"roster: {PEOPLE} join (" in said
    assert large.changes() == {"roster": "update"}, "nothing restarts"

    seconds = seconds_of(large.up)

    async def name() -> str:
        async with visitor.signed_in(LAST, **visitor.way(places.ours())) as student:
            return student.name

    assert asyncio.run(name()) == "jh-charles"
    known = json.loads(large.droplet().says("sudo course roster --json"))
    assert len({line["user"] for line in known}) == len(known) >= PEOPLE, "everybody has an account of their own"
    with capsys.disabled():
        print(f"\nup with {PEOPLE} people more: {seconds:.1f} s")
