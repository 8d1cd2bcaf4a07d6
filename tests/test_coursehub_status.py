"""What ``course status`` and the hub's pages tell."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coursehub import hub_pages
from coursehub.roster import Person
from coursehub.status import Seat, check_words, meminfo, seats

if TYPE_CHECKING:
    from pathlib import Path

SHOWN = """\
Id=jupyterhub-user@jh-bob.service
ActiveState=active
ActiveEnterTimestampMonotonic=60000000
MemoryCurrent=104857600

Id=jupyterhub-user@jh-ada.service
ActiveState=active
ActiveEnterTimestampMonotonic=0
MemoryCurrent=[not set]

Id=jupyterhub-user@jh-probe-1.service
ActiveState=active
ActiveEnterTimestampMonotonic=0
MemoryCurrent=1

Id=jupyterhub-user@jh-eve.service
ActiveState=failed
ActiveEnterTimestampMonotonic=0
MemoryCurrent=18446744073709551615
"""


def person(user: str, role: str = "student", section: str = "") -> Person:
    return Person(email=f"{user}@college.edu", name=user.title(), user=f"jh-{user}", role=role, section=section)


ADA, BOB, CY = person("ada", section="A"), person("bob", section="B"), person("cy")
MARY, NINA, EMMY = person("mary", "ta", "A"), person("nina", "ta"), person("emmy", "instructor")
CLASS = (BOB, ADA, CY, MARY, NINA, EMMY)


def test_a_seat_is_a_students_server_that_runs() -> None:
    assert seats(SHOWN, booted=1000.0) == [Seat("jh-ada", 1000, None), Seat("jh-bob", 1060, 100)]


def test_nobody_on_is_no_seat_taken() -> None:
    assert seats("", booted=0) == []


def test_memory_is_read_as_linux_tells_it(tmp_path: Path) -> None:
    (tmp_path / "meminfo").write_text("MemTotal:        2048 kB\nMemAvailable:    1024 kB\nHugePages_Total:       0\n")

    assert meminfo(tmp_path / "meminfo")["MemAvailable"] == 1024


def test_a_ta_sees_the_section_an_instructor_all_and_a_student_nobody() -> None:
    assert hub_pages.class_of(MARY, CLASS) == [ADA]
    assert hub_pages.class_of(EMMY, CLASS) == [CY, ADA, BOB]
    for nobody in (ADA, NINA, None):
        assert hub_pages.class_of(nobody, CLASS) == []


def test_the_class_page_tells_since_when_somebody_is_on() -> None:
    lines = hub_pages.rows([ADA, BOB], [Seat("jh-ada", 1000, 90)], now=1000 + 3720)

    assert [line["since"] for line in lines] == ["1 h 2 min", None]


def test_how_the_last_check_went_is_said_in_words() -> None:
    passed = {"at": 1764000000, "passed": True, "first_cell_seconds": 4.2}
    failed = {"at": 1764000000, "passed": False, "failure": {"part": "start a server"}}

    assert check_words(None) == "none yet"
    assert check_words(passed) == "passed, first cell after 4.2 s (2025-11-24 16:00 UTC)"
    assert check_words(failed) == "FAILED at: start a server (2025-11-24 16:00 UTC)"
