"""What a student sees in JupyterLab when something is wrong: in a real browser, on a real server, with real faults."""

from __future__ import annotations

import asyncio
import json
import re
import zipfile
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import browser
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from rehearsal import browse, people, places, visitor

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from account import Droplet
    from term import Term

pytestmark = pytest.mark.rehearsal

HUB = f"https://{visitor.COURSE}"
STUDENT = "ada@college.example"
SEVERAL_SECONDS = 60_000  # milliseconds; figures come every five seconds, deaths are noticed within three
OURS = [".course-Notices", ".course-Status"]
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
GREEDY = "hoard = [bytearray(1 << 20) for _ in range(1 << 20)]"
SUICIDAL = "import os; os.kill(os.getpid(), 9)"
MORE_THAN_ENOUGH = "hoard = b'x' * (800 << 20)"

EMPTY_NOTEBOOK = json.dumps(
    {
        "cells": [
            {"cell_type": "code", "execution_count": None, "id": "a", "metadata": {}, "outputs": [], "source": ""}
        ],
        "metadata": {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
)

# What a network that drops websockets looks like to a page: they neither open nor fail.
BLOCKED = """
const Real = window.WebSocket;
window.blocked = true;
window.WebSocket = function (...wanted) {
  return window.blocked ? { readyState: 0, close() {}, send() {}, addEventListener() {} } : new Real(...wanted);
};
"""


def violations(page: Page) -> list[str]:
    """What axe-core objects to in our elements, in JupyterLab's light theme or its dark one."""
    found: dict[str, Any] = Axe().run(page, context={"include": [[one] for one in OURS]}, options=RULES).response
    return [
        f"{rule['id']}: {node['html'][:120]} {node['failureSummary']}"
        for rule in found["violations"]
        for node in rule["nodes"]
    ]


def looks(page: Page, name: str) -> None:
    """Keep a picture, and hold our elements to the rules."""
    page.wait_for_timeout(500)  # until JupyterLab has laid itself out
    page.screenshot(path=places.ours().home / "screenshots" / f"{name}.png")
    assert violations(page) == [], name


@contextmanager
def at_work(home: Path, *, script: str = "") -> Iterator[Page]:
    """Ada's browser, signed in, with JupyterLab open in a new server; ``script`` runs before the page's own."""
    ours = places.ours()
    (ours.home / "screenshots").mkdir(exist_ok=True)
    asyncio.run(visitor.put_away(STUDENT, **visitor.way(ours)))  # kernels of earlier visits have memory of hers in use
    with browser.opened(home, visitor.addresses(), browse.authorities(ours)) as page:
        browser.open_sign_in(page, f"{HUB}/hub/home")
        browser.sign_in(page, STUDENT, people.PASSWORD)
        page.get_by_role("heading", name="Your notebooks").wait_for()
        if script:
            page.add_init_script(script)
        page.goto(f"{HUB}/hub/spawn")
        page.wait_for_url("**/lab**", timeout=browser.SPAWN_SECONDS * 1000)
        page.goto(f"{page.url.partition('?')[0]}?reset")  # whatever was open last time
        page.locator(".jp-Launcher:visible").first.wait_for(timeout=SEVERAL_SECONDS)
        yield page


def typed(page: Page, code: str) -> None:
    """Run a cell from whose output nothing is to be had."""
    page.locator(".jp-Notebook:visible .jp-CodeCell").last.locator(".cm-content").click()
    page.keyboard.insert_text(code)
    page.keyboard.press("Shift+Enter")


def themed(page: Page, theme: str, *, light: str) -> None:
    """Choose a theme in JupyterLab's menu."""
    page.get_by_role("menuitem", name="Settings").click()
    page.get_by_text("Theme", exact=True).hover()
    page.get_by_text(theme, exact=True).click()
    page.wait_for_function(f"document.body.dataset.jpThemeLight === '{light}'")


def name_of(page: Page) -> str:
    """Ada's account on the droplet, as it stands in the address."""
    found = re.search(r"/user/([^/]+)/", page.url)
    assert found, page.url
    return found[1]


def stopped(droplet: Droplet, unit: str) -> None:
    droplet.says(f"systemctl stop 'jupyterhub-user@{unit}.service'")


def test_memory_and_who_may_see_the_server_stand_in_the_status_bar(tmp_path: Path) -> None:
    with at_work(tmp_path) as page:
        memory = page.get_by_role("button", name=re.compile(r"^Memory \d+ MB of 1024 MB$"))
        expect(memory).to_be_visible(timeout=SEVERAL_SECONDS)
        disclosure = page.get_by_role("button", name=re.compile("can see and open your server"))
        expect(disclosure).to_be_visible()
        expect(disclosure).to_contain_text("(instructor)")
        browser.new_notebook(page)
        looks(page, "lab-figures")
        disclosure.focus()
        page.keyboard.press("Enter")
        expect(page.get_by_role("dialog")).to_contain_text("can see and open your server")
        page.keyboard.press("Escape")
        browser.run_cell(page, f"{MORE_THAN_ENOUGH}; print('done')")
        expect(page.get_by_role("button", name=re.compile("Memory .* nearly full"))).to_be_visible(
            timeout=SEVERAL_SECONDS
        )
        looks(page, "lab-memory")
        themed(page, "JupyterLab Dark", light="false")
        looks(page, "lab-memory-dark")
        themed(page, "JupyterLab Light", light="true")


def test_a_kernel_that_dies_says_why(tmp_path: Path) -> None:
    with at_work(tmp_path) as page:
        browser.new_notebook(page)
        typed(page, GREEDY)
        notice = page.locator(".jp-NotebookPanel:visible").get_by_role("alert")
        expect(notice).to_contain_text(
            "used more memory than there is for you (1.0 of 1.0 GB) and was stopped", timeout=SEVERAL_SECONDS
        )
        expect(page.get_by_text("appears to have died")).to_have_count(0)
        looks(page, "lab-death")
        notice.get_by_role("button", name="Close").click()
        expect(notice).to_have_count(0)
        assert browser.run_cell(page, "print('alive again')").strip() == "alive again"
        typed(page, SUICIDAL)
        expect(notice).to_contain_text("stopped, and not for lack of memory", timeout=SEVERAL_SECONDS)
        looks(page, "lab-death-other")


def test_on_a_full_disk_it_opens_and_names_the_largest_files(term: Term, tmp_path: Path) -> None:
    droplet = term.droplet()
    with at_work(tmp_path / "before") as page:
        name = name_of(page)
    stopped(droplet, name)
    large = f"/home/{name}/measurements of the term.csv"
    filler = "/home/filler-of-the-test"
    try:
        droplet.says(f"cat >/root/lab1.ipynb <<'EOF'\n{EMPTY_NOTEBOOK}\nEOF")
        droplet.says(f"""
            fallocate --length 40M '{large}'
            cp /root/lab1.ipynb /home/{name}/
            chown '{name}:' /home/{name}/lab1.ipynb '{large}'
            fallocate --length $(( $(df --output=avail --block-size=1 /home | tail -1) - 65536 )) {filler}
            for size in 64k 4k; do
                dd if=/dev/zero of={filler}-2 bs=$size oflag=append conv=notrunc status=none || true
            done
        """)
        assert droplet.shell(f"runuser -u {name} -- dd if=/dev/zero of=/home/{name}/more bs=1M count=1").returncode
        with at_work(tmp_path / "full") as page:
            notice = page.get_by_role("alert")
            expect(notice).to_contain_text("Your folder is full: nothing more can be saved", timeout=SEVERAL_SECONDS)
            link = notice.get_by_role("link", name="measurements of the term.csv")
            expect(link).to_be_visible()
            page.goto(f"{page.url.partition('/lab')[0]}/lab/tree/lab1.ipynb?reset")
            expect(page.locator("#jp-main-statusbar")).to_contain_text("| Idle", timeout=SEVERAL_SECONDS)
            assert browser.run_cell(page, "print(6 * 7)").strip() == "42", "what is there can be worked with"
            expect(link).to_be_visible(timeout=SEVERAL_SECONDS)
            looks(page, "lab-full")
            link.focus()
            page.keyboard.press("Enter")
            chosen = page.locator(".jp-DirListing-item.jp-mod-selected")
            expect(chosen).to_contain_text("measurements")
            droplet.says(f"rm -f {filler} {filler}-2")
            expect(notice).to_have_count(0, timeout=SEVERAL_SECONDS)
    finally:
        droplet.says(f"rm -f {filler} {filler}-2 '{large}' /home/{name}/{{more,lab1.ipynb}}")


def test_a_network_without_websockets_is_named(tmp_path: Path) -> None:
    with at_work(tmp_path, script=BLOCKED) as page:
        notice = page.get_by_role("alert")
        expect(notice).to_contain_text(f"allow wss://{visitor.COURSE}", timeout=SEVERAL_SECONDS)
        looks(page, "lab-websocket")
        page.evaluate("window.blocked = false")
        expect(notice).to_have_count(0, timeout=SEVERAL_SECONDS)


def test_a_proxy_that_takes_the_websocket_for_an_ordinary_request_is_named_too(term: Term, tmp_path: Path) -> None:
    droplet = term.droplet()
    droplet.says("""
        cp /etc/nginx/course/https.conf /root/https.conf.kept
        sed -i 's/proxy_set_header Upgrade .*/proxy_set_header Upgrade "";/' /etc/nginx/course/https.conf
        cmp -s /etc/nginx/course/https.conf /root/https.conf.kept && exit 1
        nginx -s reload
    """)
    try:
        with at_work(tmp_path) as page:
            notice = page.get_by_role("alert")
            expect(notice).to_contain_text("This network blocks the connection", timeout=SEVERAL_SECONDS)
            droplet.says("cp /root/https.conf.kept /etc/nginx/course/https.conf; nginx -s reload")
            expect(notice).to_have_count(0, timeout=SEVERAL_SECONDS)
    finally:
        droplet.says("cp /root/https.conf.kept /etc/nginx/course/https.conf; nginx -s reload")


def test_everything_comes_as_a_zip_to_its_owner_alone(tmp_path: Path) -> None:
    with at_work(tmp_path) as page:
        browser.new_notebook(page)
        browser.run_cell(page, "print(open('Größe.txt', 'w').write('größer'))")
        page.get_by_role("menuitem", name="File").click()
        with page.expect_download() as download:
            page.get_by_role("menuitem", name="Download Everything as a Zip").click()
        download.value.save_as(tmp_path / "home.zip")
        assert re.fullmatch(r"jh-ada-\d{4}-\d\d-\d\d\.zip", download.value.suggested_filename)
        with zipfile.ZipFile(tmp_path / "home.zip") as home:
            assert home.testzip() is None
            assert home.read("Größe.txt").decode() == "größer"
            assert not [name for name in home.namelist() if name.startswith(".")]
        base = f"{HUB}/user/{name_of(page)}/course"
        answers = page.evaluate(
            """async (base) => Promise.all(["figures", "largest", "home.zip"].map(async (path) =>
                (await fetch(`${base}/${path}`, { credentials: "omit", redirect: "manual" })).type))""",
            base,
        )
        assert answers == ["opaqueredirect"] * 3, "a stranger is sent to sign in"


def test_without_its_half_in_the_server_jupyterlab_opens_all_the_same(term: Term, tmp_path: Path) -> None:
    droplet = term.droplet()
    broken = "/opt/course/lib/coursehub/lab/handlers.py"
    droplet.says(f"mv {broken} /root/handlers.py.kept; echo 'raise RuntimeError' > {broken}")
    try:
        with at_work(tmp_path / "before") as page:
            stopped(droplet, name_of(page))
        with at_work(tmp_path / "broken") as page:
            browser.new_notebook(page)
            assert browser.run_cell(page, "print(6 * 7)").strip() == "42"
            stopped(droplet, name_of(page))
    finally:
        droplet.says(f"mv /root/handlers.py.kept {broken}")
