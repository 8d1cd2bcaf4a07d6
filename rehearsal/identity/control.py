"""What happens to accounts and services during a term, on order: for tests, and not part of any service.

``POST /_rehearsal/identity`` takes one of

- ``{"disable": "ada@college.example"}`` or ``{"enable": ...}``: at all services, or at those in ``"at": ["google"]``;
- ``{"rename": "octocat", "to": "mona"}``: the account at GitHub keeps its number and gets another user name;
- ``{"register": "octocat"}``: somebody new takes a user name at GitHub that is free; the answer has ``login`` to sign
  in as, and the new number as ``github_id``;
- ``{"down": "github"}`` or ``{"up": "github"}``: college, google or github answers everything with 503, or again;
- ``{"testing": ["ada@college.example"]}``: Google lets only these test users in; ``{"testing": null}`` everybody;
- ``{"restrict": "rehearsal-college"}`` or ``{"approve": ...}``: the organisation at GitHub keeps the course's app out.

``GET`` says how it is, ``DELETE`` makes all of it what it was at first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aiohttp import web

from rehearsal.cloud.errors import invalid
from rehearsal.cloud.service import body_of
from rehearsal.identity.accounts import SERVICES

if TYPE_CHECKING:
    from rehearsal.identity.services import Services

PATH = "/_rehearsal/identity"


def routes(services: Services) -> list[web.RouteDef]:
    """Return the routes, for the API's application, which lets in nobody without its token."""

    async def order(request: web.Request) -> web.Response:
        try:
            return web.json_response(_carry_out(services, await body_of(request)))
        except (ValueError, TypeError, KeyError) as error:
            raise invalid(f"no such order: {error}") from error

    async def tell(_: web.Request) -> web.Response:
        return web.json_response(_state(services))

    async def reset(_: web.Request) -> web.Response:
        services.reset()
        return web.json_response(_state(services))

    return [web.post(PATH, order), web.get(PATH, tell), web.delete(PATH, reset)]


def _carry_out(services: Services, body: dict[str, Any]) -> dict[str, Any]:
    accounts = services.accounts
    match body:
        case {"disable": str(login), **rest}:
            accounts.disable(login, _known(rest))
        case {"enable": str(login), **rest}:
            accounts.enable(login, _known(rest))
        case {"rename": str(name), "to": str(new)}:
            person = accounts.rename(name, new)
            return {"login": person.login, "github": person.github, "github_id": person.github_id}
        case {"register": str(name)}:
            person = accounts.register(name)
            return {"login": person.login, "github": person.github, "github_id": person.github_id}
        case {"down": str(name)}:
            services.all[name].down = True
        case {"up": str(name)}:
            services.all[name].down = False
        case {"testing": list() | None as testers}:
            services.google.testers = testers
        case {"restrict": str(organisation)}:
            services.github.api.restricted.add(organisation.casefold())
        case {"approve": str(organisation)}:
            services.github.api.restricted.discard(organisation.casefold())
        case _:
            raise ValueError(f"{body} is none of those in rehearsal/identity/control.py")
    return _state(services)


def _known(rest: dict[str, Any]) -> list[str]:
    at = rest.get("at", list(SERVICES))
    if not isinstance(at, list) or not set(at) <= set(SERVICES):
        raise ValueError(f"at {at!r} is no list of {', '.join(SERVICES)}")
    return at


def _state(services: Services) -> dict[str, Any]:
    everybody = {person.login: person for name in SERVICES for person in services.accounts.everybody(name)}
    return {
        "down": [name for name, provider in services.all.items() if provider.down],
        "disabled": {login: sorted(person.disabled) for login, person in everybody.items() if person.disabled},
        "github": {person.github: person.github_id for person in everybody.values() if person.github},
        "testing": services.google.testers,
        "restricted": sorted(services.github.api.restricted),
    }
