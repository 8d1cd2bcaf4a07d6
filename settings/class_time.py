"""What a class is given while it works."""

from __future__ import annotations

import zoneinfo
from typing import Annotated

from pydantic import AfterValidator, Field

from coursehub.timetable import Lesson
from settings.group import Group


def _lesson(text: str) -> str:
    Lesson.parse(text)
    return text


def _zone(name: str) -> str:
    if name not in zoneinfo.available_timezones():
        raise ValueError("is not a time zone's name")
    return name


class ClassTime(Group):
    """Seats, each one's share, and when a seat is cleared."""

    seats: Annotated[int, Field(ge=1, le=100)]
    memory_per_student: Annotated[int, Field(ge=512)]
    cpu_per_student: Annotated[int, Field(ge=25)] = Field(examples=["200"])
    idle_minutes: Annotated[int, Field(ge=10)]
    timetable: tuple[Annotated[str, AfterValidator(_lesson)], ...] = Field(examples=['["Tue,Thu 14:00-15:30"]'])
    timezone: Annotated[str, AfterValidator(_zone)] = Field(examples=["America/Los_Angeles"])
