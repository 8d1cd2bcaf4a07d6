"""An idle server is stopped, but not during a class."""

from __future__ import annotations

from typing import TYPE_CHECKING

import browser
import pytest
from intruder import seated
from playwright.sync_api import expect

from rehearsal import browse, people, places, visitor

if TYPE_CHECKING:
    from pathlib import Path

    from term import Term

pytestmark = pytest.mark.rehearsal

STUDENT = "hedy@college.example"
ALL_WEEK = "Mon,Tue,Wed,Thu,Fri,Sat,Sun"
# The culler as the hub runs it, with its rights, but a limit of a second and a timetable of the test's.
CULLER = r"""
culler=/proc/$(pgrep -f jupyterhub_idle_culler | head -1)/environ
eval "$(tr '\0' '\n' <$culler | sed -n 's/^JUPYTERHUB_API_[A-Z]*=/export &/p')"
sed -e 's/^c.IdleCuller.timeout = .*/c.IdleCuller.timeout = 1/' \
  -e 's/Timetable.of(.*).cull/Timetable.of([{lessons}], "UTC").cull/' \
  /etc/jupyterhub/culler_config.py >/run/culler_config.py
PYTHONPATH=/opt/course/lib timeout 8 /opt/jupyterhub/current/bin/python -m jupyterhub_idle_culler \
  --config=/run/culler_config.py 2>&1 || true
rm /run/culler_config.py
"""


def test_an_idle_server_is_stopped_outside_a_class_and_never_in_one(term: Term) -> None:
    droplet = term.droplet()
    with seated(STUDENT) as seat:
        droplet.says("sleep 2")
        in_class = droplet.says(CULLER.format(lessons=f'"{ALL_WEEK} 0:00-23:59"'))
        assert droplet.says(f"systemctl is-active {seat.unit}") == "active", in_class
        assert "Culling" not in in_class, "nobody loses a kernel in class, however long they listen"

        outside = droplet.says(CULLER.format(lessons=""))

        assert f"Culling server {seat.name}" in outside, "and after it idle servers make room"
        assert droplet.shell(f"systemctl is-active {seat.unit}").stdout.strip() != "active"


def test_whose_idle_server_was_stopped_finds_the_way_back_from_the_open_page(term: Term, tmp_path: Path) -> None:
    ours = places.ours()
    with browser.opened(tmp_path, visitor.addresses(), browse.authorities(ours)) as page:
        browser.open_sign_in(page, f"https://{visitor.COURSE}")
        browser.sign_in(page, STUDENT, people.PASSWORD)
        browser.new_notebook(page)
        assert browser.run_cell(page, "print(6 * 7)").strip() == "42"

        culled = term.droplet().says(CULLER.format(lessons=""))
        assert "Culling server" in culled

        dialog = page.get_by_role("dialog").filter(has_text="Server")
        expect(dialog).to_be_visible(timeout=60_000)
        (ours.home / "screenshots").mkdir(exist_ok=True)
        page.screenshot(path=ours.home / "screenshots" / "culled.png")
        dialog.get_by_role("button", name="Restart").click()
        expect(page.get_by_text("starting").or_(page.locator(".jp-Notebook:visible")).first).to_be_visible(
            timeout=60_000
        )
