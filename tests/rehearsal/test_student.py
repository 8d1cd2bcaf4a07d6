"""What a class sees of the running rehearsal, from the link to the first cell."""

import asyncio
import ssl
import statistics
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import browser
import pytest

from coursehub.student_check import Report, check, zen
from rehearsal import browse, people, places, visitor

pytestmark = pytest.mark.rehearsal

STUDENT = "ada@college.example"
ANOTHER = "grace.hopper@college.example"
NOT_ON_THE_ROSTER = "charles@college.example"
UNVERIFIED = "mallory@elsewhere.example"  # the college says: Ada's e-mail, but not verified
AT_ONCE = 10


@dataclass(frozen=True)
class Course:
    """How to reach the course under test."""

    hub: str
    known: Mapping[str, str]
    trusted: ssl.SSLContext | None
    certificates: list[Path]
    screenshots: Path

    @property
    def way(self) -> dict[str, Any]:
        return {"hub": self.hub, "known": self.known, "trusted": self.trusted}


@pytest.fixture(scope="module")
def course() -> Course:
    ours = places.ours()
    screenshots = ours.home / "screenshots"
    screenshots.mkdir(exist_ok=True)
    return Course(
        f"https://{visitor.COURSE}", visitor.addresses(), visitor.trust(ours), browse.authorities(ours), screenshots
    )


def test_a_student_follows_the_link_signs_in_and_runs_a_cell_in_a_browser(course: Course, tmp_path: Path) -> None:
    with browser.opened(tmp_path, course.known, course.certificates) as page:
        browser.open_sign_in(page, course.hub)
        page.screenshot(path=course.screenshots / "sign-in.png")
        browser.sign_in(page, STUDENT, people.PASSWORD)
        browser.new_notebook(page)
        printed = browser.run_cell(page, "import this")
        page.screenshot(path=course.screenshots / "first-cell.png")
    assert printed.strip() == zen().strip(), "the cell ran, but did not print the Zen of Python"


def test_a_browser_shows_someone_who_is_not_on_the_roster_a_page_that_says_so(course: Course, tmp_path: Path) -> None:
    with browser.opened(tmp_path, course.known, course.certificates) as page:
        browser.open_sign_in(page, course.hub)
        browser.sign_in(page, NOT_ON_THE_ROSTER, people.PASSWORD)
        page.get_by_text("403").first.wait_for()
        page.screenshot(path=course.screenshots / "not-on-the-roster.png")
        assert "/user/" not in page.url, "someone who is not on the roster reached a server"


def test_the_student_check_passes_for_two_people_who_signed_in_through_the_real_pages(course: Course) -> None:
    async def story(report: Report) -> None:
        async with (
            visitor.signed_in(STUDENT, **course.way) as first,
            visitor.signed_in(ANOTHER, **course.way) as second,
        ):
            await check(first, second, report)

    report = Report(say=print)
    asyncio.run(story(report))
    assert report.failure is None


@pytest.mark.parametrize("login", [NOT_ON_THE_ROSTER, UNVERIFIED])
def test_the_hub_refuses_whoever_the_roster_and_a_verified_email_do_not_let_in(course: Course, login: str) -> None:
    async def attempt() -> str:
        async with visitor.signed_in(login, **course.way) as student:
            return student.name

    with pytest.raises(visitor.SignInRefused) as refused:
        pytest.fail(f"{login} is signed in as {asyncio.run(attempt())}")
    assert refused.value.status == 403, "the college let them in, so it is the hub that must refuse, and say so"


def test_a_wrong_password_ends_at_the_college(course: Course) -> None:
    async def attempt() -> None:
        async with visitor.signed_in(STUDENT, **course.way, password="guess"):
            pass

    with pytest.raises(visitor.SignInRefused) as refused:
        asyncio.run(attempt())
    assert refused.value.status == 401


def test_ten_students_at_once_all_get_their_first_cell(course: Course, capsys: pytest.CaptureFixture[str]) -> None:
    students = [person.login for person in people.read() if person.login != UNVERIFIED][:AT_ONCE]

    async def everybody() -> list[float]:
        await asyncio.gather(*(visitor.put_away(login, **course.way) for login in students))
        return await asyncio.gather(*(visitor.first_cell(login, **course.way) for login in students))

    seconds = sorted(asyncio.run(everybody()))
    with capsys.disabled():
        median = statistics.median(seconds)
        print(f"\n{AT_ONCE} at once: first {seconds[0]:.1f} s, median {median:.1f} s, last {seconds[-1]:.1f} s")
