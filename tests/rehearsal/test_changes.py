"""The term: what `pulumi up` changes, what it leaves alone, and what it refuses."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from term import lines_added, log_ends, seconds_of

from rehearsal import places, visitor

if TYPE_CHECKING:
    from account import Droplet
    from term import Term

pytestmark = pytest.mark.rehearsal

STUDENT = "ada@college.example"
LATE_COMER = "charles@college.example"


def way() -> dict[str, Any]:
    return visitor.way(places.ours())


def started(droplet: Droplet, unit: str) -> str:
    return droplet.says(f"systemctl show --property=MainPID,ExecMainStartTimestampMonotonic --value {unit}")


def test_up_again_changes_nothing_and_runs_nothing(term: Term, capsys: pytest.CaptureFixture[str]) -> None:
    before = log_ends(term.droplet())

    seconds = seconds_of(lambda: term.up("--expect-no-changes"))

    assert log_ends(term.droplet()) == before, "no command ran on the droplet"
    with capsys.disabled():
        print(f"\nup again, nothing changed: {seconds:.1f} s")


def test_a_new_line_in_the_roster_touches_the_roster_alone_and_opens_the_door(term: Term) -> None:
    hub = started(term.droplet(), "jupyterhub")
    lines_added(term.roster, f"{LATE_COMER},Late Comer,A,student")

    assert term.changes() == {"roster": "update"}, "the class goes on while a student is added"
    assert f"roster: 1 joins ({LATE_COMER})" in term.pulumi("preview").stdout, "the teacher reads it in words"
    term.up()

    async def name() -> str:
        async with visitor.signed_in(LATE_COMER, **way()) as student:
            return student.name

    assert asyncio.run(name()) == "jh-charles", "who joins can sign in at once"
    assert started(term.droplet(), "jupyterhub") == hub, "and the hub was not restarted for it"


def test_who_leaves_the_roster_cannot_sign_in_any_more(term: Term) -> None:
    assert term.changes() == {"roster": "update"}, "the line of the test before is gone again"
    assert f"1 leaves (sign-in off, work kept: {LATE_COMER})" in term.pulumi("preview").stdout
    term.up()

    async def attempt() -> None:
        async with visitor.signed_in(LATE_COMER, **way()):
            pass

    with pytest.raises(visitor.SignInRefused) as refused:
        asyncio.run(attempt())
    assert refused.value.status == 403


def test_a_hub_setting_restarts_the_hub_and_no_students_work(term: Term) -> None:
    droplet = term.droplet()

    async def work() -> tuple[str, str]:
        async with visitor.seated(visitor.signed_in(STUDENT, **way())) as seat:
            await seat.kernel.run("answer = 41")
            hub, server = started(droplet, "jupyterhub"), started(droplet, "jupyterhub-user@jh-ada")
            term.set("idle-minutes", "45")
            assert await asyncio.to_thread(term.changes) == {"jupyterhub": "update", "student-check": "update"}
            await asyncio.to_thread(term.up)
            assert started(droplet, "jupyterhub") != hub, "the hub has the new setting"
            assert started(droplet, "jupyterhub-user@jh-ada") == server, "the student's server was left alone"
            return "42", await seat.kernel.run("print(answer + 1)")

    wanted, printed = asyncio.run(work())

    assert printed.strip() == wanted, "the running kernel kept its state and its connection"


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("domain", "https://hub.course.example", "domain: 'https://hub.course.example' is an address of a page"),
        ("size", "s-2vcpu-5gb", "size: 's-2vcpu-5gb' is not one of DigitalOcean's; for example s-2vcpu-"),
        ("region", "mars1", "region: 'mars1' is not one of DigitalOcean's: "),
        ("idle-minuts", "60", "idle-minuts: is not a setting; did you mean idle-minutes?"),
        (
            "digitalocean:apiEndpoint",
            "http://198.51.100.1:9",
            "DigitalOcean's API does not answer; nothing was changed",
        ),
    ],
)
def test_a_bad_setting_is_refused_in_preview(term: Term, key: str, value: str, said: str) -> None:
    term.set(key, value)

    assert said in term.refused()


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("client-secret", "not-the-secret", "client-secret: the sign-in service does not accept it"),
        ("domain", "lab.course.example", "to the letter: https://lab.course.example/hub/oauth_callback"),
        ("oidc-exchange-url", "https://nowhere.college.example/token", "nowhere.college.example cannot be reached"),
    ],
)
def test_a_sign_in_that_would_fail_is_told_before_anything_is_changed(
    term: Term, key: str, value: str, said: str
) -> None:
    term.set(key, value, *(["--secret"] if key == "client-secret" else []))

    told = term.refused()

    assert said in told
    assert "not-the-secret" not in told, "a secret is never shown, not even a wrong one"


def test_a_refused_token_is_told_with_the_way_to_a_good_one(term: Term) -> None:
    said = term.refused(DIGITALOCEAN_TOKEN="not-this-one")

    assert "DigitalOcean refused it (401); make one with write access" in said
    assert "not-this-one" not in said, "a token is never shown, not even a wrong one"


def test_no_secret_is_in_a_preview_or_in_the_state(term: Term) -> None:
    shown = term.pulumi("preview", "--diff").stdout + term.pulumi("stack", "export").stdout

    assert "rehearsal-client-secret" not in shown, "the sign-in secret is encrypted wherever it lies"
    assert "OPENSSH PRIVATE KEY" not in shown, "and so is the instructor's key"
