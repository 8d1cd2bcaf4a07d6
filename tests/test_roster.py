from __future__ import annotations

import json

import pytest

import roster
from coursehub import roster as droplet_roster


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
    ("login", "user"), [("ada", "jh-ada"), ("Ada-Lovelace", "jh-ada-lovelace"), ("probe-1", "jh-probe-1-")]
)
def test_a_github_name_gives_one_account_name_too(login: str, user: str) -> None:
    name = roster.github_user_name(login)

    assert name.startswith(user), "the name is readable"
    assert roster.USER.fullmatch(name), "the droplet's units accept it"
    assert name not in roster.PROBES, "nobody is the student check"


def test_a_roster_can_be_read_back_from_what_the_droplet_has() -> None:
    people = roster.parse("email,name,section,role\nzoë@college.edu,Zoë,A,ta\n", "x")

    assert roster.from_document(roster.document(people)) == people


def test_what_is_no_roster_is_not_read_as_one() -> None:
    with pytest.raises(ValueError, match="not a roster"):
        roster.from_document('{"students": [{"surprise": 1}]}')


def test_one_more_student_is_one_more_line_in_the_preview() -> None:
    before = roster.document(roster.parse("email\nada@a.edu\nbob@a.edu\n", "x")).splitlines()
    after = roster.document(roster.parse("email\nada@a.edu\nbob@a.edu\ncy@a.edu\n", "x")).splitlines()

    assert len(set(after) - set(before)) == 2, "the new person, and the comma behind the last one"


def test_the_droplet_reads_what_the_instructors_machine_writes() -> None:
    people = roster.parse("email,name,section,role\nzoë@college.edu,Zoë,A,ta\n", "x")

    document = roster.document(people)

    assert json.loads(document)["students"][0]["name"] == "Zoë"
    assert droplet_roster.parse(document), "the hub's own reader takes it"
