"""Google and GitHub: who gets in, who does not and reads why, and what a class in its middle notices of either."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import browser
import pytest
from account import ask
from term import Term

from coursehub.session import HubError
from rehearsal import browse, identity, people, places, visitor

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from rehearsal.identity.registration import Client

pytestmark = pytest.mark.rehearsal


@dataclass(frozen=True)
class Way:
    """A way to sign in: what stands on the button, who plays the service, and what only those in one place have."""

    button: str
    service: str
    client: Client
    narrowed: tuple[str, str] = ("", "")


WAYS = {
    "oidc": Way("the rehearsal college", "college", identity.COLLEGE),
    "github": Way("GitHub", "github", identity.GITHUB, ("github-organisations[0]", "rehearsal-college")),
    "google": Way("Google", "google", identity.GOOGLE, ("google-domains[0]", "college.example")),
}
LONG = 65  # seconds; more than the hub goes without a look at who is welcome (auth_refresh_age)
STUDENT, CLASSMATE = "ada@college.example", "alan@college.example"  # in the organisation, as is the next
AT_WORK = "grace.hopper@college.example"


@pytest.fixture(scope="module", params=WAYS)
def way(request: pytest.FixtureRequest) -> Iterator[str]:
    """The course signs in with it, and only from the college's domain or organisation; afterwards as it was."""
    way = str(request.param)
    if way == "oidc":  # as the class does
        yield way
        return
    term = Term()
    kept = term.settings.read_text()
    for key in ("oidc-authorize-url", "oidc-exchange-url", "oidc-userinfo-url", "sign-in-name"):
        term.pulumi("config", "rm", key)
    term.set("sign-in", way)
    term.set("client-id", WAYS[way].client.id)
    term.set("client-secret", WAYS[way].client.secret, "--secret")
    term.set(*WAYS[way].narrowed, "--path")
    try:
        term.up()
        yield way
    finally:
        ask("DELETE", "/_rehearsal/identity", below="")
        term.settings.write_text(kept)
        term.up()


def order(what: dict[str, Any]) -> dict[str, Any]:
    """Have something happen at a service."""
    return ask("POST", "/_rehearsal/identity", what, below="")


def name_of(login: str) -> str:
    """Sign in through the service's own page; the name on the hub."""

    async def signed_in() -> str:
        async with visitor.signed_in(login, **visitor.way(places.ours())) as student:
            return student.name

    return asyncio.run(signed_in())


def refused(login: str) -> str:
    """Somebody who must not get in; what they read at the end."""
    with pytest.raises(visitor.SignInRefused) as refusal:
        name_of(login)
    return refusal.value.text


def test_a_student_clicks_the_link_signs_in_and_runs_a_cell(way: str, tmp_path: Path) -> None:
    ours = places.ours()
    with browser.opened(tmp_path, visitor.addresses(), browse.authorities(ours)) as page:
        page.goto(f"https://{visitor.COURSE}")
        page.get_by_role("button", name=f"Sign in with {WAYS[way].button}").click()
        browser.sign_in(page, STUDENT, people.PASSWORD)
        browser.new_notebook(page)
        assert browser.run_cell(page, "import this").startswith("The Zen of Python")
        assert "jh-ada" in page.url, "whoever vouches for a student, the home is the same"


def test_who_may_not_come_in_reads_which_account_was_used(way: str) -> None:
    told = {
        "oidc": {
            "charles@college.example": "charles@college.example, which is not on the class roster",
            "mallory@elsewhere.example": "ada@college.example, an address your sign-in provider has not verified",
        },
        "google": {
            "charles@college.example": "charles@college.example, which is not on the class roster",
            "niklaus@polytechnic.example": "niklaus@polytechnic.example, which is no account of college.example",
            "ada.lovelace@gmail.example": "ada.lovelace@gmail.example, which is no account of college.example",
            "mallory@elsewhere.example": "ada@college.example, an address Google has not verified",
        },
        "github": {
            "charles@college.example": "rehearsal-charles, which is not on the class roster",
            "octocat@elsewhere.example": "octocat, which is not on the class roster",
            "barbara@college.example": "rehearsal-barbara, which is not a member of rehearsal-college",
        },
    }
    for login, words in told[way].items():
        page = refused(login)
        assert words in page, login
        assert "help@college.example" in page, "and whom to write to"


def test_a_wrong_secret_and_a_wrong_address_are_told_before_anything_is_changed(term: Term, way: str) -> None:
    good = term.settings.read_text()
    term.set("client-secret", "not-the-secret", "--secret")
    said = term.refused()
    assert f"client-secret: the sign-in service does not accept it for the client '{WAYS[way].client.id}'" in said
    assert "not-the-secret" not in said
    term.settings.write_text(good)
    if way == "github":
        return  # which looks at the address only when somebody has signed in there
    term.set("domain", "lab.course.example")
    assert "to the letter: https://lab.course.example/hub/oauth_callback" in term.refused(), "to be pasted there"


def test_a_service_that_is_down_is_told_apart(term: Term, way: str) -> None:
    order({"down": WAYS[way].service})
    try:
        said = term.refused()
    finally:
        order({"up": WAYS[way].service})
    assert "is in trouble itself (HTTP status 503)" in said
    assert "pulumi config set sign-in-probe false" in said, "a class must not wait for somebody else's repair"


def test_a_class_does_not_notice_that_the_service_is_down(way: str) -> None:
    async def lesson() -> str:
        way_in: dict[str, Any] = visitor.way(places.ours())
        async with visitor.seated(visitor.signed_in(AT_WORK, **way_in)) as seat:
            await seat.kernel.run("answer = 41")
            order({"down": WAYS[way].service})
            try:
                with pytest.raises(HubError):
                    async with visitor.signed_in(CLASSMATE, **way_in):
                        pass
                await asyncio.sleep(LONG if way == "oidc" else 0)
                await seat.student.open_lab()
                return await seat.kernel.run("print(answer + 1)")
            finally:
                order({"up": WAYS[way].service})

    assert asyncio.run(lesson()).strip() == "42"


def test_an_account_that_is_closed_during_class_cannot_sign_in_again(way: str) -> None:
    async def lesson() -> str:
        way_in: dict[str, Any] = visitor.way(places.ours())
        async with visitor.seated(visitor.signed_in(CLASSMATE, **way_in)) as seat:
            order({"disable": CLASSMATE, "at": [WAYS[way].service]})
            with pytest.raises(visitor.SignInRefused):
                async with visitor.signed_in(CLASSMATE, **way_in):
                    pass
            return await seat.kernel.run("print('still here')")

    try:
        assert asyncio.run(lesson()).strip() == "still here", "only the roster ends a session at once"
    finally:
        order({"enable": CLASSMATE, "at": [WAYS[way].service]})


def test_a_renamed_account_keeps_its_home_and_its_old_name_opens_nothing(way: str) -> None:
    if way != "github":
        assert name_of(STUDENT) == "jh-ada", "addresses are the college's to give"
        return
    assert name_of(STUDENT) == "jh-ada"
    order({"rename": "rehearsal-ada", "to": "ada-l"})
    newcomer = order({"register": "rehearsal-ada"})["login"]

    assert name_of(STUDENT) == "jh-ada", "the number of the account counts, not its name"
    assert "rehearsal-ada, a name on the class roster that was another account" in refused(newcomer)
