"""``course passwords``: who is given a one-time password, what stands in the teacher's file, and what is printed."""

from __future__ import annotations

import csv
import dataclasses
import getpass
import grp
import json
import os
import pwd
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from coursehub import command
from coursehub.commands import passwords
from coursehub.passwords import credentials, hashing, one_time
from coursehub.passwords.credentials import Chosen
from coursehub.roster import Person, Roster

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ADA = Person("ada@college.edu", "Ada Lovelace", "jh-ada", "student", "A")
BOB = Person("bob@college.edu", "=Bob()", "jh-bob", "student", "A")
EVE = Person("eve@college.edu", "", "jh-eve", "ta", "A")
NOW = 1_800_000_000


@pytest.fixture(autouse=True)
def _cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hashing, "COST", 2)


def by_email(outcome: passwords.Outcome, people: list[Person]) -> dict[str, str]:
    return {person.email: outcome.plain[person.user] for person in people if person.user in outcome.plain}


def answered(outcome: passwords.Outcome, *people: Person) -> dict[str, Chosen]:
    return {person.user: Chosen("kept", NOW, outcome.issued[person.user].id) for person in people}


def first() -> passwords.Outcome:
    return passwords.issue([ADA, BOB], {}, {}, {}, now=NOW)


def test_everybody_is_given_one_at_first() -> None:
    outcome = first()

    assert outcome.new == outcome.waiting == [ADA, BOB]
    for person in (ADA, BOB):
        kept = outcome.issued[person.user]
        assert kept.email == person.email
        assert hashing.matches(one_time.bare(outcome.plain[person.user]), kept.hash)


def test_who_has_chosen_vanishes_from_the_list_and_who_is_new_comes_in_and_the_rest_stays() -> None:
    before = first()
    outcome = passwords.issue(
        [ADA, BOB, EVE], before.issued, answered(before, ADA), by_email(before, [ADA, BOB]), now=NOW
    )

    assert outcome.chosen == 1
    assert outcome.new == [EVE]
    assert set(outcome.plain) == {"jh-bob", "jh-eve"}
    assert outcome.plain["jh-bob"] == before.plain["jh-bob"], "it may have been handed out"
    assert outcome.issued["jh-ada"] == before.issued["jh-ada"]


def test_a_reset_is_a_new_one_time_password_for_whom_it_is_asked_alone() -> None:
    before = first()
    chosen = answered(before, ADA, BOB)
    outcome = passwords.issue([ADA, BOB], before.issued, chosen, {}, reset={"jh-ada"}, now=NOW)

    counts = credentials.standing(ADA, outcome.issued, chosen)
    assert counts
    assert not counts.chosen, "what she chose is void"
    assert outcome.new == [ADA]
    assert outcome.issued["jh-bob"] == before.issued["jh-bob"]


def test_one_that_is_over_is_issued_anew_and_one_that_is_lost_is_said_to_be() -> None:
    before = first()
    lost = passwords.issue([ADA, BOB], before.issued, {}, {ADA.email: before.plain["jh-ada"]}, now=NOW + 1)
    later = passwords.issue([ADA, BOB], before.issued, {}, {}, now=NOW + one_time.SECONDS + 1)

    assert lost.lost == [BOB]
    assert lost.issued == before.issued, "what was handed out on paper goes on opening the door"
    assert "course passwords --reset jh-bob" in lost.words("")
    assert later.new == [ADA, BOB]


def test_a_line_of_the_list_that_opens_nothing_is_not_carried_on() -> None:
    before = first()
    outcome = passwords.issue([ADA], before.issued, {}, {ADA.email: "bbbb-cccc-dddd"}, now=NOW)

    assert outcome.lost == [ADA]
    assert outcome.plain == {}


def test_of_who_leaves_an_open_one_time_password_is_taken_back_and_a_chosen_one_kept() -> None:
    before = first()
    chosen = answered(before, ADA)
    gone = passwords.issue([], before.issued, chosen, by_email(before, [ADA, BOB]), now=NOW)
    back = passwords.issue([ADA, BOB], gone.issued, chosen, {}, now=NOW)

    assert set(gone.issued) == {"jh-ada"}
    assert back.chosen == 1, "Ada has her password as chosen"
    assert back.new == [BOB]


def test_a_reset_that_was_not_used_is_not_forgotten_by_leaving() -> None:
    before = first()
    chosen = answered(before, ADA)
    reset = passwords.issue([ADA], before.issued, chosen, {}, reset={"jh-ada"}, now=NOW)
    gone = passwords.issue([], reset.issued, chosen, {}, now=NOW)
    back = passwords.issue([ADA], gone.issued, chosen, {}, now=NOW)

    assert back.chosen == 0, "the password of before the reset may be somebody else's"


def test_an_account_that_comes_to_another_address_gets_a_one_time_password_of_its_own() -> None:
    before = first()
    other = dataclasses.replace(ADA, email="ada@elsewhere.edu")
    outcome = passwords.issue([other], before.issued, answered(before, ADA), {}, now=NOW)

    assert outcome.new == [other]


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """The command on a server whose teacher's home is a folder of the test."""
    me = pwd.getpwuid(os.getuid())
    (tmp_path / "home").mkdir()
    (tmp_path / "roster.json").write_text(json.dumps({"students": [vars(ADA), vars(BOB)]}))
    monkeypatch.setattr(passwords, "CLASS", tmp_path / "class.json")
    monkeypatch.setattr(passwords, "LOCK", tmp_path / "lock")
    monkeypatch.setattr(passwords, "READERS", f"{me.pw_name}:{grp.getgrgid(me.pw_gid).gr_name}")
    monkeypatch.setattr(passwords, "Roster", lambda: Roster(tmp_path / "roster.json"))
    monkeypatch.setattr(credentials, "ONE_TIME", tmp_path / "sign-in/one-time.json")
    monkeypatch.setattr(credentials.issued, "__defaults__", (tmp_path / "sign-in/one-time.json",))
    monkeypatch.setattr(credentials.chosen, "__defaults__", (tmp_path / "passwords.json",))
    teacher = SimpleNamespace(pw_name=getpass.getuser(), pw_dir=str(tmp_path / "home"), pw_gid=me.pw_gid)
    monkeypatch.setattr(pwd, "getpwnam", lambda name: teacher if name == "teacher" else pwd.getpwuid(os.getuid()))
    monkeypatch.setattr("shutil.chown", lambda *_: None)

    def run(*words: str, sign_in: str = "password") -> int:
        settings = {"domain": "hub.college.edu", "seats": 2, "sign_in": sign_in, "admin_user": "teacher"}
        (tmp_path / "class.json").write_text(json.dumps(settings))
        return command.main(["passwords", *words])

    return run


def test_passwords_stand_in_the_teachers_file_alone(
    server: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert server() == 0

    path = tmp_path / "home/one-time-passwords.csv"
    rows = list(csv.DictReader(path.read_text(encoding="utf-8-sig").splitlines()))
    assert [(row["name"], row["email"]) for row in rows] == [
        ("Ada Lovelace", "ada@college.edu"),
        ("'=Bob()", "bob@college.edu"),
    ], "a name is no formula"
    assert path.stat().st_mode & 0o777 == 0o600
    hashes = tmp_path / "sign-in/one-time.json"
    assert hashes.stat().st_mode & 0o777 == 0o640
    assert hashes.parent.stat().st_mode & 0o777 == 0o750
    printed = capsys.readouterr()
    assert printed.out.splitlines() == [
        "passwords: 2 one-time ones issued; 0 people have chosen their own",
        f"2 are waiting in a file, for you alone: ssh {getpass.getuser()}@hub.college.edu cat one-time-passwords.csv",
    ]
    for row in rows:
        for text in (printed.out, printed.err, hashes.read_text()):
            assert row["password"] not in text
            assert one_time.bare(row["password"]) not in text


def test_a_program_reads_who_has_not_chosen_and_no_password(
    server: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    server()
    capsys.readouterr()
    assert server("--json") == 0

    told = json.loads(capsys.readouterr().out)
    assert (told["issued"], told["chosen"]) == (0, 0), "the second run changes nothing"
    assert [(one["user"], one["in_file"]) for one in told["not_chosen"]] == [("jh-ada", True), ("jh-bob", True)]
    assert told["file"] == str(tmp_path / "home/one-time-passwords.csv")
    for row in csv.DictReader((tmp_path / "home/one-time-passwords.csv").read_text("utf-8-sig").splitlines()):
        assert row["password"] not in json.dumps(told)


def test_a_reset_finds_people_as_the_other_commands_do(
    server: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    server()
    before = (tmp_path / "home/one-time-passwords.csv").read_text()
    assert server("--reset", "lovelace") == 0
    after = (tmp_path / "home/one-time-passwords.csv").read_text()

    assert before.splitlines()[2] == after.splitlines()[2], "Bob's is as it was"
    assert before.splitlines()[1] != after.splitlines()[1]
    assert server("--reset", "nobody") == 1
    assert "nobody on the roster is 'nobody'" in capsys.readouterr().err


def test_with_another_way_to_sign_in_there_are_no_passwords(server: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert server(sign_in="oidc") == 1
    assert "people sign in with oidc here; passwords are for sign-in: password" in capsys.readouterr().err


def test_passwords_that_cannot_be_read_are_not_written_over(
    server: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "passwords.json").write_text("half a fi")

    assert server() == 1
    assert "does not hold passwords" in capsys.readouterr().err
    assert not (tmp_path / "sign-in/one-time.json").exists()


def test_a_list_that_was_made_into_something_else_is_no_list(tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_bytes(b"PK\x03\x04\xff\x00")

    assert passwords.listed(tmp_path / "list.csv") == {}
    assert passwords.listed(tmp_path / "none.csv") == {}
