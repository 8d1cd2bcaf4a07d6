"""Signing in with a password of the course's own, at a real JupyterHub."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import threading
import time
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from hub_under_test import Browser, Hub, enrol, hub
from jupyterhub import orm

from coursehub.passwords import credentials, hashing, one_time
from coursehub.passwords.credentials import Issued
from coursehub.passwords.throttle import ACCOUNT, ADDRESS
from coursehub.roster import Person
from coursehub.sign_in.password import limits

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

ADA = Person("ada@college.edu", "Ada Lovelace", "jh-ada", "student", "A")
BOB = Person("bob@college.edu", "Bob", "jh-bob", "student", "A")
ONCE = "tk4m-x7rh-w9pd"
OWN = "an engine of brass and steam"
OTHER = "forty punched cards a day"


@pytest.fixture(autouse=True)
def _cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hashing, "COST", 2)
    monkeypatch.setattr(hashing, "NOBODY", hashing.kept("nobody's"))


class Course:
    """A hub with Ada and Bob, and what root does about passwords."""

    def __init__(self, hub: Hub, folder: Path) -> None:
        self.hub = hub
        self.folder = folder
        self.browsers: list[Browser] = []

    def browser(self) -> Browser:
        self.browsers.append(self.hub.signed_in())
        return self.browsers[-1]

    def issue(self, person: Person = ADA, password: str = ONCE, *, ago: float = 0) -> None:
        """A new one-time password, as `course passwords` issues it."""
        path = self.folder / "one-time.json"
        one = Issued(person.email, hashing.kept(one_time.bare(password)), round(time.time() - ago))
        path.write_text(credentials.document({**credentials.issued(path), person.user: one}))

    async def chosen(self, browser: Browser, password: str = OWN) -> None:
        """Ada's first sign-in, to its end."""
        page = await browser.sign_in(ADA.email, ONCE)
        await browser.send(page, new=password, again=password)
        assert await browser.who() == ADA.user


@pytest.fixture
def course(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Any], None]:
    """Have a story happen at a course."""

    @asynccontextmanager
    async def opened() -> AsyncIterator[Course]:
        async with hub(tmp_path, [ADA, BOB], monkeypatch) as running:
            course = Course(running, tmp_path)
            course.issue()
            try:
                yield course
            finally:
                for browser in course.browsers:
                    await browser.http.close()

    def tell(story: Any) -> None:
        async def told() -> None:
            async with opened() as course:
                await story(course)

        asyncio.run(told())

    return tell


def test_a_one_time_password_leads_to_choosing_another_and_then_to_where_one_wanted_to_go(course: Any) -> None:
    async def story(course: Course) -> None:
        browser = course.browser()
        page = await browser.sign_in("ADA@college.edu ", " TK4M x7rh.w9pd", "/hub/home?lesson=3")
        assert page.url.path == "/hub/choose-password", (
            "as it was read aloud, in whatever case and with whatever between"
        )
        assert "Choose your password" in page.html
        assert 'value="ada@college.edu" autocomplete="username"' in page.html, "a password manager knows whose it is"
        assert await browser.who() == "", "nobody is in before a password is chosen"
        page = await browser.send(page, new=OWN, again=OWN, follow=False)
        assert page.place == "/hub/home?lesson=3"
        assert await browser.who() == ADA.user

        again = course.browser()
        assert (await again.sign_in(ADA.email, ONCE)).status == 403, "it has done its work"
        await again.sign_in(ADA.email, OWN)
        assert await again.who() == ADA.user

    course(story)


def test_whoever_cannot_get_in_reads_the_same_sentence(course: Any) -> None:
    async def story(course: Course) -> None:
        pages = [
            await course.browser().sign_in(email, "not the password")
            for email in (ADA.email, BOB.email, "eve@college.edu", "", "a\N{NO-BREAK SPACE}b")
        ]
        assert {page.status for page in pages} == {403}
        (said,) = {page.problem for page in pages}
        assert said == (
            "E-mail address and password do not match, or the address is not on the class roster. Try again. "
            "Otherwise write to help@college.edu."
        )

    course(story)


def test_every_try_costs_the_same_whether_there_is_such_a_person_or_not(
    course: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared: list[str] = []
    matches = hashing.matches

    def counted(password: str, text: str) -> bool:
        compared.append(text.rpartition("$")[0].partition("$2$")[0])
        return matches(password, text)

    monkeypatch.setattr(hashing, "matches", counted)

    async def story(course: Course) -> None:
        await course.chosen(course.browser())
        for email in (ADA.email, BOB.email, "eve@college.edu"):
            before = len(compared)
            await course.browser().sign_in(email, "not the password")
            assert len(compared) == before + 1, "one hash, no more and no less"

    course(story)
    assert len(set(compared)) == 1, "by the same parameters"


def test_hashes_are_made_off_the_hubs_loop_and_two_at_a_time(course: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    at_work: set[str] = set()
    most: list[int] = []
    matches = hashing.matches

    def watched(password: str, text: str) -> bool:
        at_work.add(threading.current_thread().name)
        most.append(len(at_work))
        right = matches(password, text)
        time.sleep(0.01)  # as long as others may come in
        at_work.discard(threading.current_thread().name)
        return right

    monkeypatch.setattr(hashing, "matches", watched)

    async def story(course: Course) -> None:
        await asyncio.gather(*(course.browser().sign_in(f"{n}@college.edu", "x") for n in range(12)))

    course(story)
    assert len(most) == 12
    assert max(most) <= 2, "a class that comes at once takes the memory of two"


def test_the_way_is_only_open_with_the_ticket_and_only_once(course: Any) -> None:
    async def story(course: Course) -> None:
        browser = course.browser()
        assert (await browser.open("/hub/choose-password")).url.path == "/hub/login"
        page = await browser.sign_in(ADA.email, ONCE)
        await browser.send(page, new=OWN, again=OWN)
        await browser.http.close()

        second = course.browser()
        course.issue()
        page = await second.sign_in(ADA.email, ONCE)
        course.issue(password="bbbb-cccc-dddd")
        answer = await second.send(page, new=OTHER, again=OTHER)
        assert answer.url.path == "/hub/login", "a newer one-time password was issued: the old ticket is void"
        forged = course.browser()
        forged.http.cookie_jar.update_cookies({"course-choosing": '["jh-ada", "1"]'}, course.hub.url)
        assert (await forged.open("/hub/choose-password")).url.path == "/hub/login", "only the hub signs tickets"

    course(story)


def test_a_reset_in_the_moment_of_choosing_is_not_lost(course: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = hashing.kept

    async def story(course: Course) -> None:
        def slowly(password: str) -> str:
            if password == OWN:
                course.issue(password="bbbb-cccc-dddd")
            return kept(password)

        monkeypatch.setattr(hashing, "kept", slowly)
        browser = course.browser()
        page = await browser.send(await browser.sign_in(ADA.email, ONCE), new=OWN, again=OWN)
        assert page.status == 409
        assert "you were given a new one-time password" in page.html
        assert not (course.folder / "passwords.json").exists()

    course(story)


@pytest.mark.parametrize(
    ("new", "again", "said"),
    [
        ("short", "short", "Your password has 5 characters; it needs at least 15."),
        (OWN, OTHER, "The two passwords are not the same."),
        ("ada@college.edu", "ada@college.edu", "Others would guess this password early."),
        ("TK4M x7rh  W9PD.", "TK4M x7rh  W9PD.", "That is your one-time password."),
    ],
)
def test_a_password_that_will_not_do_is_refused_with_the_reason(course: Any, new: str, again: str, said: str) -> None:
    async def story(course: Course) -> None:
        browser = course.browser()
        page = await browser.send(await browser.sign_in(ADA.email, ONCE), new=new, again=again)
        assert page.status == 400
        assert page.problem.startswith(said)
        assert new not in page.html.replace(ADA.email, "", 1) or new == ADA.email, "a password is never in a page"
        await browser.send(page, new=OWN, again=OWN)
        assert await browser.who() == ADA.user, "and the next try goes on"

    course(story)


def test_a_form_from_elsewhere_is_refused(course: Any) -> None:
    async def story(course: Course) -> None:
        browser = course.browser()
        page = await browser.send(await browser.open("/hub/login"), username=ADA.email, password=ONCE, xsrf=False)
        assert "Login form invalid or expired" in page.problem
        page = await browser.sign_in(ADA.email, ONCE)
        assert (await browser.send(page, new=OWN, again=OWN, xsrf=False)).status == 403
        assert not (course.folder / "passwords.json").exists()

    course(story)


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.example/", "//evil.example", "\\\\evil.example", "javascript:alert(1)"]
)
def test_nobody_is_sent_elsewhere_afterwards(course: Any, elsewhere: str) -> None:
    async def story(course: Course) -> None:
        browser = course.browser()
        start = await browser.open("/hub/login")
        start = dataclasses.replace(start, url=start.url.with_query({"next": elsewhere}))
        page = await browser.open(f"/hub/login?{start.url.query_string}")
        page = await browser.send(page, username=ADA.email, password=ONCE)
        page = await browser.send(page, new=OWN, again=OWN, follow=False)
        assert page.status == 302
        assert page.url.host in (None, "127.0.0.1")
        assert page.place.startswith("/hub/"), page.place

    course(story)


def test_a_reset_signs_out_and_the_old_sessions_stay_out_when_another_is_chosen(course: Any) -> None:
    async def story(course: Course) -> None:
        thief, ada = course.browser(), course.browser()
        await course.chosen(thief)
        user = course.hub.app.users[ADA.user]
        token = user.new_api_token(note="Server at /user/jh-ada/, says the thief")
        server = user.new_api_token(note="Server at /user/jh-ada/")
        user.spawners[""].api_token = server
        course.issue(password="bbbb-cccc-dddd")
        user._auth_refreshed = None  # a minute later
        assert await thief.who() == ""
        page = await ada.sign_in(ADA.email, OWN)
        assert page.status == 403, "the chosen one is void"
        await ada.send(await ada.sign_in(ADA.email, "bbbb-cccc-dddd"), new=OTHER, again=OTHER)
        assert await ada.who() == ADA.user
        assert await thief.who() == "", "the cookie of before is nobody's any more"
        assert orm.APIToken.find(course.hub.app.db, token) is None, "nor is a token made with it"
        assert orm.APIToken.find(course.hub.app.db, server), "the running server still speaks to the hub"

    course(story)


def test_who_is_in_can_change_the_password_and_stays_in_here_alone(course: Any) -> None:
    async def story(course: Course) -> None:
        here, there = course.browser(), course.browser()
        await course.chosen(here)
        await there.sign_in(ADA.email, OWN)
        assert "/hub/change-password" in (await here.open("/hub/home")).html
        page = await here.open("/hub/change-password")
        page = await here.send(page, current="not this one", new=OTHER, again=OTHER)
        assert (page.status, page.problem) == (403, "That is not your current password.")
        page = await here.send(page, current=OWN, new=OTHER, again=OTHER)
        assert page.url.path == "/hub/home"
        assert await here.who() == ADA.user
        assert await there.who() == ""
        assert (await there.sign_in(ADA.email, OWN)).status == 403
        await there.sign_in(ADA.email, OTHER)
        assert await there.who() == ADA.user

    course(story)


def test_a_guesser_has_to_wait_longer_and_longer_and_is_told_so(course: Any) -> None:
    now = [1000.0]

    async def story(course: Course) -> None:
        door = course.hub.app.authenticator
        door.throttle._clock = lambda: now[0]
        await course.chosen(friend := course.browser())
        guesser = course.browser()
        for _ in range(ACCOUNT.free):
            assert (await guesser.sign_in(ADA.email, "a guess")).status == 403
        page = await guesser.sign_in(ADA.email, OWN)
        assert (page.status, page.problem) == (429, "Too many tries. Wait 2 s, then try again."), "the right one, too"
        await friend.open("/hub/logout")
        await friend.sign_in(ADA.email, OWN)
        assert await friend.who() == ADA.user, "who was in with this browser before is not kept out by a classmate"
        nobody = course.browser()
        for _ in range(ACCOUNT.free):
            await nobody.sign_in("eve@college.edu", "a guess")
        assert (await nobody.sign_in("EVE@college.edu", "a guess")).status == 429, "whether there is an Eve or not"
        now[0] += 2
        await guesser.sign_in(ADA.email, OWN)
        assert await guesser.who() == ADA.user, "nobody is locked out for good"

    course(story)


def test_a_one_time_password_ends(course: Any) -> None:
    async def story(course: Course) -> None:
        course.issue(ago=one_time.SECONDS + 1)
        page = await course.browser().sign_in(ADA.email, ONCE)
        assert page.problem.startswith("The one-time password of ada@college.edu is over. Ask for a new one.")
        assert (await course.browser().sign_in(ADA.email, "wrong")).problem.startswith(
            "E-mail address and password do not"
        )

    course(story)


def test_who_leaves_is_out_and_who_comes_back_has_the_password_as_chosen(course: Any) -> None:
    async def story(course: Course) -> None:
        browser = course.browser()
        await course.chosen(browser)
        enrol(course.folder, [BOB])
        course.hub.app.users[ADA.user]._auth_refreshed = None
        assert await browser.who() == ""
        assert (await browser.sign_in(ADA.email, OWN)).status == 403
        enrol(course.folder, [ADA, BOB])
        back = course.browser()
        await back.sign_in(ADA.email, OWN)
        assert await back.who() == ADA.user

    course(story)


def test_an_account_that_comes_to_somebody_else_brings_no_password_along(course: Any) -> None:
    async def story(course: Course) -> None:
        await course.chosen(course.browser())
        enrol(course.folder, [dataclasses.replace(ADA, email="ada@elsewhere.edu")])
        for password in (ONCE, OWN):
            assert (await course.browser().sign_in("ada@elsewhere.edu", password)).status == 403

    course(story)


@pytest.mark.parametrize(
    ("address", "network"),
    [("192.0.2.7", "192.0.2.7/32"), ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"), ("unknown", "unknown")],
)
def test_a_guesser_has_one_address_and_not_as_many_as_a_network_of_version_6_has(address: str, network: str) -> None:
    visitor = SimpleNamespace(request=SimpleNamespace(remote_ip=address), known_browser=lambda _: "")

    assert limits(visitor, "Ada@College.edu", ADA) == {
        "account ada@college.edu": ACCOUNT,
        f"address {network}": ADDRESS,
    }


def test_the_student_checks_probes_need_no_password(course: Any) -> None:
    async def story(course: Course) -> None:
        door = course.hub.app.authenticator
        assert await door.refresh_user(SimpleNamespace(name="jh-probe-1"))
        assert not await door.refresh_user(SimpleNamespace(name=ADA.user)), "who has not chosen one is not in"

    course(story)


def test_the_hubs_api_takes_no_password(course: Any, capfd: pytest.CaptureFixture[str]) -> None:
    async def story(course: Course) -> None:
        browser = course.browser()
        await course.chosen(course.browser())
        url = course.hub.url / "hub/api/users/jh-ada/tokens"
        body = json.dumps({"auth": {"username": ADA.email, "password": OWN}})
        async with browser.http.post(url, data=body, headers={"Content-Type": "application/json"}) as answer:
            assert answer.status == 403, "past the page there is no wait for a guesser"

    course(story)
    assert "Error authenticating request" not in capfd.readouterr().err, "it was refused, and did not fail"


def test_a_password_is_in_no_log(course: Any, capfd: pytest.CaptureFixture[str]) -> None:
    async def story(course: Course) -> None:
        await course.browser().sign_in(OTHER, ADA.email)  # into the wrong field
        await course.chosen(course.browser())

    course(story)
    log = capfd.readouterr().err
    assert "jh-ada has chosen a password" in log, "it is the hub's log, with all it can say"
    for secret in (ONCE, OWN, OTHER, one_time.bare(ONCE)):
        assert secret not in log


def test_a_file_that_cannot_be_read_opens_nothing_and_is_not_written_over(course: Any) -> None:
    async def story(course: Course) -> None:
        browser = course.browser()
        page = await browser.sign_in(ADA.email, ONCE)
        (course.folder / "passwords.json").write_text("half a fi")
        assert (await browser.send(page, new=OWN, again=OWN)).status == 500
        assert (course.folder / "passwords.json").read_text() == "half a fi", "it may be everybody's passwords"

    course(story)
