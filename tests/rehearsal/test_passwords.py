"""A class without a sign-in service: one-time passwords, one's own, a reset, a guesser; and the way back."""

from __future__ import annotations

import asyncio
import csv
import re
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import TYPE_CHECKING

import browser
import pytest
from account import until
from intruder import attempt, seated
from playwright.sync_api import expect
from term import Term, lines_added
from test_pages import HUB, visiting

from coursehub.session import Session
from coursehub.student import Student
from rehearsal import places, visitor

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from coursehub.session import Answer

pytestmark = pytest.mark.rehearsal

ADA, GRACE, CHARLES = (f"{name}@college.example" for name in ("ada", "grace.hopper", "charles"))
OWN = "an engine of brass and steam"
OTHER = "forty punched cards a day"
ANOTHERS = ("client-id", "client-secret", "oidc-authorize-url", "oidc-exchange-url", "oidc-userinfo-url")
LIST = "/home/teacher/one-time-passwords.csv"
HASHES = ("/srv/course/sign-in/one-time.json", "/srv/course/hub/passwords.json")


class Passwords:
    """The dev stack with ``sign-in: password``, until it is put back."""

    def __init__(self, term: Term) -> None:
        self.term = term
        self._kept = {path: path.read_text() for path in (term.settings, term.roster)}
        self.said = ""

    def switch(self) -> None:
        self.term.set("sign-in", "password")
        for key in ANOTHERS:
            assert self.term.pulumi("config", "rm", key).returncode == 0
        self.said = self.term.up()

    def back(self) -> None:
        for path, text in self._kept.items():
            path.write_text(text)
        self.term.up()

    def listed(self) -> dict[str, str]:
        """The one-time passwords by address, as the teacher reads them over SSH."""
        text = self.term.droplet().says("runuser -l teacher -c 'cat one-time-passwords.csv'")
        return {row["email"]: row["password"] for row in csv.DictReader(text.removeprefix("\ufeff").splitlines())}


@pytest.fixture(scope="module")
def passwords() -> Iterator[Passwords]:
    with seated(ADA) as seat, seat.kernel() as kernel:
        kernel.attempt("echo mine > ~/before.txt")
    switched = Passwords(Term())
    switched.switch()
    yield switched
    switched.back()


@asynccontextmanager
async def visit() -> AsyncIterator[Session]:
    async with Session(HUB, resolver=visitor.Names(visitor.addresses()), trust=visitor.trust(places.ours())) as session:
        await session.get("/hub/login")
        yield session


async def typed(session: Session, email: str, password: str) -> Answer:
    return await session.request("POST", "/hub/login", form={"username": email, "password": password})


async def chosen(session: Session, page: Answer, password: str) -> Answer:
    assert page.url.path == "/hub/choose-password", page.text
    return await session.request("POST", str(page.url), form={"new": password, "again": password})


async def signed_in(session: Session) -> bool:
    return (await session.get("/hub/api/user")).status == HTTPStatus.OK


def told(page: Answer) -> str:
    found = re.search(r'id="course-problem"[^>]*>(.*?)</p>', page.text)
    return found[1] if found else ""


def test_up_says_how_many_there_are_and_where_and_no_password_is_anywhere_else(passwords: Passwords) -> None:
    term, droplet = passwords.term, passwords.term.droplet()
    listed = passwords.listed()
    assert len(listed) == 15, "the whole class"
    assert "15 one-time ones issued; 0 people have chosen their own" in passwords.said
    assert "ssh teacher@hub.course.example cat one-time-passwords.csv" in passwords.said
    assert droplet.says(f"stat -c '%U %a' {LIST}") == "teacher 600"
    assert droplet.says(f"stat -c '%U:%G %a' {HASHES[0]}") == "root:jupyterhub 640"

    everything = "".join(
        (
            passwords.said,
            term.pulumi("stack", "export").stdout,
            term.pulumi("stack", "output", "--json").stdout,
            term.pulumi("preview", "--diff").stdout,
            droplet.says(f"cat /var/log/course/*.log /var/lib/course/steps/* {HASHES[0]}; journalctl --boot --quiet"),
            droplet.says("course passwords; course passwords --json"),
        )
    )
    assert "roster" in everything
    for password in listed.values():
        assert password not in everything
        assert password.replace("-", "") not in everything


def test_a_student_chooses_a_password_and_lands_in_the_notebook_of_the_link(
    passwords: Passwords, tmp_path: Path
) -> None:
    one_time = passwords.listed()[ADA]
    with visiting(tmp_path) as visit:
        page = visit.page
        page.goto(f"{HUB}/hub/user-redirect/lab/tree/welcome.ipynb")
        expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
        page.get_by_label("E-mail").fill(ADA)
        visit.looks("password-sign-in")
        browser.sign_in(page, ADA, "not the password")
        expect(page.get_by_role("alert")).to_contain_text("E-mail address and password do not match")
        expect(page.get_by_label("E-mail")).to_have_value(ADA)
        visit.looks("password-refused")
        browser.sign_in(page, ADA, one_time)

        expect(page.get_by_role("heading", name="Choose your password")).to_be_visible()
        assert one_time not in page.content()
        new, again = (page.get_by_label(label, exact=True) for label in ("New password", "New password again"))
        new.fill(OWN)
        page.get_by_role("button", name="Show").first.click()
        expect(new).to_have_attribute("type", "text")
        visit.looks("choose-password")
        new.fill("passwordpassword")
        again.fill("passwordpassword")
        page.get_by_role("button", name="Keep it and go on").click()
        expect(page.get_by_role("alert")).to_contain_text("Others would guess this password early")
        visit.looks("choose-password-refused")
        new.fill(OWN)
        again.fill(OWN)
        page.get_by_role("button", name="Keep it and go on").click()
        page.get_by_role("tab", name="welcome.ipynb").wait_for(timeout=browser.SPAWN_SECONDS * 1000)
        page.goto(f"{HUB}/user/jh-ada/lab")
        browser.new_notebook(page)
        assert browser.run_cell(page, "print(open('before.txt').read(), 6 * 7)").split() == ["mine", "42"], (
            "it is the home of before, when one signed in elsewhere"
        )

        page.goto(f"{HUB}/hub/home")
        page.get_by_role("link", name="Change my password").click()
        expect(page.get_by_label("Current password")).to_be_visible()
        visit.looks("change-password")
        page.goto(f"{HUB}/hub/logout")
        browser.sign_in(page, ADA, one_time)
        expect(page.get_by_role("alert")).to_contain_text("E-mail address and password do not match")
        browser.sign_in(page, ADA, OWN)
        page.wait_for_url("**/lab**", timeout=browser.SPAWN_SECONDS * 1000)


def test_nobody_can_tell_who_is_in_the_class_and_a_guesser_waits(passwords: Passwords) -> None:
    assert GRACE in passwords.listed()

    async def guess(email: str) -> list[tuple[int, str]]:
        async with visit() as session:
            pages = [await typed(session, email, "a guess") for _ in range(6)]
            return [(page.status, told(page)) for page in pages]

    async def guesses() -> list[list[tuple[int, str]]]:
        return [await guess(email) for email in (GRACE, CHARLES, "nobody@elsewhere.example")]

    found = asyncio.run(guesses())
    assert found[0][:5] == found[1][:5] == found[2][:5], "on the roster or not: the same words"
    for pages in found:
        assert pages[0][0] == HTTPStatus.FORBIDDEN
        assert pages[-1][0] == HTTPStatus.TOO_MANY_REQUESTS
        assert "Too many tries. Wait " in pages[-1][1]


def test_a_class_that_signs_in_at_once_is_in_and_the_hub_has_room(
    passwords: Passwords, capsys: pytest.CaptureFixture[str]
) -> None:
    droplet = passwords.term.droplet()
    started = droplet.says("systemctl show jupyterhub --property=ExecMainStartTimestamp --value")
    listed = {email: password for email, password in passwords.listed().items() if email not in (ADA, GRACE)}

    async def one(email: str, password: str) -> float:
        loop = asyncio.get_running_loop()
        async with visit() as session:
            begun = loop.time()
            page = await typed(session, email, password)
            assert page.url.path == "/hub/choose-password", f"{email}: {told(page)}"
            return loop.time() - begun

    async def everybody() -> list[float]:
        return await asyncio.gather(*(one(email, password) for email, password in listed.items()))

    seconds = asyncio.run(everybody())
    assert droplet.says("systemctl show jupyterhub --property=ExecMainStartTimestamp --value") == started
    with capsys.disabled():
        memory = droplet.says("systemctl show jupyterhub --property=MemoryCurrent")
        print(f"\n{len(seconds)} signed in at once: the last after {max(seconds):.1f} s; hub: {memory}")


def test_no_student_can_read_what_is_kept_of_passwords(passwords: Passwords) -> None:
    droplet = passwords.term.droplet()

    async def in_a_kernel(path: str) -> str:
        async with visit() as session:
            await typed(session, ADA, OWN)
            student = Student(session, "jh-ada")
            if not await student.has_server():
                await student.start_server()
            await student.open_lab()
            async with student.kernel() as kernel:
                return await kernel.run(
                    f"try:\n    print(open({path!r}).read())\nexcept OSError as e:\n    print(repr(e))"
                )

    for path in (*HASHES, LIST):
        assert droplet.says(f"wc -c < {path}") != "0", "there is something to read"
        assert re.search("PermissionError|FileNotFoundError", asyncio.run(in_a_kernel(path))), path
        attempt(droplet, "jh-ada", f"cat {path}").assert_refused("Permission denied")
    attempt(droplet, "jupyterhub", f"cat {LIST}").assert_refused("Permission denied")
    attempt(droplet, "jupyterhub", f"touch {HASHES[0]}").assert_refused("Permission denied")


def test_a_reset_ends_what_was_open_and_leaves_the_server(passwords: Passwords) -> None:
    droplet = passwords.term.droplet()
    started = "systemctl show --property=ExecMainStartTimestampMonotonic --value jupyterhub jupyterhub-user@jh-ada"
    before = droplet.says(started)

    async def story() -> None:
        async with visit() as old, visit() as new:
            await typed(old, ADA, OWN)
            assert await signed_in(old)
            said = await asyncio.to_thread(droplet.says, "runuser -u teacher -- course passwords --reset lovelace")
            listed = await asyncio.to_thread(passwords.listed)
            assert "1 one-time ones issued" in said
            assert listed[ADA] not in said
            async with asyncio.timeout(90):
                while await signed_in(old):  # noqa: ASYNC110  the hub has no event for it
                    await asyncio.sleep(2)
            assert (await typed(new, ADA, OWN)).status == HTTPStatus.FORBIDDEN
            await chosen(new, await typed(new, ADA, listed[ADA]), OTHER)
            assert await signed_in(new)
            assert not await signed_in(old), "the session of before stays out"
            assert (await new.get("/user/jh-ada/api/contents")).status == HTTPStatus.OK, "the server knows its owner"

    asyncio.run(story())
    assert droplet.says(started) == before, "neither hub nor server was restarted"
    assert "0 one-time ones issued; 1 people have chosen their own" in droplet.says("course passwords")
    assert ADA not in passwords.listed(), "who has chosen is on the list no more"


def test_a_new_line_in_the_roster_is_a_new_line_in_the_list(passwords: Passwords) -> None:
    before = passwords.listed()
    lines_added(passwords.term.roster, f"{CHARLES},Charles Babbage,A,student")

    assert passwords.term.changes() == {"roster": "update"}
    assert "1 one-time ones issued; 1 people have chosen" in passwords.term.up()
    assert {email: password for email, password in passwords.listed().items() if email != CHARLES} == before
    assert CHARLES in passwords.listed()


def test_back_to_the_colleges_sign_in_it_is_the_same_home(passwords: Passwords) -> None:
    passwords.back()

    with seated(ADA) as seat, seat.kernel() as kernel:
        assert "mine" in kernel.attempt("cat ~/before.txt; rm ~/before.txt").said
    until(
        lambda: "people sign in with oidc here" in passwords.term.droplet().shell("course passwords").stderr,
        5,
        "no passwords",
    )
