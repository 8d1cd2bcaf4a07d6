"""Sign-in for a rehearsal: the college's own OpenID provider, and Google and GitHub under their real names."""

from aiohttp import web

from rehearsal.identity.registration import COLLEGE, GITHUB, GOOGLE, REDIRECT_URI
from rehearsal.identity.services import Services

__all__ = ["CLIENT_ID", "CLIENT_SECRET", "COLLEGE", "GITHUB", "GOOGLE", "REDIRECT_URI", "Services", "make_app"]

CLIENT_ID, CLIENT_SECRET = COLLEGE.id, COLLEGE.secret


def make_app(*, issuer: str) -> web.Application:
    """Return the college's provider alone, to be served at ``issuer`` (``https://login.college.example:9443``)."""
    return Services(issuer).college.site()
