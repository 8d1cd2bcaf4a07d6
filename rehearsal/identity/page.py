"""The page people sign in on; the same for all services, with each one's name on it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import jinja2
from aiohttp import web

from rehearsal.people import PASSWORD

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rehearsal.people import Person

_TEMPLATE = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined).from_string(
    Path(__file__).with_name("sign_in.html.j2").read_text(encoding="utf-8")
)


@dataclass(frozen=True)
class Page:
    """A service's pages: ``service`` is its name, ``entry`` what it wants typed, ``kind`` the type of that input."""

    service: str
    entry: str = "E-mail"
    kind: str = "email"

    def form(self, people: Sequence[Person], *, problem: str = "") -> web.Response:
        """Show the form, with ``people`` as those one can be; a ``problem`` is that of the last attempt."""
        return self._render("Sign in", problem, 401 if problem else 200, people)

    def notice(self, title: str, problem: str = "", *, status: int = 200) -> web.Response:
        """Show a page that leads nowhere."""
        return self._render(title, problem, status, ())

    def _render(self, title: str, problem: str, status: int, people: Sequence[Person]) -> web.Response:
        shown = {"title": title, "problem": problem, "people": people, "password": PASSWORD}
        text = _TEMPLATE.render(shown, service=self.service, entry=self.entry, kind=self.kind)
        return web.Response(text=text, content_type="text/html", status=status, headers={"Cache-Control": "no-store"})
