"""The ``course`` command: what a teacher types, and what comes back."""

from __future__ import annotations

import json
import sqlite3
from typing import TYPE_CHECKING

import pytest

from coursehub import command
from coursehub.commands import Problem, check, logs, roster, status
from coursehub.roster import Person, Roster
from coursehub.status import Seat, Status
from coursehub.student_check import Failure, Report

if TYPE_CHECKING:
    from pathlib import Path


def test_every_sub_command_says_what_it_does(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        command.main(["--help"])

    printed = capsys.readouterr().out
    for name in command.COMMANDS:
        assert name in printed


@pytest.mark.parametrize("name", command.COMMANDS)
def test_every_sub_command_can_be_read_by_a_program(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        command.main([name, "--help"])

    assert "--json" in capsys.readouterr().out


def test_a_server_that_is_not_set_up_is_named_and_mended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(check, "_SETTINGS", tmp_path / "check.json")

    assert command.main(["check"]) == 1
    assert "is not set up to the end. Try: pulumi up" in capsys.readouterr().err


def test_how_the_last_check_went_is_there_for_everybody_to_read(tmp_path: Path) -> None:
    report = Report(say=print, failure=Failure("start a server", "It did not start.", ""))

    check.keep(report, tmp_path / "last-check.json", 1764000000.4)

    kept = json.loads((tmp_path / "last-check.json").read_text())
    assert (kept["at"], kept["passed"]) == (1764000000, False)
    assert kept["failure"]["part"] == "start a server"
    assert (tmp_path / "last-check.json").stat().st_mode & 0o777 == 0o644, "the hub's page reads it without rights"


def person(user: str, name: str, **more: str) -> Person:
    return Person(
        **{"email": f"{user}@college.edu", "name": name, "user": f"jh-{user}", "role": "student", "section": "A"} | more
    )


ADA, ALAN = person("ada", "Ada Lovelace"), person("alan", "Alan Turing")
MARY = person("mary", "Mary Jackson", role="ta", github="mjackson")


@pytest.mark.parametrize("wanted", ["ada@college.edu", "ADA@college.edu", "jh-ada", "ada", "lovelace"])
def test_a_student_is_found_by_what_a_teacher_has_at_hand(wanted: str) -> None:
    assert logs.the_one(wanted, [ADA, ALAN, person("adalbert", "B.")]) == ADA


def test_a_student_who_may_be_two_is_asked_for_again() -> None:
    with pytest.raises(Problem, match=r"may be Ada Lovelace \(jh-ada\), Alan Turing \(jh-alan\)\. Say the account"):
        logs.the_one("a", [ADA, ALAN])


def test_who_is_not_in_the_class_has_no_logs() -> None:
    with pytest.raises(Problem, match="nobody on the roster is 'eve'"):
        logs.the_one("eve", [ADA])


def test_lines_of_the_journal_tell_when_where_from_and_what() -> None:
    journal = [
        json.dumps({"__REALTIME_TIMESTAMP": "1764000000123456", "UNIT": "a.service", "MESSAGE": "Started"}),
        json.dumps({"__REALTIME_TIMESTAMP": "1764000001000000", "_SYSTEMD_UNIT": "b.service", "MESSAGE": [72, 195]}),
    ]

    first, second = logs.entries(journal)

    assert (first["at"], first["from"], first["message"]) == ("2025-11-24T16:00:00.123456", "a.service", "Started")
    assert second["message"] == "H\N{REPLACEMENT CHARACTER}", "what is no text is shown as far as it is"


def test_the_roster_is_told_in_its_own_order_with_what_is_known(tmp_path: Path) -> None:
    (tmp_path / "jh-ada").mkdir()
    (tmp_path / "jh-ada" / "big.ipynb").write_bytes(b"1" * 3_000_000)
    database = tmp_path / "jupyterhub.sqlite"
    with sqlite3.connect(database) as connection:
        connection.execute("CREATE TABLE users (name, last_activity)")
        connection.execute("INSERT INTO users VALUES ('jh-ada', '2026-11-24 09:41:07.123456'), ('jh-mary', NULL)")
    connection.close()

    found = roster.lines([ADA, MARY], roster.last_seen(database), roster.home_sizes(tmp_path, ["jh-ada", "jh-mary"]))

    assert [(line.user, line.last_seen, line.home_mib) for line in found] == [
        ("jh-ada", "2026-11-24 09:41", 3),
        ("jh-mary", "", None),
    ]
    assert roster.table(found).splitlines() == [
        "NAME          ROLE     SECTION  ACCOUNT  LAST SEEN (UTC)   HOME",
        "Ada Lovelace  student  A        jh-ada   2026-11-24 09:41  3 MiB",
        "Mary Jackson  ta       A        jh-mary  never             -",
    ]


def test_before_the_first_up_is_through_nobody_was_seen_yet(tmp_path: Path) -> None:
    assert roster.last_seen(tmp_path / "none.sqlite") == {}
    assert roster.home_sizes(tmp_path, ["jh-ada"]) == {}


def test_a_roster_that_cannot_be_read_is_a_problem_and_no_empty_class(tmp_path: Path) -> None:
    with pytest.raises(Problem, match="nobody can sign in"):
        roster.everybody(Roster(tmp_path / "roster.json"))


def test_status_is_a_few_lines_with_names() -> None:
    seen = Status(seats=24, on=[Seat("jh-ada", 1764000000, 144)], memory_mib=8000, memory_free_mib=5000, disk_gib=50.0,
                  disk_free_gib=41.5, certificate_days=61)  # fmt: skip

    assert list(status.lines(seen, {"jh-ada": "Ada Lovelace"})) == [
        "seats        1 taken of 24",
        "memory       5000 MiB free of 8000 MiB",
        "disk         41.5 GiB free of 50.0 GiB",
        "certificate  good for 61 days",
        "last check   none yet",
        "on",
        "             Ada Lovelace (jh-ada) since 16:00 UTC, 144 MiB",
    ]
