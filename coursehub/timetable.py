"""When there is class: ``Mon,Wed 10:00-11:50`` on the wall clock of the college, summer and winter.

Standard library only: the settings are checked with it before they get here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, Self
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
LESSON = re.compile(r"(?P<days>[a-z]{3}(?: *, *[a-z]{3})*) +(?P<start>\d{1,2}:\d\d) *- *(?P<end>\d{1,2}:\d\d)")


@dataclass(frozen=True)
class Lesson:
    """A class that is held every week; days count from 0 for Monday, times are the wall clock's."""

    days: frozenset[int]
    start: time
    end: time

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``Tue,Thu 14:00-15:30``; raise ``ValueError`` with what is wrong."""
        match = LESSON.fullmatch(text.strip().casefold())
        if not match:
            raise ValueError("is no class; a good one is Tue,Thu 14:00-15:30")
        names = re.split(r" *, *", match["days"])
        if unknown := [name for name in names if name not in DAYS]:
            raise ValueError(f"has the day {unknown[0]!r}; days are Mon, Tue, Wed, Thu, Fri, Sat, Sun")
        try:
            start, end = (datetime.strptime(match[part], "%H:%M").time() for part in ("start", "end"))  # noqa: DTZ007  # a wall clock's
        except ValueError as error:
            raise ValueError("has a time that no clock shows; a good one is Tue,Thu 14:00-15:30") from error
        if start >= end:
            raise ValueError("ends before it begins; a class past midnight is two: Mon 22:00-23:59 and Tue 00:00-01:00")
        return cls(frozenset(DAYS.index(name) for name in names), start, end)


@dataclass(frozen=True)
class Timetable:
    """The week's classes, in the college's time zone."""

    lessons: tuple[Lesson, ...]
    zone: ZoneInfo

    @classmethod
    def of(cls, lessons: Iterable[str], zone: str) -> Self:
        """Read the settings ``timetable`` and ``timezone``."""
        return cls(tuple(Lesson.parse(lesson) for lesson in lessons), ZoneInfo(zone))

    def in_class(self, now: datetime) -> bool:
        """Whether there is class at ``now``, an aware time."""
        return any(start <= now < end for start, end in self._around(now))

    def idle(self, since: datetime, now: datetime) -> timedelta:
        """How long somebody who last did something at ``since`` has been idle; being in class is doing something."""
        if self.in_class(now):
            return timedelta()
        ends = (end for _, end in self._around(now) if end <= now)
        return now - max([since, *ends])

    def cull(self, *, inactive: timedelta, inactive_limit: int, server: Any) -> bool:  # noqa: ARG002  # the culler's hook
        """Whether to stop a server that has been ``inactive``; the limit is in seconds. Never during a class."""
        now = datetime.now(UTC)
        return self.idle(now - inactive, now).total_seconds() >= inactive_limit

    def _around(self, now: datetime) -> list[tuple[datetime, datetime]]:
        """Begin and end, in UTC, of every class of the last week and of today."""
        today = now.astimezone(self.zone).date()
        return [
            (self._utc(day, lesson.start), self._utc(day, lesson.end))
            for day in (today - timedelta(days=back) for back in range(8))
            for lesson in self.lessons
            if day.weekday() in lesson.days
        ]

    def _utc(self, day: date, clock: time) -> datetime:
        return datetime.combine(day, clock, self.zone).astimezone(UTC)
