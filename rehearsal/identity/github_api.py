"""GitHub's REST API, as far as a hub asks it who somebody is and what they belong to.

Paths, fields, statuses and the scopes that are needed from GitHub's "REST API endpoints" for users, e-mails,
organisation members, teams and team members (docs.github.com/rest).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aiohttp import web

from rehearsal.identity import scopes

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from rehearsal.identity.organisations import Organisations
    from rehearsal.identity.provider import Provider
    from rehearsal.people import Person

_DOCS = "https://docs.github.com/rest"
_PER_PAGE, _MOST_PER_PAGE = 30, 100  # "Using pagination in the REST API"
# "Getting started with the REST API", User-Agent; the words as in gitlab-org/gitlab merge request 43852
_NO_AGENT = "Request forbidden by administrative rules. Please make sure your request has a User-Agent header."
_RESTRICTED = (
    "Although you appear to have the correct authorization credentials, the `{}` organization has enabled OAuth App "
    "access restrictions, meaning that data access to third-parties is limited."
)


class _Refusal(Exception):
    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True)
class _Asker:
    """Whose token came with a request, and what it is good for."""

    person: Person
    scopes: tuple[str, ...]

    def needs(self, *scope: str) -> None:
        if not scopes.allow(self.scopes, *scope):
            raise _Refusal(403, f"This API operation needs the {scope[0]} scope.")


class Api:
    """The API of one GitHub; an organisation in ``restricted`` has not approved the course's app (yet)."""

    def __init__(self, provider: Provider, organisations: Organisations) -> None:
        self._provider = provider
        self._organisations = organisations
        self.restricted: set[str] = set()

    def routes(self) -> list[web.RouteDef]:
        """Return the paths that are there; all others are not found."""
        return [
            web.get("/user", self._for_somebody(self._user)),
            web.get("/user/emails", self._for_somebody(self._emails)),
            web.get("/user/teams", self._for_somebody(self._teams)),
            web.get("/user/memberships/orgs/{org}", self._for_somebody(self._own_membership)),
            web.get("/user/{number:[0-9]+}", self._for_anybody(self._account)),
            web.get("/users/{name}", self._for_anybody(self._account)),
            web.get("/orgs/{org}/members/{name}", self._for_anybody(self._member)),
            web.get("/orgs/{org}/public_members/{name}", self._for_anybody(self._public_member)),
            web.get("/orgs/{org}/teams/{team}/members/{name}", self._for_somebody(self._team_member)),
        ]

    def _for_somebody(
        self, answer: Callable[[web.Request, _Asker], web.Response]
    ) -> Callable[[web.Request], Awaitable[web.Response]]:
        """Answer who has a token."""

        def known(request: web.Request, asker: _Asker | None) -> web.Response:
            if asker is None:
                raise _Refusal(401, "Requires authentication")
            return answer(request, asker)

        return self._for_anybody(known)

    def _for_anybody(
        self, answer: Callable[[web.Request, _Asker | None], web.Response]
    ) -> Callable[[web.Request], Awaitable[web.Response]]:
        """Answer who has a token and who sent none; a wrong token is refused in any case."""

        async def answered(request: web.Request) -> web.Response:
            if not request.headers.get("User-Agent"):
                return web.Response(status=403, text=f"{_NO_AGENT}\n")
            asker = None
            try:
                asker = self._asker(request)
                response = answer(request, asker)
            except _Refusal as refusal:
                body = {"message": str(refusal), "documentation_url": _DOCS, "status": str(refusal.status)}
                response = web.json_response(body, status=refusal.status)
            if asker:
                response.headers["X-OAuth-Scopes"] = ", ".join(asker.scopes)
            return response

        return answered

    def _asker(self, request: web.Request) -> _Asker | None:
        if "Authorization" not in request.headers:
            return None
        bearer = self._provider.bearer(request, "bearer", "token")
        if bearer is None:
            raise _Refusal(401, "Bad credentials")
        if self._provider.is_disabled(bearer[0]):
            raise _Refusal(403, "Sorry. Your account was suspended.")
        return _Asker(*bearer)

    def _user(self, _: web.Request, asker: _Asker) -> web.Response:
        return web.json_response(_profile(asker.person))

    def _emails(self, _: web.Request, asker: _Asker) -> web.Response:
        if not scopes.allow(asker.scopes, "user:email"):
            raise _Refusal(404, "Not Found")
        person = asker.person
        hidden = f"{person.github_id}+{person.github}@users.noreply.github.com"
        own = {
            "email": person.email,
            "primary": True,
            "verified": person.email_verified,
            "visibility": "public" if person.email_public else "private",
        }
        return web.json_response(
            [{"email": hidden, "primary": False, "verified": True, "visibility": None}, own],
        )

    def _teams(self, request: web.Request, asker: _Asker) -> web.Response:
        asker.needs("read:org", "user", "repo")
        entries = [entry for entry in self._organisations.of(asker.person.github_id) if entry.team]
        return _page(
            request,
            [
                {"name": one.team, "slug": one.team, "organization": {"login": one.organisation}}
                for one in entries
                if one.organisation not in self.restricted
            ],
        )

    def _own_membership(self, request: web.Request, asker: _Asker) -> web.Response:
        asker.needs("read:org", "user")
        organisation = self._approved(request)
        if not self._organisations.membership(organisation, asker.person.github_id):
            raise _Refusal(404, "Not Found")
        state = {"state": "active", "role": "member", "organization": {"login": organisation}}
        return web.json_response(state | {"user": {"login": asker.person.github, "id": asker.person.github_id}})

    def _account(self, request: web.Request, _: _Asker | None) -> web.Response:
        accounts, wanted = self._provider.accounts, request.match_info
        number = wanted.get("number")
        person = accounts.on_github_by_id(int(number)) if number else accounts.on_github(wanted["name"])
        if person is None:
            raise _Refusal(404, "Not Found")
        return web.json_response(_profile(person))

    def _member(self, request: web.Request, asker: _Asker | None) -> web.Response:
        """Whether somebody is a member, for members who may ask; others are sent to the public ones."""
        organisation = self._approved(request) if asker else request.match_info["org"]
        if not self._organisations.exists(organisation):
            raise _Refusal(404, "Not Found")
        if not self._may_look_inside(organisation, asker):
            public = f"/orgs/{organisation}/public_members/{request.match_info['name']}"
            return web.Response(status=302, headers={"Location": str(request.url.origin().with_path(public))})
        return self._found(request, organisation)

    def _public_member(self, request: web.Request, _: _Asker | None) -> web.Response:
        return self._found(request, request.match_info["org"], public=True)

    def _team_member(self, request: web.Request, asker: _Asker) -> web.Response:
        organisation = self._approved(request)
        if not self._may_look_inside(organisation, asker):
            raise _Refusal(404, "Not Found")
        return self._found(request, organisation, request.match_info["team"])

    def _found(self, request: web.Request, organisation: str, team: str = "", *, public: bool = False) -> web.Response:
        """Answer without a body if the person asked about is there."""
        person = self._provider.accounts.on_github(request.match_info["name"])
        entry = self._organisations.membership(organisation, person.github_id, team) if person else None
        if entry is None or (public and not entry.public):
            raise _Refusal(404, "User does not exist or is not a member of the organization")
        return web.Response(status=204)

    def _may_look_inside(self, organisation: str, asker: _Asker | None) -> bool:
        if asker is None or not scopes.allow(asker.scopes, "read:org"):
            return False
        return self._organisations.membership(organisation, asker.person.github_id) is not None

    def _approved(self, request: web.Request) -> str:
        """Return the organisation asked about, unless it keeps apps out that its owners have not approved.

        New organisations do ("About OAuth app access restrictions", docs.github.com/organizations).
        """
        organisation = request.match_info["org"]
        if organisation.casefold() in self.restricted:
            raise _Refusal(403, _RESTRICTED.format(organisation))
        return organisation


def _profile(person: Person) -> dict[str, Any]:
    return {
        "login": person.github,
        "id": person.github_id,
        "type": "User",
        "site_admin": False,
        "name": person.name,
        "email": person.email if person.email_public else None,
        "html_url": f"https://github.com/{person.github}",
    }


def _page(request: web.Request, items: list[dict[str, Any]]) -> web.Response:
    """Answer with one page of a list, with links to the others in the header."""
    try:
        page = max(1, int(request.query.get("page", "1")))
        size = min(_MOST_PER_PAGE, max(1, int(request.query.get("per_page", str(_PER_PAGE)))))
    except ValueError:
        page, size = 1, _PER_PAGE
    last = max(1, -(-len(items) // size))
    numbers = {"prev": page - 1, "next": page + 1, "last": last, "first": 1}
    wanted = [*(("prev", "first") if page > 1 else ()), *(("next", "last") if page < last else ())]
    links = [f'<{request.url.update_query(page=numbers[name])}>; rel="{name}"' for name in wanted]
    headers = {"Link": ", ".join(links)} if links else {}
    return web.json_response(items[(page - 1) * size : page * size], headers=headers)
