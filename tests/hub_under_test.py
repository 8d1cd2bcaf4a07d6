"""A real JupyterHub in this process, with the course's pages and no servers, and a browser without a window for it."""

from __future__ import annotations

import json
import re
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import aiohttp
from jupyterhub.app import JupyterHub
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from traitlets.config import Config
from yarl import URL

from rendering import TEMPLATES

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable
    from pathlib import Path

    import pytest

    from coursehub.roster import Person


@dataclass(frozen=True)
class Hub:
    """The hub that runs, and where it is."""

    app: Any
    url: URL

    def signed_in(self) -> Browser:
        """A browser nobody has used before."""
        return Browser(self.url)


@dataclass(frozen=True)
class Page:
    """What a browser shows: its address, status and text."""

    url: URL
    status: int
    html: str

    @property
    def place(self) -> str:
        """The address below the hub's."""
        return self.url.path_qs

    @property
    def problem(self) -> str:
        """What the page objects to, if anything."""
        found = re.search(r'id="course-problem"[^>]*>(.*?)</p>', self.html, re.DOTALL)
        return found[1] if found else ""


class Browser:
    """Holds cookies and fills in forms, as a browser without JavaScript does."""

    def __init__(self, url: URL) -> None:
        self._url = url
        self.http = aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True))

    async def open(self, path: str, *, follow: bool = True) -> Page:
        """Go to ``path``."""
        async with self.http.get(self._url.join(URL(path)), allow_redirects=follow) as answer:
            return Page(answer.url, answer.status, await answer.text())

    async def send(self, page: Page, *, follow: bool = True, xsrf: bool = True, **fields: str) -> Page:
        """Fill in the form of ``page`` and send it."""
        action = re.search(r'<form action="([^"]*)" method="post"', page.html)
        hidden = re.search(r'name="_xsrf" value="([^"]*)"', page.html)
        assert action, page.html
        assert hidden
        address = page.url.join(URL(action[1].replace("&amp;", "&"), encoded=True))
        form = {**fields, **({"_xsrf": hidden[1]} if xsrf else {})}
        async with self.http.post(address, data=form, allow_redirects=follow) as answer:
            place = (
                URL(answer.headers["Location"], encoded=True)
                if not follow and "Location" in answer.headers
                else answer.url
            )
            return Page(place, answer.status, await answer.text())

    async def sign_in(self, email: str, password: str, path: str = "/hub/login") -> Page:
        """Fill in the sign-in page that ``path`` leads to."""
        return await self.send(await self.open(path), username=email, password=password)

    async def who(self) -> str:
        """The account this browser is signed in as; empty if it is not."""
        headers = {"X-XSRFToken": next((c.value for c in self.http.cookie_jar if c.key == "_xsrf"), "")}
        async with self.http.get(self._url.join(URL("/hub/api/user")), headers=headers) as answer:
            return str((await answer.json())["name"]) if answer.status == 200 else ""


@asynccontextmanager
async def hub(folder: Path, people: Iterable[Person], monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Hub]:
    """Run the hub with everything of its own in ``folder``, as ``sign-in: password`` has it."""
    monkeypatch.chdir(folder)
    (folder / "jupyterhub_config.py").touch()
    enrol(folder, people)
    config = Config()
    config.JupyterHub.update(
        {
            "authenticator_class": "coursehub.sign_in.password.PasswordSignIn",
            "cookie_secret": b"made up, 32 bytes of it, for one",
            "db_url": "sqlite:///:memory:",
            "default_url": "/hub/home",
            "log_level": "DEBUG",
            "template_paths": [str(TEMPLATES / "opt/course/pages")],
            "template_vars": {"college": "Engineering", "contact": "help@college.edu", "passwords": True},
        }
    )
    config.ConfigurableHTTPProxy.update({"should_start": False, "auth_token": "made-up"})
    config.Authenticator.update({"any_allow_config": True, "auth_refresh_age": 60, "auth_refresh_strict": True})
    config.PasswordSignIn.update(
        {
            "roster_path": str(folder / "roster.json"),
            "one_time_path": str(folder / "one-time.json"),
            "chosen_path": str(folder / "passwords.json"),
            "support_email": "help@college.edu",
        }
    )
    app = JupyterHub(config=config)
    await app.initialize([])
    server = HTTPServer(app.tornado_application, xheaders=True)
    sockets = bind_sockets(0, "127.0.0.1")
    server.add_sockets(sockets)
    try:
        yield Hub(app, URL(f"http://127.0.0.1:{sockets[0].getsockname()[1]}"))
    finally:
        server.stop()
        await server.close_all_connections()
        app.db.close()


def enrol(folder: Path, people: Iterable[Person]) -> None:
    """Make ``people`` the whole class."""
    draft = folder / "roster.json.new"
    draft.write_text(json.dumps({"students": [vars(person) for person in people]}))
    draft.replace(folder / "roster.json")
