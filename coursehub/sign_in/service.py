"""What the ways that ask a sign-in service have in common: words for a service that is in trouble."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from tornado.httpclient import HTTPClientError
from tornado.web import HTTPError

from coursehub.sign_in.door import RosterAuthenticator

SILENT = "The sign-in service does not answer just now. Whoever is signed in already can go on."
NOT_KNOWN = "The sign-in service does not accept the secret of this course any more, so that nobody can sign in."
GITHUBS_REFUSAL = "incorrect_client_credentials"  # comes with status 200


class ServiceAuthenticator(RosterAuthenticator):
    """To be put before a class of oauthenticator's."""

    async def fetch(self, req: Any, *args: Any, **kwargs: Any) -> Any:
        """Ask the service; what it is silent about, or refuses this course, is said as such to whoever signs in."""
        try:
            answer = await super().fetch(req, *args, **kwargs)
        except HTTPClientError as error:
            if error.code >= HTTPStatus.INTERNAL_SERVER_ERROR:  # 599: no answer at all
                raise HTTPError(500, SILENT) from error
            if error.code == HTTPStatus.UNAUTHORIZED and req.url == self.token_url:
                raise HTTPError(500, NOT_KNOWN) from error
            raise
        except OSError as error:
            self.log.error("%s cannot be reached: %s", req.url.partition("?")[0], error)  # noqa: TRY400  # the sentence says it
            raise HTTPError(500, SILENT) from error
        if isinstance(answer, dict) and answer.get("error") == GITHUBS_REFUSAL:
            raise HTTPError(500, NOT_KNOWN)
        return answer
