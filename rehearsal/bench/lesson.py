"""Lessons: some students come in at once, run their first cells, and are counted and weighed while they sit there."""

from __future__ import annotations

import asyncio
import csv
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from rehearsal import visitor
from rehearsal.bench import stock, weight
from rehearsal.places import REPOSITORY

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterable, Mapping, Sequence
    from contextlib import AbstractAsyncContextManager

    from coursehub.student import Student
    from rehearsal.bench.weight import Process

T = TypeVar("T")

SCIENCE = "import numpy, pandas, matplotlib.pyplot, scipy.stats"
OUR_UNITS = ("jupyterhub", "nginx")  # how their names begin
_ROSTER = REPOSITORY / "rehearsal" / "roster.csv"


@dataclass(frozen=True)
class Lesson:
    """How a lesson went.

    ``seconds`` from click to first cell are sorted, one for each student. The processes are those of hub and students:
    ``bare`` after the first cell, ``science`` when everybody had imported ``SCIENCE``.
    """

    seconds: Sequence[float]
    bare: Sequence[Process]
    science: Sequence[Process]


def by_turns(
    container: str, way: Mapping[str, Any], rounds: int, students: int
) -> tuple[Sequence[Lesson], Sequence[Lesson]]:
    """Hold lessons in our hub and in the stock hub by turns; return ours, then theirs. ``way``: visitor.signed_in."""
    ours, theirs = [], []
    for _ in range(rounds):
        entrances = [visitor.signed_in(login, **way) for login in logins()[:students]]
        ours.append(asyncio.run(_hold(container, OUR_UNITS, entrances)))
        with stock.inside(container):
            entrances = [stock.signed_in(name) for name in stock.STUDENTS[:students]]
            theirs.append(asyncio.run(_hold(container, (stock.UNIT,), entrances)))
    return ours, theirs


def put_away(way: Mapping[str, Any]) -> None:
    """Stop what servers our students have."""

    async def everybody() -> None:
        await _all(visitor.put_away(login, **way) for login in logins())

    asyncio.run(everybody())


def logins() -> list[str]:
    """Return who is on the rehearsal's roster."""
    with _ROSTER.open(encoding="utf-8", newline="") as file:
        return [row["email"] for row in csv.DictReader(file)]


async def _hold(
    container: str, units: tuple[str, ...], entrances: Iterable[AbstractAsyncContextManager[Student]]
) -> Lesson:
    """Let students in through ``entrances``, all at the same moment; weigh the units whose names begin so."""

    def weigh() -> list[Process]:
        return [each for each in weight.processes(container) if each.unit.startswith(units)]

    async with AsyncExitStack() as room:
        seats = await _all(room.enter_async_context(visitor.seated(entrance)) for entrance in entrances)
        bare = weigh()
        await _all(seat.kernel.run(SCIENCE) for seat in seats)
        return Lesson(sorted(seat.seconds for seat in seats), bare, weigh())


async def _all(work: Iterable[Coroutine[None, None, T]]) -> list[T]:
    """Do all of it at once; when something fails, stop the rest, wait until it has cleaned up, and raise that."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(each) for each in work]
    except ExceptionGroup as failures:
        raise failures.exceptions[0] from None
    return [task.result() for task in tasks]
