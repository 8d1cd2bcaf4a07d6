"""Rosters as they come: the teacher's own CSV, exports of learning-management systems, spreadsheets' dialects."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import roster

if TYPE_CHECKING:
    from pathlib import Path

PLAIN = "email,name,section,role\nada@college.edu,Ada Lovelace,A,student\n"

CANVAS_GRADEBOOK = """\
Student,ID,SIS User ID,SIS Login ID,Section,Homework 1 (1234),Final Score
    Points Possible,,,,,10.00,(read only)
"Lovelace, Ada",4711,900001,ADA@college.edu,ENGR114-A,9.5,95
"Hopper, Grace",4712,900002,grace.hopper@college.edu,ENGR114-B,10,100
"Student, Test",4799,,c7f0e5b6a1,ENGR114-A,,
"""
CANVAS_WITH_EMAIL = """\
Student,SIS Login ID,Email,Section,Role
"Lovelace, Ada",alovelace,ada@college.edu,A,Student
"Hopper, Grace",ghopper,grace.hopper@college.edu,B,Teaching Assistant
"""
MOODLE_PARTICIPANTS = """\
"First name","Last name","ID number","Email address",Groups,Roles
Ada,Lovelace,900001,ada@college.edu,A,Student
Grace,Hopper,900002,grace.hopper@college.edu,B,"Non-editing teacher"
"""
GOOGLE_SHEET = """\
Email Address,Full Name,Section,Role,Notes
 ada@college.edu ,Ada Lovelace,A,Student,sits in front
grace.hopper@college.edu,Grace Hopper,B,TA,
,,,,
"""


def refusal(text: str) -> str:
    with pytest.raises(roster.RosterProblem) as caught:
        roster.parse(text, "roster.csv")
    return str(caught.value)


def read_bytes(tmp_path: Path, content: bytes) -> tuple[roster.Person, ...]:
    path = tmp_path / "roster.csv"
    path.write_bytes(content)
    return roster.read(path)


@pytest.mark.parametrize(
    ("export", "roles", "sections"),
    [
        (CANVAS_GRADEBOOK, ["student", "student"], ["ENGR114-A", "ENGR114-B"]),
        (CANVAS_WITH_EMAIL, ["student", "ta"], ["A", "B"]),
        (MOODLE_PARTICIPANTS, ["student", "ta"], ["A", "B"]),
        (GOOGLE_SHEET, ["student", "ta"], ["A", "B"]),
    ],
    ids=["Canvas gradebook", "Canvas with e-mail", "Moodle", "Google Sheets"],
)
def test_an_export_reads_as_it_comes(export: str, roles: list[str], sections: list[str]) -> None:
    people = roster.parse(export, "export.csv")

    assert [person.email for person in people] == ["ada@college.edu", "grace.hopper@college.edu"], "nobody else"
    assert [person.name for person in people] == ["Ada Lovelace", "Grace Hopper"], "names as one says them"
    assert [person.role for person in people] == roles
    assert [person.section for person in people] == sections


@pytest.mark.parametrize(
    "content",
    [
        PLAIN.encode(),
        PLAIN.encode("utf-8-sig"),
        PLAIN.replace("\n", "\r\n").encode("utf-8-sig"),
        PLAIN.replace(",", ";").encode("utf-8-sig"),
        PLAIN.replace(",", "\t").encode(),
        PLAIN.replace(",", "\t").replace("\n", "\r\n").encode("utf-16"),
        b"Role,Email,Name\nSTUDENT, Ada@college.edu ,Ada Lovelace\n\n,,\n",
        b"email,name\nada@college.edu,Ada Lovelace",
    ],
    ids=[
        "plain",
        "BOM",
        "CRLF",
        "semicolons",
        "tabs",
        "Excel's Unicode text",
        "other order and case",
        "no last line end",
    ],
)
def test_a_roster_reads_as_spreadsheets_write_it(content: bytes, tmp_path: Path) -> None:
    (person,) = read_bytes(tmp_path, content)

    assert (person.email, person.name, person.role) == ("ada@college.edu", "Ada Lovelace", "student")
    assert person.user == "jh-ada", "however it was saved, it is the same account"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "columns are nothing; wanted is email (or github)"),
        ("post,who\nx,y\n", "columns are post, who; wanted is email (or github)"),
        ("email,secton\nada@college.edu,A\n", "the column 'secton' is not known; did you mean section?"),
        ("email\n", "names nobody"),
        ("email,name\nada,Ada\n", "line 2: 'ada' is not an e-mail address; for example ada@college.edu"),
        ("email,name\n,Ada\n", "line 2: has neither an e-mail address nor a GitHub name"),
        ("github\nada lovelace\n", "line 2: 'ada lovelace' is not a GitHub name; for example ada-lovelace"),
        ("email,role\nada@college.edu,boss\n", "line 2: role 'boss' is none of student, ta, instructor"),
        ("email\nada@college.edu\nADA@college.edu\n", "line 3: ada@college.edu stands on line 2 already"),
        ("github\nada\n@Ada\n", "line 3: GitHub ada stands on line 2 already"),
        ("email,name\nada@college.edu,Lovelace, Ada\n", "line 2: has more values than columns"),
        ("email\nada@a.edu\nada@b.edu\n", "line 3: ada@b.edu and ada@a.edu would share the account jh-ada"),
        ("email,user\nada@a.edu,root\n", "line 2: user 'root' cannot be an account; a good one is jh-ada"),
        ("SIS Login ID,Student\nalovelace,Ada\n", "line 2: 'alovelace' is not an e-mail address"),
    ],
)
def test_a_bad_roster_is_refused_with_line_and_example(text: str, said: str) -> None:
    assert said in refusal(text)


def test_all_that_is_wrong_with_a_roster_is_told_at_once() -> None:
    message = refusal("email,role\nx,student\nada@college.edu,boss\n")

    assert "line 2" in message, "the first problem"
    assert "line 3" in message, "and the second"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"PK\x03\x04workbook", "is a workbook, not a CSV; save it as 'CSV UTF-8"),
        (b"email,name\nzoe@college.edu,Zo\xeb\n", "line 2 is not UTF-8 text; save it as 'CSV UTF-8"),
    ],
)
def test_a_file_of_another_kind_is_refused_with_the_way_out(content: bytes, said: str, tmp_path: Path) -> None:
    with pytest.raises(roster.RosterProblem, match="save it as"):
        read_bytes(tmp_path, content)
    with pytest.raises(roster.RosterProblem) as caught:
        read_bytes(tmp_path, content)
    assert said in str(caught.value)


def test_another_account_name_may_be_given_where_two_would_share_one() -> None:
    people = roster.parse("email,user\nada@a.edu,\nada@b.edu,jh-ada-2\n", "roster.csv")

    assert [person.user for person in people] == ["jh-ada", "jh-ada-2"]


def test_letters_are_the_same_however_a_keyboard_composed_them() -> None:
    composed, apart = (roster.parse(f"email,name\nzoe@a.edu,Zo{e}\n", "x") for e in ("\u00eb", "e\u0308"))

    assert composed == apart, "a name typed on another computer is no change"


def test_a_github_name_is_read_however_it_is_written() -> None:
    people = roster.parse("github\n@Ada\nhttps://github.com/grace-h/\n", "x")

    assert [person.github for person in people] == ["ada", "grace-h"]


def test_five_hundred_people_are_one_roster() -> None:
    lines = [f"student.{number}+lab@College.edu,Student {number},{'AB'[number % 2]}" for number in range(500)]
    people = roster.parse("\n".join(["email,name,section", *lines]), "x")

    assert len({person.user for person in people}) == 500, "everybody has an account of their own"
