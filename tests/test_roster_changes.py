"""What a preview says of a new roster."""

from __future__ import annotations

import pytest

import roster

CLASS = "email,name,section,role\nada@a.edu,Ada,A,student\nbob@a.edu,Bob,A,student\ncy@a.edu,Cy,B,student\n"


def people(text: str) -> tuple[roster.Person, ...]:
    return roster.parse(text, "roster.csv")


@pytest.mark.parametrize(
    ("now", "said"),
    [
        (CLASS + "di@a.edu,Di,B,student\nem@a.edu,Em,B,student\n", "2 join (di@a.edu, em@a.edu)"),
        (CLASS + "di@a.edu,Di,B,student\n", "1 joins (di@a.edu)"),
        (CLASS.replace("bob@a.edu,Bob,A,student\n", ""), "1 leaves (sign-in off, work kept: bob@a.edu)"),
        (CLASS.replace("Cy,B,student", "Cy,B,ta"), "1 becomes TA (cy@a.edu)"),
        (CLASS.replace("Cy,B", "Cy,A"), "1 moves to section A (cy@a.edu)"),
        (CLASS.replace("Cy,B", "Cy,"), "1 moves out of their section (cy@a.edu)"),
        (
            CLASS.replace("email,name,section,role", "email,name,section,role,user").replace(
                "cy@a.edu,Cy,B,student", "cyrus@a.edu,Cy,B,student,jh-cy"
            ),
            "1 gets another address (cyrus@a.edu)",
        ),
        (CLASS.replace("Cy,B", "Cyrus,B"), "1 gets another name (cy@a.edu)"),
    ],
)
def test_a_change_is_said_in_words(now: str, said: str) -> None:
    assert roster.words(people(CLASS), people(now)) == [f"roster: {said}"]


def test_changes_stand_in_one_sentence() -> None:
    now = "email,name,section,role\nada@a.edu,Ada,A,ta\ncy@a.edu,Cy,B,student\ndi@a.edu,Di,A,student\n"

    (sentence,) = roster.words(people(CLASS), people(now))

    assert sentence == (
        "roster: 1 joins (di@a.edu), 1 leaves (sign-in off, work kept: bob@a.edu), 1 becomes TA (ada@a.edu)"
    )


def test_no_change_is_nothing_to_say() -> None:
    assert roster.words(people(CLASS), people(CLASS)) == []


def test_a_first_roster_is_counted() -> None:
    now = people(CLASS + "di@a.edu,Di,A,ta\ned@a.edu,Ed,,instructor\n")

    assert roster.words(None, now) == ["roster: 5 people: 3 students, 1 TA, 1 instructor"]


def test_a_long_list_is_shortened() -> None:
    now = people(CLASS + "".join(f"s{number}@a.edu,,A,student\n" for number in range(30)))

    (sentence,) = roster.words(people(CLASS), now)

    assert sentence == "roster: 30 join (s0@a.edu, s1@a.edu, s2@a.edu, s3@a.edu, s4@a.edu and 25 more)"


def test_whoever_would_lose_their_work_to_a_new_account_is_named() -> None:
    now = people("email,name,section,user\nada@a.edu,Ada,A,jh-countess\nbob@a.edu,Bob,A,\ncy@a.edu,Cy,B,\n")

    assert roster.words(people(CLASS), now) == [
        "roster: 1 gets another account (ada@a.edu)",
        "roster: ada@a.edu gets the account jh-countess; their work stays with jh-ada",
    ], "nobody joins and nobody leaves"


def test_whoever_would_get_a_strangers_work_is_named() -> None:
    now = people(CLASS.replace("ada@a.edu,Ada", "ada@b.edu,Ada B."))

    sentences = roster.words(people(CLASS), now)

    assert sentences[1].startswith("roster: ada@b.edu gets the account jh-ada with the work of ada@a.edu; if that is")
    assert sentences[1].endswith("in a column user, for example jh-ada-2"), "with the way out"


def test_a_college_with_a_new_domain_is_no_reason_to_worry() -> None:
    sentences = roster.words(people(CLASS), people(CLASS.replace("@a.edu", "@b.edu")))

    assert sentences == ["roster: 3 get another address (ada@b.edu, bob@b.edu, cy@b.edu)"]


def test_a_ta_without_a_section_is_told_when_they_become_one_and_not_every_day() -> None:
    now = people(CLASS.replace("Cy,B,student", "Cy,,ta"))

    told = "roster: 1 TA has no section and can open no server (cy@a.edu)"
    assert told in roster.words(None, now)
    assert told in roster.words(people(CLASS), now)
    assert roster.words(now, now) == []


def test_many_warnings_are_shortened_too() -> None:
    many = "email,name\n" + "".join(f"s.{number}@a.edu,Student {number}\n" for number in range(30))

    sentences = roster.words(people(many), people(many.replace("@a.edu", "@b.edu")))

    assert len(sentences) == 7, "what changes, five hints, and how many more there are"
    assert sentences[-1] == "roster: and 25 more like these"


def test_a_new_address_of_the_same_name_comes_with_the_way_to_keep_the_work() -> None:
    now = people(CLASS.replace("ada@a.edu", "lovelace@b.edu"))

    sentences = roster.words(people(CLASS), now)

    assert any("give the line the value jh-ada in a column user" in sentence for sentence in sentences)
