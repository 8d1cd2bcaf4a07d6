"""Who visits a student's server stays no longer than they may: in the server itself, as what the hub knows changes.

The hub is asked about every request, but a websocket is one request that lasts: a TA's open notebook or terminal would
outlive the TA's rights. So those of anybody but the owner are looked at again and again. Who visits is in the log.
"""

from __future__ import annotations

import asyncio
import os
from typing import Any

from jupyterhub.singleuser.extension import JupyterHubAuthorizer
from tornado.ioloop import PeriodicCallback
from tornado.websocket import WebSocketHandler

SECONDS = 15  # between two looks, each a question to the hub at most every HubAuth.cache_max_age seconds
GONE = 4403  # a websocket's way of saying 403


class Visitors(JupyterHubAuthorizer):  # type: ignore[misc]  # jupyterhub publishes no types
    """JupyterHub's own rule (who may open the server may do all in it), and an end to visits."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._open: set[WebSocketHandler] = set()
        self._seen: set[str] = set()
        self._clock = PeriodicCallback(self._look, SECONDS * 1000)

    def is_authorized(self, handler: Any, user: Any, action: str, resource: str) -> bool:
        """As the hub says; a visitor's websocket is remembered."""
        if not super().is_authorized(handler, user, action, resource):
            return False
        if user.username != os.environ["JUPYTERHUB_USER"]:
            if user.username not in self._seen:
                self._seen.add(user.username)
                self.log.warning("%s opened this server", user.username)
            if isinstance(handler, WebSocketHandler):
                self._open.add(handler)
                if not self._clock.is_running():
                    self._clock.start()
        return True

    async def _look(self) -> None:
        self._open = {handler for handler in self._open if handler.ws_connection is not None}
        may_stay = await asyncio.gather(*(self._may_stay(handler) for handler in self._open))
        for handler, stays in zip(self._open, may_stay, strict=True):
            if not stays:
                handler.close(GONE, "no longer allowed")

    async def _may_stay(self, handler: Any) -> bool:
        hub = self.hub_auth
        try:
            token, session = hub.get_token(handler), hub.get_session_id(handler)
            visitor = await hub.user_for_token(token, session_id=session, sync=False) if token else None
        except Exception:  # a hub that does not answer vouches for nobody; the browser comes again by itself
            self.log.exception("The hub does not say whether a visitor may stay")
            return False
        return bool(visitor and hub.check_scopes(hub.access_scopes, visitor))
