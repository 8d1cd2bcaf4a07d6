"""Passwords of the course's own: how they are kept, which one counts, what may be chosen, how guesses are slowed."""

from __future__ import annotations

import dataclasses
import os
from typing import TYPE_CHECKING

import pytest

from coursehub.passwords import credentials, hashing, one_time, rules
from coursehub.passwords.credentials import Chosen, Credentials, Issued, Unreadable, standing
from coursehub.passwords.throttle import ACCOUNT, ADDRESS, MOST, Throttle
from coursehub.roster import Person

if TYPE_CHECKING:
    from pathlib import Path

ADA = Person("ada.lovelace@college.edu", "Ada Lovelace", "jh-ada", "student", "A")


def test_a_password_is_kept_in_a_form_that_says_how() -> None:
    name, cost, block, parallel, salt, key = hashing.kept("an engine of brass").split("$")

    assert (name, cost, block, parallel) == ("scrypt", "32768", "8", "3"), "32 MiB, a set of OWASP's"
    assert (len(salt), len(key)) == (24, 44), "16 and 32 bytes in base64"


@pytest.fixture
def _cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hashing, "COST", 2)


@pytest.mark.usefixtures("_cheap")
def test_a_password_matches_what_was_kept_of_it_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = hashing.kept("an engine of brass")
    monkeypatch.setattr(hashing, "COST", 4)  # the parameters of another day

    assert hashing.matches("an engine of brass", kept), "it is compared by its own"
    assert not hashing.matches("An engine of brass", kept)
    assert hashing.kept("an engine of brass") != hashing.kept("an engine of brass"), "two people with one are not seen"


@pytest.mark.usefixtures("_cheap")
def test_the_same_letters_are_one_password_on_every_keyboard() -> None:
    assert hashing.matches("zoe\N{COMBINING DIAERESIS}", hashing.kept("zo\N{LATIN SMALL LETTER E WITH DIAERESIS}"))


@pytest.mark.parametrize("text", ["", "plain", "md5$1$1$1$aa$aa"])
def test_what_was_not_kept_by_us_is_an_error_and_no_match(text: str) -> None:
    with pytest.raises(ValueError, match=r"scrypt|unpack"):
        hashing.matches("plain", text)


def test_a_one_time_password_can_be_read_aloud_and_typed_as_heard() -> None:
    password = one_time.new()

    assert len(one_time.LETTERS) ** 12 > 2**57, "what the docs say of it"
    assert not set(one_time.LETTERS) & set("aeiou01l"), "no words, and nothing that is taken for something else"
    assert [len(group) for group in password.split("-")] == [4, 4, 4]
    assert one_time.bare(f" {password.upper().replace('-', '  ')} ") == password.replace("-", "")
    assert one_time.new() != password


ONE = Issued(ADA.email, "hash of the one-time one", 1000)
OWN = Chosen("hash of the chosen one", 2000, ONE.id)


def test_the_chosen_password_counts_until_another_one_time_password_is_issued() -> None:
    first = standing(ADA, {"jh-ada": ONE}, {})
    then = standing(ADA, {"jh-ada": ONE}, {"jh-ada": OWN})
    reset = standing(ADA, {"jh-ada": Issued(ADA.email, "another", 3000)}, {"jh-ada": OWN})

    assert first
    assert then
    assert reset
    assert [(one.hash, one.chosen) for one in (first, then, reset)] == [
        ("hash of the one-time one", False),
        ("hash of the chosen one", True),
        ("another", False),
    ]


def test_a_clock_that_goes_backwards_changes_nothing() -> None:
    early = dataclasses.replace(OWN, chosen=500)
    reset = Issued(ADA.email, "another", 100)

    answered, anew = (standing(ADA, {"jh-ada": one}, {"jh-ada": early}) for one in (ONE, reset))

    assert answered
    assert answered.chosen, "it was chosen before its one-time password was issued, says the clock"
    assert anew
    assert not anew.chosen, "it was chosen after the reset, says the clock"


@pytest.mark.parametrize(
    "person", [None, dataclasses.replace(ADA, email="ada@elsewhere.edu"), dataclasses.replace(ADA, user="jh-bob")]
)
def test_for_nobody_and_for_another_address_nothing_counts(person: Person | None) -> None:
    assert standing(person, {"jh-ada": ONE}, {"jh-ada": OWN}) is None
    assert standing(person, {}, {"jh-ada": OWN}) is None, "without root's file nobody gets in"


def test_what_is_chosen_is_the_hubs_alone_to_read_and_leaves_the_others_as_they_are(tmp_path: Path) -> None:
    kept = Credentials(tmp_path / "one-time.json", tmp_path / "passwords.json")
    kept.choose("jh-ada", "hers", ONE)
    kept.choose("jh-bob", "his", ONE)

    assert (tmp_path / "passwords.json").stat().st_mode & 0o777 == 0o600
    assert {user: one.hash for user, one in credentials.chosen(tmp_path / "passwords.json").items()} == {
        "jh-ada": "hers",
        "jh-bob": "his",
    }


@pytest.mark.parametrize("text", ["", "[]", '{"jh-ada": {}}', '{"jh-ada": {"hash": "x"', "\x00"])
def test_a_file_that_holds_something_else_is_an_error_and_not_empty(tmp_path: Path, text: str) -> None:
    (tmp_path / "passwords.json").write_text(text)

    with pytest.raises(Unreadable, match="does not hold passwords"):
        credentials.chosen(tmp_path / "passwords.json")


def test_root_follows_no_link_of_the_hubs_and_waits_for_nothing(tmp_path: Path) -> None:
    (tmp_path / "shadow").write_text("{}")
    (tmp_path / "link").symlink_to("shadow")
    os.mkfifo(tmp_path / "pipe")

    for name in ("link", "pipe"):
        with pytest.raises(Unreadable):
            credentials.chosen(tmp_path / name)


@pytest.mark.parametrize(
    "password",
    [
        "four punched cards",
        "a" * 10 + "bcdef",
        "\N{CYRILLIC SMALL LETTER ZHE}\N{CYRILLIC SMALL LETTER U} это длинный пароль",
        "correct horse battery staple no 7",
        "ada lovelace was here first",
    ],
)
def test_any_characters_and_any_kinds_of_them_will_do(password: str) -> None:
    assert rules.problem(password, password, ADA) == ""


@pytest.mark.parametrize(
    "password",
    [
        "passwordpassword",
        "Password-1234567",
        "123456789012345",
        "qwertyuiopasdfgh",
        "lkjhgfdsapoiuytrewq",
        "trustno1trustno1",
        "aaaaaaaaaaaaaaa",
        "121212121212121212",
        "correct horse battery staple",
        "ada.lovelace@college.edu",
        "Ada.Lovelace 2026",
        "Lovelace, Ada 1815",
        "adalovelaceadalovelace",
    ],
)
def test_what_everybody_would_guess_is_refused(password: str) -> None:
    assert rules.problem(password, password, ADA).startswith("Others would guess"), password


def test_the_shortest_is_what_the_standard_says() -> None:
    assert rules.problem("a1b2c3d4e5f6g7", "", ADA).startswith("Your password has 14 characters; it needs at least 15")
    assert rules.problem("a1b2c3d4e5f6g7h", "a1b2c3d4e5f6g7h", ADA) == ""
    assert "at most 256" in rules.problem("long " * 60, "", ADA)


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


ACCOUNTS = {"account ada": ACCOUNT, "address 192.0.2.1": ADDRESS}


def test_after_some_failures_the_wait_doubles_up_to_a_minute_and_no_further() -> None:
    clock = Clock()
    throttle = Throttle(clock)
    waits = []
    for _ in range(21):
        waits.append(throttle.start(ACCOUNTS))
        clock.now += waits[-1]

    assert waits[: ACCOUNT.free] == [0] * ACCOUNT.free
    assert [wait for wait in waits if wait] == [1, 2, 4, 8, 16, 32, 60, 60], "nobody is locked out for longer"


def test_tries_at_the_same_moment_count_before_they_are_answered() -> None:
    throttle = Throttle(Clock())

    started = [throttle.start(ACCOUNTS) for _ in range(50)]

    assert started.count(0) == ACCOUNT.free, "a hundred at once are no way around"


def test_a_right_password_forgives_the_account_and_one_failure_of_the_address() -> None:
    throttle = Throttle(Clock())
    for _ in range(ACCOUNT.free):
        throttle.start(ACCOUNTS)
    throttle.succeeded(ACCOUNTS)
    assert throttle.start(ACCOUNTS) == 0

    others = [{f"account {number}": ACCOUNT, "address 192.0.2.1": ADDRESS} for number in range(ADDRESS.free)]
    started = [throttle.start(keys) for keys in others]

    assert 0 < started[-1] <= ADDRESS.longest, "one's own account is no key to the others'"


def test_a_class_behind_one_address_is_not_in_its_own_way() -> None:
    throttle = Throttle(Clock())

    for number in range(100):
        keys = {f"account {number}": ACCOUNT, "address 192.0.2.1": ADDRESS}
        assert throttle.start(keys) == 0
        throttle.succeeded(keys)


def test_what_was_not_tried_for_an_hour_is_forgotten_and_so_is_what_would_fill_the_memory() -> None:
    clock = Clock()
    throttle = Throttle(clock)
    for _ in range(ACCOUNT.free):
        throttle.start(ACCOUNTS)
    clock.now += 3601
    assert throttle.start(ACCOUNTS) == 0
    for number in range(MOST + 10):
        throttle.start({f"account {number}": ACCOUNT})

    assert len(throttle._entries) <= MOST
