"""Every page of the course in a real browser: open to all (WCAG 2.2 AA), on a phone too, and asking nobody else."""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import browser
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, Request, ViewportSize, expect

from rehearsal import browse, people, places, visitor

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from term import Term

pytestmark = pytest.mark.rehearsal

HUB = f"https://{visitor.COURSE}"
CONTACT = "help@college.example"
STUDENT = "edsger@college.example"
INSTRUCTOR = "emmy.noether@college.example"
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
PHONE: ViewportSize = {"width": 320, "height": 640}
DESK: ViewportSize = {"width": 1280, "height": 800}


class Visit:
    """A browser at the course, and every host it was made to ask."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.asked: set[str] = set()
        page.context.on("request", self._note)

    def _note(self, request: Request) -> None:
        self.asked.add(urlsplit(request.url).hostname or "")

    def hosts(self) -> set[str]:
        """Hosts asked, without the course and the sign-in service; an inline picture has none."""
        return self.asked - {"", visitor.COURSE, places.SIGN_IN}

    def looks(self, name: str) -> None:
        """Keep a picture of the page, and hold it to the rules at a desk, in the dark, and on a phone."""
        self.page.screenshot(path=places.ours().home / "screenshots" / f"{name}.png")
        for scheme in ("light", "dark"):
            self.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # no colour on its way to another
            assert violations(self.page) == [], f"{name}, {scheme}"
        self.page.emulate_media(color_scheme="light")
        self.page.set_viewport_size(PHONE)
        assert violations(self.page) == [], f"{name} on a phone"
        wide = self.page.evaluate("document.documentElement.scrollWidth")
        self.page.screenshot(path=places.ours().home / "screenshots" / f"{name}-phone.png")
        self.page.set_viewport_size(DESK)
        assert wide <= PHONE["width"], f"{name} has to be scrolled sideways on a phone"
        assert self.hosts() == set(), f"{name} asks others"


def violations(page: Page) -> list[str]:
    """What axe-core objects to, a line each."""
    found: dict[str, Any] = Axe().run(page, options=RULES).response
    return [
        f"{rule['id']}: {node['html'][:120]} {node['failureSummary']}"
        for rule in found["violations"]
        for node in rule["nodes"]
    ]


@contextmanager
def visiting(home: Path) -> Iterator[Visit]:
    ours = places.ours()
    (ours.home / "screenshots").mkdir(exist_ok=True)
    with browser.opened(home, visitor.addresses(), browse.authorities(ours)) as page:
        yield Visit(page)


def signed_in(visit: Visit, email: str) -> None:
    browser.open_sign_in(visit.page, f"{HUB}/hub/home")
    browser.sign_in(visit.page, email, people.PASSWORD)
    visit.page.get_by_role("heading", name="Your notebooks").wait_for()


def test_the_pages_before_one_is_in(tmp_path: Path) -> None:
    with visiting(tmp_path) as visit:
        page = visit.page
        page.goto(HUB)
        expect(page.get_by_role("button", name=re.compile("^Sign in with"))).to_be_visible()
        expect(page.get_by_text("This is a rehearsal")).to_be_visible()
        expect(page).to_have_title("Sign in · Rehearsal College")
        assert page.locator(".course-logo").evaluate("image => image.naturalWidth") > 0, "the logo is drawn"
        visit.looks("sign-in")
        browser.open_sign_in(page, HUB)
        browser.sign_in(page, "charles@college.example", people.PASSWORD)
        expect(page.get_by_text("You signed in as charles@college.example")).to_have_count(1)
        expect(page.get_by_role("contentinfo")).to_contain_text(CONTACT)
        visit.looks("refused")
        page.goto(f"{HUB}/hub/nowhere")
        expect(page.get_by_role("heading", name="There is no such page")).to_be_visible()
        visit.looks("no-such-page")
        page.goto(f"{HUB}/hub/oauth_callback?code=made-up&state=made-up")
        expect(page.get_by_text("Error 400")).to_be_visible()
        visit.looks("sign-in-from-elsewhere")
        page.context.clear_cookies(domain=places.SIGN_IN)
        browser.open_sign_in(page, HUB)
        (state,) = parse_qs(urlsplit(page.url).query)["state"]
        page.goto(f"{HUB}/hub/oauth_callback?code=made-up&state={state}")
        expect(page.get_by_text("Error 500")).to_be_visible()
        expect(page.get_by_text("say what you did and when")).to_be_visible()
        visit.looks("failed")


def test_one_gets_in_with_the_keyboard_alone(tmp_path: Path) -> None:
    with visiting(tmp_path) as visit:
        page = visit.page
        page.goto(HUB)
        for _ in range(5):
            page.keyboard.press("Tab")
            if "Sign in with" in page.evaluate("document.activeElement.innerText"):
                break
        outline = page.evaluate("getComputedStyle(document.activeElement).outlineWidth")
        assert outline == "3px", "one sees where one is"
        page.keyboard.press("Enter")
        expect(page.get_by_label("E-mail")).to_be_visible()


def test_the_pages_of_someone_who_is_in(tmp_path: Path) -> None:
    with visiting(tmp_path) as visit:
        page = visit.page
        signed_in(visit, INSTRUCTOR)
        if page.get_by_role("button", name="Stop my server").is_visible():
            page.wait_for_function("window._jupyterhub_page_loaded")
            page.get_by_role("button", name="Stop my server").click()
            expect(page.get_by_role("link", name="Start my server")).to_be_visible(timeout=30_000)
        visit.looks("home")
        page.goto(f"{HUB}/hub/token")
        visit.looks("tokens")
        page.goto(f"{HUB}/hub/admin")
        page.locator("#react-admin-hook table").first.wait_for()
        visit.looks("administration")
        page.goto(f"{HUB}/user/{page.evaluate('jhdata.user')}/lab")
        expect(page.get_by_role("heading", name="Your server is not running")).to_be_visible()
        visit.looks("not-running")
        told = 'data: {"progress": 10, "message": "Many are starting just now. Your place in line: 7"}\n\n'
        page.route("**/progress*", lambda route: route.fulfill(content_type="text/event-stream", body=told))
        page.get_by_role("link", name="Start my server").click()
        expect(page.get_by_role("heading", name="Your server is starting")).to_be_visible()
        expect(page.locator("#progress-message")).to_have_text("Many are starting just now. Your place in line: 7")
        visit.looks("spawn")
        page.unroute("**/progress*")
        page.reload()
        page.wait_for_url("**/lab**", timeout=browser.SPAWN_SECONDS * 1000)
        page.locator(".jp-Launcher:visible, .jp-Notebook:visible").first.wait_for(timeout=60_000)
        print("axe-core on JupyterLab, which is not ours:", *violations(page), sep="\n  ")
        assert visit.hosts() == set(), "JupyterLab asks others"
        page.goto(f"{HUB}/hub/home")
        visit.looks("home-running")
        page.goto(f"{HUB}/hub/logout")
        expect(page.get_by_role("button", name=re.compile("^Sign in with"))).to_be_visible()


def test_a_start_that_fails_says_what_to_do(term: Term, tmp_path: Path) -> None:
    droplet = term.droplet()
    with visiting(tmp_path) as visit:
        page = visit.page
        signed_in(visit, STUDENT)
        unit = f"jupyterhub-user@{page.evaluate('jhdata.user')}.service"
        droplet.says(f"systemctl stop {unit}; systemctl mask --runtime --quiet {unit}")
        try:
            page.goto(f"{HUB}/hub/spawn")
            expect(page.get_by_role("heading", name="Your server did not start")).to_be_visible(timeout=30_000)
            expect(page.get_by_text("Your server could not be started. Your saved work is safe.")).to_be_visible()
            visit.looks("spawn-failed")
            page.goto(f"{HUB}/hub/home")
            expect(page.get_by_role("link", name="Start my server")).to_be_visible()
        finally:
            droplet.says(f"systemctl unmask --runtime --quiet {unit}")
        page.goto(f"{HUB}/hub/admin")
        expect(page.get_by_role("heading", name="You cannot come in here")).to_be_visible()
        expect(page.get_by_role("link", name="Go to my notebooks")).to_be_visible()


def test_while_the_hub_is_down_a_page_says_so_and_goes_on_by_itself(term: Term, tmp_path: Path) -> None:
    droplet = term.droplet()
    with visiting(tmp_path) as visit:
        page = visit.page
        droplet.says("systemctl stop jupyterhub.service")
        try:
            answer = page.goto(f"{HUB}/hub/login")
            assert answer, "nginx answers"
            assert answer.status == 503, "whoever asks by program is told the truth"
            expect(page.get_by_role("heading", name="does not answer just now")).to_be_visible()
            expect(page.get_by_role("contentinfo")).to_contain_text(CONTACT)
            visit.looks("hub-down")
            api = page.evaluate("fetch('/hub/api/').then(answer => answer.text())")
            assert CONTACT not in api, "a program is not given a page for people"
        finally:
            droplet.says("systemctl start jupyterhub.service")
        expect(page.get_by_role("button", name=re.compile("^Sign in with"))).to_be_visible(timeout=60_000)
