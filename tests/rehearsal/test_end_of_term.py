"""The end of a term: `pulumi destroy` leaves nothing in the account, `down` nothing on this machine.

The volume grows here, because it never shrinks again: no other test can follow with the stack's own settings.
"""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from account import ask

from rehearsal import machine
from rehearsal.places import REPOSITORY

if TYPE_CHECKING:
    from term import Term

pytestmark = pytest.mark.rehearsal


def still_in_the_account() -> dict[str, list[Any]]:
    leftovers: dict[str, list[Any]] = ask("GET", "/leftovers", below="/_rehearsal")["leftovers"]
    return {kind: found for kind, found in leftovers.items() if found}


def test_a_volume_grows_while_the_class_works_and_never_shrinks(term: Term) -> None:
    droplet = term.droplet()
    size = "df --block-size=1G --output=size /home | tail -1"
    before = int(droplet.says(size))
    term.set("volume-size", str(before + 2))

    term.up()

    assert int(droplet.says(size)) > before, "the file system grew with the volume"
    term.set("volume-size", str(before))
    assert "can only be expanded" in term.refused(), "work could be cut off"


def test_destroy_works_when_the_droplet_is_dead_already(term: Term) -> None:
    subprocess.run(["podman", "kill", f"course-{term.droplet().id}"], check=True, capture_output=True)

    done = term.pulumi("destroy", "--yes", "--skip-preview")

    assert done.returncode == 0, done.stdout
    assert still_in_the_account() == {}, "nothing is left that could cost money"


def test_destroy_leaves_nothing_in_the_account(term: Term) -> None:
    term.up("--exclude", "**command:remote**", "--exclude-dependents")  # the account's part, without a step on it
    assert still_in_the_account(), "there is something to take away"

    done = term.pulumi("destroy", "--yes", "--skip-preview")

    assert done.returncode == 0, done.stdout
    assert still_in_the_account() == {}, "nothing is left that could cost money"


def test_down_leaves_nothing_on_this_machine(term: Term) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "rehearsal", "down"], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert machine.leftovers(term.places.home) == [], "no container, bridge, table, loop device or namespace"
    running = subprocess.run(
        ["pgrep", "-af", "rehearsal.daemon|pebble -config"], capture_output=True, text=True, check=False
    )
    assert running.stdout == "", "no process goes on"
