"""Google: the college's accounts, or private ones nobody can have inherited; by the roster in any case."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from tornado.web import HTTPError

from coursehub.sign_in.google import GoogleSignIn

if TYPE_CHECKING:
    from pathlib import Path

PEOPLE = [
    {"email": email, "name": "", "user": f"jh-{number}", "role": "student", "section": ""}
    for number, email in enumerate(["ada@college.edu", "bob@gmail.com", "cy@elsewhere.edu"])
]
ADA = {"id": "1", "email": "Ada@College.edu", "verified_email": True, "hd": "college.edu"}
BOB = {"id": "2", "email": "bob@gmail.com", "verified_email": True}
CY = {"id": "3", "email": "cy@elsewhere.edu", "verified_email": True}


@pytest.fixture
def roster(tmp_path: Path) -> Path:
    path = tmp_path / "roster.json"
    path.write_text(json.dumps({"students": PEOPLE}))
    return path


def who(roster: Path, told: dict[str, Any], *domains: str) -> str:
    door = GoogleSignIn(roster_path=str(roster), support_email="teacher@college.edu", hosted_domain=list(domains))
    return door.user_info_to_username(dict(told))


def refused(roster: Path, told: dict[str, Any], *domains: str) -> str:
    with pytest.raises(HTTPError) as refusal:
        who(roster, told, *domains)
    assert refusal.value.status_code == 403
    return str(refusal.value.log_message)


def test_a_college_account_is_its_line_of_the_roster(roster: Path) -> None:
    assert who(roster, ADA, "college.edu") == "jh-0"
    assert who(roster, ADA, "other.edu", "College.EDU") == "jh-0", "one domain or several: nobody is renamed"
    assert who(roster, ADA) == "jh-0"


def test_with_domains_no_other_account_gets_in(roster: Path) -> None:
    assert "bob@gmail.com, which is no account of college.edu" in refused(roster, BOB, "college.edu")
    foreign = {**ADA, "hd": "elsewhere.edu"}
    assert "no account of college.edu or other.edu" in refused(roster, foreign, "college.edu", "other.edu"), (
        "what counts is whose account it is, not how the address ends"
    )


def test_without_domains_a_gmail_account_on_the_roster_gets_in(roster: Path) -> None:
    assert who(roster, BOB) == "jh-1"


def test_a_private_account_with_a_colleges_address_proves_nothing(roster: Path) -> None:
    said = refused(roster, CY)

    assert "cy@elsewhere.edu, a private Google account with an address that is not Google's" in said, (
        "whoever once had the address may have left the college"
    )


@pytest.mark.parametrize("verified", [False, None, "true", 1])
def test_an_address_google_has_not_verified_is_refused(roster: Path, verified: object) -> None:
    assert "an address Google has not verified" in refused(roster, {**ADA, "verified_email": verified}, "college.edu")


def test_the_roster_is_the_door_for_the_colleges_own_accounts_too(roster: Path) -> None:
    said = refused(roster, {**ADA, "email": "eve@college.edu"}, "college.edu")

    assert "eve@college.edu, which is not on the class roster" in said
    assert "write to teacher@college.edu" in said


def test_google_telling_no_address_is_refused(roster: Path) -> None:
    assert "did not tell your e-mail address" in refused(roster, {"id": "1", "verified_email": True})
