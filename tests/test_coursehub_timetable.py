"""Idle servers are stopped, but never during a class."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from coursehub import timetable
from coursehub.timetable import Timetable

HERE = "America/Los_Angeles"
CLASS = Timetable.of(["Tue,Thu 14:00-15:30", "Fri 9:00-9:50"], HERE)
LIMIT = timedelta(minutes=90)


def at(text: str, zone: str = HERE) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


@pytest.mark.parametrize(
    ("now", "held"),
    [
        ("2026-11-24 14:00", True),  # a Tuesday
        ("2026-11-24 15:29", True),
        ("2026-11-24 15:30", False),
        ("2026-11-24 13:59", False),
        ("2026-11-25 14:30", False),  # a Wednesday
        ("2026-11-27 09:30", True),  # a Friday
    ],
)
def test_there_is_class_when_the_timetable_says_so(now: str, *, held: bool) -> None:
    assert CLASS.in_class(at(now)) is held


def test_the_clock_is_the_colleges() -> None:
    assert CLASS.in_class(at("2026-11-24 22:30", "UTC")), "14:30 in California, in winter"
    assert CLASS.in_class(at("2026-07-21 21:30", "UTC")), "14:30 in California, in summer"
    assert not CLASS.in_class(at("2026-07-21 22:45", "UTC")), "15:45 in summer; in winter there would be class"


@pytest.mark.parametrize(
    ("since", "now", "idle"),
    [
        ("2026-11-24 10:00", "2026-11-24 14:30", timedelta()),  # in class, whatever they do
        ("2026-11-24 10:00", "2026-11-24 15:45", timedelta(minutes=15)),  # counted from its end
        ("2026-11-24 15:40", "2026-11-24 15:45", timedelta(minutes=5)),
        ("2026-11-24 10:00", "2026-11-24 13:00", timedelta(hours=3)),  # before class nothing is special
        ("2026-10-30 10:00", "2026-11-03 15:45", timedelta(minutes=15)),  # summer time ended in between
    ],
)
def test_idleness_is_counted_from_the_end_of_class(since: str, now: str, idle: timedelta) -> None:
    assert CLASS.idle(at(since), at(now)) == idle


def test_without_a_timetable_idleness_is_idleness() -> None:
    assert Timetable.of([], "UTC").idle(at("2026-11-24 10:00"), at("2026-11-24 14:30")) == timedelta(hours=4.5)


@pytest.mark.parametrize(("now", "stopped"), [("2026-11-24 14:30", False), ("2026-11-24 17:01", True)])
def test_the_culler_asks_the_timetable(now: str, *, stopped: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    class Clock(datetime):
        @classmethod
        def now(cls, tz: object = None) -> datetime:  # type: ignore[override]  # a clock that stands still
            del tz
            return at(now)

    monkeypatch.setattr(timetable, "datetime", Clock)

    assert CLASS.cull(inactive=timedelta(hours=5), inactive_limit=int(LIMIT.total_seconds()), server={}) is stopped
