"""Who can do what, asked from outside with each role's real session, and how soon a change of the roster holds."""

from __future__ import annotations

import asyncio
import json
import re
import time
from contextlib import AsyncExitStack, asynccontextmanager
from http import HTTPStatus
from typing import TYPE_CHECKING

import aiohttp
import pytest

from rehearsal import places, visitor

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from term import Term

    from coursehub.session import Answer
    from coursehub.student import Student

pytestmark = pytest.mark.rehearsal

SOON = 60  # seconds until a change holds
LOGINS = {
    "student": "ada@college.example",  # section A
    "classmate": "grace.hopper@college.example",  # section B
    "ta": "mary@college.example",  # of section A
    "other ta": "joan@college.example",  # of section B
    "instructor": "emmy.noether@college.example",
}
ALL = set(LOGINS)
OWN = "/hub/api/users/jh-ada"

# What somebody asks for, and which roles get it; the others are refused. The student's server runs, and it is open.
ALLOWED = {
    ("GET", "/hub/class"): {"ta", "other ta", "instructor"},
    ("GET", "/hub/status"): {"instructor"},
    ("GET", "/hub/admin"): {"instructor"},
    ("GET", OWN): {"student", "ta", "instructor"},
    ("GET", "/hub/api/users/jh-grace-hopper-ad96bf"): {"classmate", "other ta", "instructor"},
    ("GET", "/hub/api/users/jh-mary"): {"ta", "instructor"},
    ("GET", "/hub/api/users/jh-emmy-noether-82c36a"): {"instructor"},
    ("GET", "/user/jh-ada/api/contents"): {"student", "ta", "instructor"},
    ("POST", "/hub/api/users/jh-alan/server"): set(),  # asked by nobody allowed: an instructor's would start one
    ("POST", "/hub/api/groups/anybody"): {"instructor"},
    ("POST", f"{OWN}/tokens"): {"student", "instructor"},
}


@asynccontextmanager
async def everybody() -> AsyncIterator[dict[str, Student]]:
    """Somebody of each role, signed in through the real pages; the student's server runs."""
    async with AsyncExitStack() as stack:
        way = visitor.way(places.ours())
        people = {
            role: await stack.enter_async_context(visitor.signed_in(login, **way)) for role, login in LOGINS.items()
        }
        for role in ("student", "classmate"):
            if not await people[role].has_server():
                await people[role].start_server()
            await people[role].open_lab()
        yield people


async def opened(guest: Student, host: Student) -> Answer:
    """Open somebody's JupyterLab as a browser does, and press Authorize where the hub asks."""
    page = await guest.session.get(host.lab)
    if page.url.path.endswith("/oauth2/authorize"):
        form = {name: re.findall(rf'name="{name}"\s+value="([^"]*)"', page.text) for name in ("scopes", "_xsrf")}
        fields = [(name, value) for name, values in form.items() for value in values]
        page = await guest.session.request("POST", str(page.url), form=fields)
    return page


async def got(person: Student, method: str, path: str) -> bool:
    answer = await person.session.request(method, path, {} if method == "POST" else None)
    assert answer.status < HTTPStatus.INTERNAL_SERVER_ERROR, f"{method} {path}: {answer.text}"
    return answer.status < HTTPStatus.BAD_REQUEST


def test_each_role_gets_what_the_table_says_and_nothing_else() -> None:
    async def asked() -> dict[tuple[str, str], set[str]]:
        found: dict[tuple[str, str], set[str]] = {}
        async with everybody() as people:
            for person in people.values():
                await opened(person, people["student"])
            for method, path in ALLOWED:
                askers = ALL - {"instructor"} if method == "POST" and path.endswith("/server") else ALL
                found[method, path] = {role for role in askers if await got(people[role], method, path)}
            await people["instructor"].session.request("DELETE", "/hub/api/groups/anybody")
        return found

    assert asyncio.run(asked()) == ALLOWED


def test_a_ta_sees_the_section_and_an_instructor_the_class() -> None:
    async def pages() -> dict[str, str]:
        async with everybody() as people:
            return {role: (await people[role].session.get("/hub/class")).text for role in ("ta", "instructor")}

    seen = asyncio.run(pages())
    assert "Ada Lovelace" in seen["ta"]
    assert 'href="/user/jh-ada/lab"' in seen["ta"], "she is on, and so there is a way to her server"
    assert "Grace Hopper" not in seen["ta"], "she is of the other section"
    assert "Grace Hopper" in seen["instructor"]


def test_a_student_is_told_who_can_open_the_server() -> None:
    async def told() -> str:
        async with everybody() as people, people["student"].kernel() as kernel:
            return await kernel.run("import os; print(os.environ['JUPYTERHUB_COURSE_DISCLOSURE'])")

    assert asyncio.run(told()).strip() == (
        "Mary Jackson (TA of section A) and Emmy Noether (instructor) can see and open your server."
    )


def test_who_is_dismissed_or_leaves_is_out_within_a_minute_and_nobody_else_is_disturbed(term: Term) -> None:
    droplet = term.droplet()
    started = "systemctl show --property=ExecMainStartTimestampMonotonic --value "

    async def story() -> dict[str, float]:
        async with everybody() as people, AsyncExitStack() as stack:
            ada, grace, mary, emmy = (people[role] for role in ("student", "classmate", "ta", "instructor"))
            kernel = await stack.enter_async_context(ada.kernel())
            await kernel.run("answer = 41")
            assert (await opened(mary, ada)).status == HTTPStatus.OK
            guest = await mary.session.request("POST", f"/user/{ada.name}/api/kernels", {"name": "python3"})
            channels = f"/user/{ada.name}/api/kernels/{guest.json()['id']}/channels?session_id=a-visit"
            socket = await stack.enter_async_context(mary.session.websocket(channels))
            before = droplet.says(f"{started} jupyterhub jupyterhub-user@{ada.name}")
            text = term.roster.read_text()
            text = re.sub("(mary@.*),ta", r"\1,student", re.sub("(emmy.*),instructor", r"\1,student", text))
            term.roster.write_text(re.sub("grace.hopper@.*\n", "", text))

            assert await asyncio.to_thread(term.changes) == {"roster": "update"}, "the hub goes on"
            await asyncio.to_thread(term.up)

            since = time.monotonic()
            took = dict(
                await asyncio.gather(
                    closed("the TA's open notebook", socket, since),
                    ends("the TA's requests", lambda: got(mary, "GET", f"/user/{ada.name}/api/contents"), since),
                    ends("the instructor's admin page", lambda: got(emmy, "GET", "/hub/admin"), since),
                    ends("who left is signed in", lambda: signed_in(grace), since),
                    ends("their server", lambda: runs(term, grace.name), since),
                )
            )
            assert await kernel.run("print(answer + 1)") == "42\n", "the student's own kernel lives"
            assert droplet.says(f"{started} jupyterhub jupyterhub-user@{ada.name}") == before, "nothing was restarted"
            return took

    took = asyncio.run(story())
    print(f"\nseconds after `up` until it was over: {took}")
    assert max(took.values()) < SOON


def test_who_comes_back_finds_the_same_account_and_files(term: Term) -> None:
    droplet = term.droplet()
    ledger = droplet.says("cat /srv/course/accounts")
    term.up()

    async def back() -> str:
        async with everybody() as people, people["classmate"].kernel() as kernel:
            return f"{people['classmate'].name}:{(await kernel.run('import os; print(os.getuid())')).strip()}"

    assert asyncio.run(back()) in ledger.splitlines(), "the same number, so the same files"


async def closed(what: str, socket: aiohttp.ClientWebSocketResponse, since: float) -> tuple[str, float]:
    """Wait until the other side closes the websocket."""
    async with asyncio.timeout(2 * SOON):
        while (await socket.receive()).type not in (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED):
            pass
    return what, round(time.monotonic() - since, 1)


async def ends(what: str, still: object, since: float) -> tuple[str, float]:
    """Wait until something is no longer so."""
    assert callable(still)
    async with asyncio.timeout(2 * SOON):
        while await still():  # noqa: ASYNC110  the hub has no event for it
            await asyncio.sleep(1)
    return what, round(time.monotonic() - since, 1)


async def signed_in(person: Student) -> bool:
    return (await person.session.get("/hub/api/user")).status == HTTPStatus.OK


async def runs(term: Term, user: str) -> bool:
    shown = await asyncio.to_thread(term.droplet().shell, f"systemctl is-active jupyterhub-user@{user}")
    return shown.stdout.strip() == "active"


def test_the_teacher_asks_from_their_own_machine(term: Term) -> None:
    def course(words: str) -> str:
        return term.droplet().says(f"runuser -u teacher -- course {words}")

    seen = json.loads(course("status --json"))
    assert seen["seats"] == int(term.outputs()["seats"])
    assert {"jh-ada"} <= {seat["user"] for seat in seen["on"]}
    assert seen["certificate_days"] > 0
    assert seen["last_check"]["passed"]
    assert {line["user"]: line["role"] for line in json.loads(course("roster --json"))}["jh-mary"] == "ta"
    said = json.loads(course("logs ada@college.example --json --lines 2000"))
    assert any("jh-mary opened this server" in entry["message"] for entry in said), "who opens a server is kept"
