"""A student's browser: Debian's Chromium, driven by Playwright, with the rehearsal's trust and nothing ignored."""

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page, expect, sync_playwright

from rehearsal import browse

SPAWN_SECONDS = 120
CELL_SECONDS = 60
_WINDOW = {"width": 1280, "height": 800}


@contextmanager
def opened(home: Path, known: Mapping[str, str], certificates: Iterable[Path]) -> Iterator[Page]:
    """Open a browser whose home and profile are ``home``, an empty folder."""
    browse.trust(home, certificates)
    with sync_playwright() as playwright:
        context = playwright.chromium.launch_persistent_context(
            home / "profile",
            executable_path=f"/usr/bin/{browse.CHROMIUM}",
            args=browse.flags(known),
            env={**os.environ, "HOME": str(home)},
            viewport={"width": _WINDOW["width"], "height": _WINDOW["height"]},
        )
        try:
            yield context.pages[0]
        finally:
            context.close()


def open_sign_in(page: Page, hub: str) -> None:
    """Follow the link to the course, up to the college's sign-in page."""
    page.goto(hub)
    button = page.get_by_role("button", name=re.compile("^Sign in with"))
    field = page.get_by_label("E-mail")
    expect(button.or_(field)).to_be_visible()
    if button.is_visible():
        button.click()
    expect(field).to_be_visible()


def sign_in(page: Page, email: str, password: str) -> None:
    """Fill in the college's sign-in page; what comes next is the caller's to look at."""
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in", exact=True).click()


def new_notebook(page: Page) -> None:
    """Wait for JupyterLab and open a notebook from its launcher, with a kernel that is ready."""
    page.wait_for_url("**/lab**", timeout=SPAWN_SECONDS * 1000)
    page.goto(f"{page.url.partition('?')[0]}?reset")  # whatever was open when this student left last time
    page.locator('.jp-LauncherCard[data-category="Notebook"]').first.click(timeout=CELL_SECONDS * 1000)
    expect(page.locator(".jp-Notebook:visible")).to_be_visible(timeout=CELL_SECONDS * 1000)
    expect(page.locator("#jp-main-statusbar")).to_contain_text("| Idle", timeout=CELL_SECONDS * 1000)


def run_cell(page: Page, code: str) -> str:
    """Type ``code`` into the selected cell, press Shift-Enter, and return what appears below it."""
    cell = page.locator(".jp-Notebook:visible .jp-CodeCell").last
    cell.locator(".cm-content").click()
    page.keyboard.insert_text(code)
    page.keyboard.press("Shift+Enter")
    ran = page.locator(".jp-Notebook:visible .jp-CodeCell").filter(has=page.locator(".jp-OutputArea-output")).last
    return ran.locator(".jp-OutputArea-output").first.inner_text(timeout=CELL_SECONDS * 1000)
