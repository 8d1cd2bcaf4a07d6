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
BRIGHTSPACE_GRADES = """\
OrgDefinedId,Username,Last Name,First Name,Email,Section,Midterm Points Grade,End-of-Line Indicator
#900001,alovelace,Lovelace,Ada,ada@college.edu,A,18,#
#900002,ghopper,Hopper,Grace,grace.hopper@college.edu,B,20,#
"""
SNAKE_CASE = """\
user_id,login_id,first_name,last_name,email,section,role
900001,alovelace,Ada,Lovelace,ada@college.edu,A,Learner
900002,ghopper,Grace,Hopper,grace.hopper@college.edu,B,teaching assistant
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
        (BRIGHTSPACE_GRADES, ["student", "student"], ["A", "B"]),
        (SNAKE_CASE, ["student", "ta"], ["A", "B"]),
    ],
    ids=["Canvas gradebook", "Canvas with e-mail", "Moodle", "Google Sheets", "Brightspace", "a database's"],
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
        b"sep=;\r\n" + PLAIN.replace(",", ";").encode(),
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
        "Excel's word for the delimiter",
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
        (
            "SIS Login ID,Student\nalovelace,Ada\n",
            "the column 'sis login id' holds names such as 'alovelace', no e-mail",
        ),
        ("email,email\nada@a.edu,bob@a.edu\n", "there are two columns 'email'; keep one"),
        ("email,GitHub ID\nada@a.edu,12345\n", "the column 'github id' is not known; did you mean github?"),
        ('email,name\nada@a.edu,"Ada\nbob@a.edu,Bob\n', "line 2: its double quotes do not match up"),
        ('email,name\nada@a.edu,"Ada "C" Lovelace"\n', "line 2: its double quotes do not match up; one inside"),
        ("email\nAda <ada@a.edu>\n", "line 2: 'ada <ada@a.edu>' is not an e-mail address"),
        ("email\nada@a.edu;bob@a.edu\n", "line 2: 'ada@a.edu;bob@a.edu' is not an e-mail address"),
        ("email,user\nada@a.edu,jh-probe-1\n", "line 2: user 'jh-probe-1' cannot be an account"),
    ],
)
def test_a_bad_roster_is_refused_with_line_and_example(text: str, said: str) -> None:
    assert said in refusal(text)


def test_all_that_is_wrong_with_a_roster_is_told_at_once() -> None:
    message = refusal("email,role\nx,student\nada@college.edu,boss\n")

    assert "line 2" in message, "the first problem"
    assert "line 3" in message, "and the second"


def test_a_misspelt_column_hides_no_other_problem() -> None:
    message = refusal("email,secton\nada,A\n")

    assert "did you mean section?" in message
    assert "line 2: 'ada' is not an e-mail address" in message


def test_a_problem_is_told_with_the_line_its_record_begins_on() -> None:
    message = refusal('email,name,role\nada@a.edu,"Ada\nLovelace",student\nbob@a.edu,"Bob\nB.",boss\n')

    assert "line 4: role 'boss'" in message, "lines as an editor counts them, though cells have line ends in them"


def test_what_is_invisible_in_a_copied_address_is_no_part_of_it() -> None:
    people = roster.parse("email\n\u200bAda@a.edu\u00a0\n\ufeffmailto:bob@a.edu\n", "x")

    assert [person.email for person in people] == ["ada@a.edu", "bob@a.edu"]


def test_a_login_column_of_bare_names_does_no_harm_where_people_sign_in_at_github() -> None:
    (person,) = roster.parse("Student,SIS Login ID,GitHub\nAda,alovelace,ada\n", "x")

    assert (person.email, person.github, person.user) == ("", "ada", "jh-ada")


def test_no_group_is_no_section() -> None:
    (person,) = roster.parse("Email address,Groups\nada@a.edu,No groups\n", "x")

    assert person.section == "", "as Moodle says it"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"PK\x03\x04workbook", "is a workbook, not a CSV; save it as 'CSV UTF-8"),
        (b"email,name\nzoe@college.edu,Zo\xeb\n", "line 2 is not UTF-8 text; save it as 'CSV UTF-8"),
        (PLAIN.encode("utf-16-le"), "is not UTF-8 text; save it as 'CSV UTF-8"),
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
