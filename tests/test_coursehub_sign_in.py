"""Who may sign in: the roster's people, with an address their provider has verified, and nobody else."""

from __future__ import annotations

import asyncio
import json
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from tornado.web import HTTPError

from coursehub.roster import Roster, parse
from coursehub.sign_in.openid import OpenIDSignIn

if TYPE_CHECKING:
    from pathlib import Path

ADA = {"email": "Ada@College.example", "name": "Ada Lovelace", "user": "jh-ada", "role": "student", "section": "A"}
BOB = {**ADA, "email": "bob@college.example", "user": "jh-bob"}


@pytest.fixture
def roster(tmp_path: Path) -> Path:
    path = tmp_path / "roster.json"
    path.write_text(json.dumps({"students": [ADA]}))
    return path


def door(path: Path, **settings: Any) -> OpenIDSignIn:
    return OpenIDSignIn(roster_path=str(path), support_email="teacher@college.example", **settings)


def who(authenticator: OpenIDSignIn, **claims: Any) -> str:
    return authenticator.user_info_to_username({"email": "ada@college.example", "email_verified": True, **claims})


@pytest.mark.parametrize("email", ["ada@college.example", "ADA@COLLEGE.EXAMPLE", "Ada@College.example"])
def test_an_address_is_one_person_in_whatever_case(roster: Path, email: str) -> None:
    assert who(door(roster), email=email) == "jh-ada"


@pytest.mark.parametrize("verified", [False, None, "false", 1, "yes", []])
def test_an_address_nobody_verified_is_refused(roster: Path, verified: object) -> None:
    with pytest.raises(HTTPError, match="has not verified") as refusal:
        who(door(roster), email_verified=verified)
    assert refusal.value.status_code == 403


def test_the_teacher_can_trust_a_provider_that_does_not_tell(roster: Path) -> None:
    assert who(door(roster, require_verified_email=False), email_verified=None) == "jh-ada"


def test_a_service_of_many_colleges_vouches_for_those_of_one(roster: Path) -> None:
    cilogon = door(roster, required_claims={"idp": "https://idp.college.example"})

    assert who(cilogon, idp="https://idp.college.example") == "jh-ada"
    for idp in ("https://idp.elsewhere.example", None, ["https://idp.college.example"]):
        with pytest.raises(HTTPError, match="does not come from where this class signs in"):
            who(cilogon, idp=idp)


def test_a_refusal_names_the_account_and_whom_to_write_to(roster: Path) -> None:
    with pytest.raises(HTTPError, match=r"mallory@gmail\.example, which is not on the class roster.*teacher@college"):
        who(door(roster), email="mallory@gmail.example")


@pytest.mark.parametrize("email", [None, "", ["ada@college.example"]])
def test_a_provider_that_tells_no_address_is_refused(roster: Path, email: object) -> None:
    with pytest.raises(HTTPError, match="did not tell your e-mail address"):
        who(door(roster), email=email)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        '{"students": [{"email": "ada@college.example"}]}',
        json.dumps({"students": [ADA, {**BOB, "user": "root"}]}),
        json.dumps({"students": [ADA, {**BOB, "user": "jh-probe-1"}]}),
        json.dumps({"students": [ADA, {**BOB, "user": "jh-ada"}]}),
        json.dumps({"students": [ADA, {**BOB, "email": "ADA@college.example"}]}),
        json.dumps({"students": [{**ADA, "email": None}]}),
    ],
)
def test_a_broken_roster_admits_nobody(roster: Path, text: str) -> None:
    roster.write_text(text)

    with pytest.raises(HTTPError, match="not on the class roster"):
        who(door(roster))


def test_a_missing_roster_admits_nobody(tmp_path: Path) -> None:
    with pytest.raises(HTTPError, match="not on the class roster"):
        who(door(tmp_path / "none.json"))


def test_a_roster_that_breaks_admits_nobody_any_more(roster: Path) -> None:
    people = Roster(roster)
    assert people.has_user("jh-ada")

    roster.write_text("not a roster")

    assert not people.has_user("jh-ada"), "the last good one must not go on for ever"


def test_a_changed_roster_is_read_without_a_restart(roster: Path) -> None:
    people = Roster(roster)
    assert people.by_email("bob@college.example") is None

    _written(roster.with_name("new"), [ADA, BOB]).replace(roster)

    person = people.by_email("bob@college.example")
    assert person is not None
    assert person.user == "jh-bob"


def test_who_leaves_the_roster_is_signed_out(roster: Path) -> None:
    authenticator = door(roster)
    assert asyncio.run(authenticator.refresh_user(SimpleNamespace(name="jh-ada")))

    _written(roster.with_name("new"), [BOB]).replace(roster)

    assert not asyncio.run(authenticator.refresh_user(SimpleNamespace(name="jh-ada")))
    assert not asyncio.run(authenticator.check_allowed("jh-ada", {"name": "jh-ada", "admin": True})), (
        "an administrator comes through the same door"
    )


def test_a_probe_keeps_its_rights_but_nobody_signs_in_as_one(roster: Path) -> None:
    authenticator = door(roster)

    assert asyncio.run(authenticator.refresh_user(SimpleNamespace(name="jh-probe-1"))), "the student check needs it"
    assert not asyncio.run(authenticator.check_allowed("jh-probe-1", {"name": "jh-probe-1", "admin": None}))


def test_people_are_read_whole() -> None:
    person = parse(json.dumps({"students": [ADA]}))[0]

    assert (person.email, person.name, person.section) == ("ada@college.example", "Ada Lovelace", "A")


def _written(path: Path, people: list[dict[str, str]]) -> Path:
    path.write_text(json.dumps({"students": people}))
    return path
