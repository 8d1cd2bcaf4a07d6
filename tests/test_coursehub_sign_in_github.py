"""GitHub: a renamed account keeps its home, a name somebody else took gets nothing, the roster is taken at its word."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest
from tornado.web import HTTPError

from coursehub.sign_in.github import GitHubSignIn

if TYPE_CHECKING:
    from pathlib import Path

MONA, EVE = 583231, 999999  # numbers of accounts


class Course:
    """A class on GitHub; ``line`` writes the roster's one line."""

    def __init__(self, folder: Path) -> None:
        self.roster = folder / "roster.json"
        self.accounts = folder / "github.json"

    def line(self, github: str, user: str = "jh-octocat") -> None:
        person = {"email": "", "github": github, "name": "", "user": user, "role": "student", "section": ""}
        draft = self.roster.with_name("new")
        draft.write_text(json.dumps({"students": [person] if github else []}))
        draft.replace(self.roster)

    def door(self, **settings: Any) -> GitHubSignIn:
        return GitHubSignIn(
            roster_path=str(self.roster),
            accounts_path=str(self.accounts),
            support_email="teacher@college.edu",
            **settings,
        )

    def who(self, number: int, login: str) -> str:
        user: str = self.door().user_info_to_username({"id": number, "login": login})
        return user

    def refused(self, number: int, login: str) -> str:
        with pytest.raises(HTTPError) as refusal:
            self.who(number, login)
        assert refusal.value.status_code == 403
        return str(refusal.value.log_message)


@pytest.fixture
def course(tmp_path: Path) -> Course:
    course = Course(tmp_path)
    course.line("octocat")
    return course


def test_a_name_on_the_roster_is_its_account_in_whatever_case(course: Course) -> None:
    assert course.who(MONA, "OctoCat") == "jh-octocat"


def test_a_renamed_account_keeps_its_home(course: Course) -> None:
    course.who(MONA, "octocat")

    assert course.who(MONA, "mona") == "jh-octocat"


def test_a_name_that_was_taken_by_somebody_else_gets_nothing(course: Course) -> None:
    course.who(MONA, "octocat")
    course.who(MONA, "mona")

    assert "octocat, a name on the class roster that was another account's before" in course.refused(EVE, "octocat")
    assert course.who(MONA, "mona") == "jh-octocat", "whose the home is still gets in"


def test_a_line_the_teacher_gives_another_account_is_taken_at_its_word(course: Course) -> None:
    course.who(EVE, "octocat")
    course.line("mona")

    assert "eve, which is not on the class roster" in course.refused(EVE, "eve")
    assert "octocat, which is not on the class roster" in course.refused(EVE, "octocat"), "the old account is out"
    assert course.who(MONA, "mona") == "jh-octocat"


def test_a_renamed_account_under_its_new_name_on_the_roster_is_still_the_same(course: Course) -> None:
    course.who(MONA, "octocat")
    course.line("mona")

    assert course.who(MONA, "mona") == "jh-octocat"
    assert course.who(MONA, "mona-lisa") == "jh-octocat", "and may change its name again"


def test_who_left_the_roster_is_refused_and_finds_the_home_when_back(course: Course) -> None:
    course.who(MONA, "octocat")
    course.line("")
    assert "octocat, which is not on the class roster" in course.refused(MONA, "octocat")
    course.line("octocat")

    assert course.who(MONA, "mona") == "jh-octocat"


def test_numbers_that_cannot_be_read_let_nobody_inherit_a_home(course: Course) -> None:
    course.accounts.write_text("not JSON")

    with pytest.raises(ValueError, match="Expecting value"):
        course.who(EVE, "octocat")


@pytest.mark.parametrize("told", [{}, {"login": "octocat"}, {"id": "583231", "login": "octocat"}, {"id": MONA}])
def test_an_account_without_a_number_is_refused(course: Course, told: dict[str, Any]) -> None:
    with pytest.raises(HTTPError, match="did not tell which account"):
        course.door().user_info_to_username(told)


def test_what_was_kept_is_whole_and_only_written_when_it_changes(course: Course) -> None:
    course.who(MONA, "octocat")
    written = course.accounts.stat()
    course.who(MONA, "mona")

    assert json.loads(course.accounts.read_text()) == {"jh-octocat": {"id": MONA, "github": "octocat"}}
    assert course.accounts.stat().st_ino == written.st_ino
    assert [path.name for path in course.accounts.parent.glob(".github*")] == [], "no draft is left"


def member_of(course: Course, monkeypatch: pytest.MonkeyPatch, *names: str) -> bool:
    asked: list[str] = []

    async def answer(_self: GitHubSignIn, name: str, login: str, access: str, kind: str) -> bool:
        assert (login, access, kind) == ("mona", "made-up", "bearer"), "GitHub is asked of its own name"
        asked.append(name)
        return name in names

    monkeypatch.setattr(GitHubSignIn, "_check_membership_allowed_organizations", answer)
    state = {
        "github_user": {"login": "mona", "id": MONA},
        "token_response": {"access_token": "made-up", "token_type": "bearer"},
    }
    door = course.door(allowed_organizations={"college:engr101", "teachers"})
    allowed: bool = asyncio.run(door.check_allowed("jh-octocat", {"name": "jh-octocat", "auth_state": state}))
    assert asked, "the roster alone is not enough"
    return allowed


def test_a_member_of_one_of_the_organisations_gets_in(course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    assert member_of(course, monkeypatch, "teachers")


def test_who_is_in_none_of_them_is_told_so(course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(HTTPError, match="mona, which is not a member of college:engr101 or teachers"):
        member_of(course, monkeypatch)


def test_a_member_who_is_not_on_the_roster_does_not_get_in(course: Course) -> None:
    course.line("")
    door = course.door(allowed_organizations={"college"})

    assert not asyncio.run(door.check_allowed("jh-octocat", {"name": "jh-octocat", "auth_state": {}}))
