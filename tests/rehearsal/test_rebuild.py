"""A new machine under the same class."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from account import act, until
from term import seconds_of

from rehearsal import places, visitor

if TYPE_CHECKING:
    from term import Term

pytestmark = pytest.mark.rehearsal

STUDENT = "ada@college.example"
CELLS: list[dict[str, Any]] = [{"cell_type": "markdown", "id": "term", "metadata": {}, "source": "a term's work"}]
NOTEBOOK = {"cells": CELLS, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
SERIAL = "openssl x509 -noout -serial -in /etc/letsencrypt/live/hub.course.example/fullchain.pem"
HEALTHY = "curl -sf --max-time 5 --resolve hub.course.example:443:127.0.0.1 https://hub.course.example/hub/health"


def way() -> dict[str, Any]:
    return visitor.way(places.ours())


def test_a_replaced_droplet_has_the_same_people_and_their_work(term: Term, capsys: pytest.CaptureFixture[str]) -> None:
    async def save() -> None:
        async with visitor.seated(visitor.signed_in(STUDENT, **way())) as seat:
            await seat.student.save("term.ipynb", NOTEBOOK)

    async def read() -> dict[str, Any]:
        async with visitor.seated(visitor.signed_in(STUDENT, **way())) as seat:
            return await seat.student.read("term.ipynb")

    term.up()
    old = term.droplet()
    asyncio.run(save())
    old.says("runuser -u teacher -- sh -c 'echo for all > ~/shared/kept.txt'")
    owners = "stat --format '%n %u' /home/jh-*"
    before = {
        "homes": old.says(owners),
        "certificate": old.says(SERIAL),
        "ledger": old.says("cat /srv/course/accounts"),
    }

    seconds = seconds_of(lambda: term.up("--replace", term.urn("droplet")))

    new = term.droplet()
    assert new.id != old.id, "it is another machine"
    after = {"homes": new.says(owners), "certificate": new.says(SERIAL), "ledger": new.says("cat /srv/course/accounts")}
    assert after == before, "the same people with the same numeric ids, and the certificate that was there"
    assert new.says("cat /srv/shared/kept.txt") == "for all", "and the shared data"
    assert asyncio.run(read())["cells"][0]["source"] == "a term's work", "the student finds the notebook"
    with capsys.disabled():
        print(f"\na new droplet under the same class: {seconds:.0f} s")


def test_a_machine_that_was_switched_off_comes_back_by_itself(term: Term) -> None:
    droplet = term.droplet()
    act(f"/droplets/{droplet.id}", {"type": "power_off"})
    act(f"/droplets/{droplet.id}", {"type": "power_on"})
    until(droplet.answers, 120, "one can sign in again")

    until(lambda: droplet.shell(HEALTHY).returncode == 0, 120, "the hub answers again, over HTTPS")

    assert droplet.says("mountpoint -q /home && echo mounted") == "mounted", "everyone's work is back in its place"


def test_no_unit_of_ours_waits_for_itself_at_boot(term: Term) -> None:
    units = "cloud-init.target networking.service multi-user.target course-metadata.service course-volume.service"

    said = term.droplet().says(f"systemd-analyze verify --man=no {units} 2>&1 || true")

    assert "ordering cycle" not in said, f"systemd would break it by leaving something out, the network perhaps: {said}"
