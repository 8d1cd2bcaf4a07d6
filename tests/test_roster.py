from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

import roster
from coursehub import roster as droplet_roster

if TYPE_CHECKING:
    from pathlib import Path


def refusal(text: str) -> str:
    with pytest.raises(roster.RosterProblem) as caught:
        roster.parse(text, "roster.csv")
    return str(caught.value)


@pytest.mark.parametrize(
    ("email", "user"),
    [
        ("ada@college.edu", "jh-ada"),
        ("Ada@College.edu", "jh-ada"),
        ("ada.lovelace@college.edu", "jh-ada-lovelace-"),
        ("ada+lab@college.edu", "jh-ada-lab-"),
        ("zoë@college.edu", "jh-zoe-"),
        ("李@college.edu", "jh-student-"),
        ("a-very-long-name-that-never-seems-to-end@college.edu", "jh-a-very-long-name-that-"),
        ("root@college.edu", "jh-root"),
        ("probe-1@college.edu", "jh-probe-1-"),
    ],
)
def test_an_address_gives_one_account_name_that_the_droplet_accepts(email: str, user: str) -> None:
    name = roster.user_name(email)

    assert name.startswith(user), "the name is readable"
    assert roster.USER.fullmatch(name), "the droplet's units accept it"
    assert name not in roster.PROBES, "nobody is the student check"
    assert name == roster.user_name(email.upper()), "case makes no other person"


def test_addresses_that_differ_in_a_character_a_name_cannot_hold_are_two_people() -> None:
    names = {roster.user_name(f"a{mark}b@college.edu") for mark in (".", "_", "+", "")}

    assert len(names) == 4, "a.b, a_b, a+b and ab are four people"


@pytest.mark.parametrize(
    "text",
    [
        "email,name,section,role\nada@college.edu,Ada,A,student\n",
        "\ufeffemail,name,section,role\r\nada@college.edu,Ada,A,student\r\n",
        "Role,Email\nSTUDENT, Ada@college.edu \n\n,,\n",
        "email\nada@college.edu\n",
    ],
)
def test_a_roster_reads_as_spreadsheets_write_it(text: str, tmp_path: Path) -> None:
    path = tmp_path / "roster.csv"
    path.write_text(text, encoding="utf-8")

    (person,) = roster.read(path)

    assert (person.email, person.role, person.user) == ("ada@college.edu", "student", "jh-ada")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "columns are nothing; wanted are email, name"),
        ("mail,name\nx,y\n", "columns are mail, name; wanted are email"),
        ("email,grade\nada@college.edu,A\n", "columns are email, grade"),
        ("email\n", "names nobody"),
        ("email,name\nada,Ada\n", "line 2: 'ada' is not an e-mail address; for example ada@college.edu"),
        ("email,name\n,Ada\n", "line 2: has no e-mail address"),
        ("email,role\nada@college.edu,boss\n", "line 2: role 'boss' is none of student, ta, instructor"),
        ("email\nada@college.edu\nADA@college.edu\n", "line 3: ada@college.edu stands on line 2 already"),
        ("email,name\nada@college.edu,Lovelace, Ada\n", "line 2: has more values than columns"),
        ("email\nada@a.edu\nada@b.edu\n", "line 3: ada@b.edu and ada@a.edu would share the account jh-ada"),
        ("email,user\nada@a.edu,root\n", "line 2: user 'root' cannot be an account; a good one is jh-ada"),
    ],
)
def test_a_bad_roster_is_refused_with_line_and_example(text: str, said: str) -> None:
    assert said in refusal(text)


def test_all_that_is_wrong_with_a_roster_is_told_at_once() -> None:
    message = refusal("email,role\nx,student\nada@college.edu,boss\n")

    assert "line 2" in message, "the first problem"
    assert "line 3" in message, "and the second"


def test_another_account_name_may_be_given_where_two_would_share_one() -> None:
    people = roster.parse("email,user\nada@a.edu,\nada@b.edu,jh-ada-2\n", "roster.csv")

    assert [person.user for person in people] == ["jh-ada", "jh-ada-2"]


def test_one_more_student_is_one_more_line_in_the_preview() -> None:
    before = roster.document(roster.parse("email\nada@a.edu\nbob@a.edu\n", "x")).splitlines()
    after = roster.document(roster.parse("email\nada@a.edu\nbob@a.edu\ncy@a.edu\n", "x")).splitlines()

    assert len(set(after) - set(before)) == 2, "the new person, and the comma behind the last one"


def test_the_droplet_reads_what_the_instructors_machine_writes() -> None:
    people = roster.parse("email,name,section,role\nzoë@college.edu,Zoë,A,ta\n", "x")

    document = roster.document(people)

    assert json.loads(document)["students"][0]["name"] == "Zoë"
    assert droplet_roster.parse(document), "the hub's own reader takes it"
