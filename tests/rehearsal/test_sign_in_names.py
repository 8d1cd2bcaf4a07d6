"""Google and GitHub are where the rehearsal plays them, for everybody in it, and the real ones are out of reach."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from rehearsal.places import GATEWAY, PLAYED
from rehearsal.visitor import addresses

if TYPE_CHECKING:
    from term import Term

pytestmark = pytest.mark.rehearsal

OCTOCAT = "https://api.github.com/users/octocat"
NUMBER = 9100018  # of the rehearsal's octocat; the real one has another


@pytest.mark.parametrize("name", PLAYED)
def test_the_droplet_finds_them_at_the_rehearsals_address_and_trusts_them(term: Term, name: str) -> None:
    where = "%{remote_ip} %{ssl_verify_result}"
    told = term.droplet().says(f"curl --silent --show-error --output /dev/null --write-out '{where}' https://{name}/")
    assert told == f"{GATEWAY} 0"


def test_the_teachers_machine_finds_them_through_the_proxy(term: Term) -> None:
    script = f"import urllib.request; print(urllib.request.urlopen({OCTOCAT!r}).read().decode())"
    asked = subprocess.run(
        [sys.executable, "-c", script], env=term.variables, capture_output=True, text=True, check=True
    )
    assert json.loads(asked.stdout)["id"] == NUMBER


def test_visitors_and_browsers_are_told_where_they_are() -> None:
    assert {name: address for name, address in addresses().items() if name in PLAYED} == dict.fromkeys(PLAYED, GATEWAY)
