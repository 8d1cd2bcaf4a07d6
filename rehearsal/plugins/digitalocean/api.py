"""DigitalOcean's API v2 over HTTP: retries, pages, actions, and waiting until something is so."""

import json
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, TypeVar

from rehearsal.plugins.provider import PluginError

# Seconds until the first look at what was asked for, and between looks. The official plugin waits 10 and 3:
# this cloud is on the same machine.
FIRST_LOOK, NEXT_LOOK = 0.3, 0.5
_REQUEST_SECONDS = 60
_HOUR = 3600.0

Json = dict[str, Any]
T = TypeVar("T")


class ApiError(PluginError):
    """The API refused; `status` is HTTP's, or 0 when no answer came at all."""

    def __init__(self, message: str, status: int = 0) -> None:
        super().__init__(message)
        self.status = status

    @property
    def is_gone(self) -> bool:
        """Tell whether what was asked for does not exist (any more)."""
        return self.status == HTTPStatus.NOT_FOUND


@dataclass(frozen=True)
class Api:
    """The API at `endpoint`, e.g. ``https://api.digitalocean.com``, as the holder of `token`."""

    endpoint: str
    token: str = field(repr=False)
    retries: int = 4
    shortest_pause: float = 1.0
    longest_pause: float = 30.0
    cancelled: threading.Event = field(default_factory=threading.Event, repr=False)

    def get(self, path: str) -> Json:
        """Give what is at `path`, e.g. ``/v2/account``."""
        return self._request("GET", path)

    def post(self, path: str, body: Mapping[str, Any]) -> Json:
        """Send `body` to be added or done."""
        return self._request("POST", path, body)

    def put(self, path: str, body: Mapping[str, Any]) -> Json:
        """Send `body` in place of what is at `path`."""
        return self._request("PUT", path, body)

    def patch(self, path: str, body: Mapping[str, Any]) -> Json:
        """Send `body` as changes to what is at `path`."""
        return self._request("PATCH", path, body)

    def delete(self, path: str, body: Mapping[str, Any] | None = None) -> None:
        """Remove what is at `path`."""
        self._request("DELETE", path, body)

    def find(self, path: str, key: str) -> Json | None:
        """Give the object `key` of the answer, or None where there is nothing (any more)."""
        try:
            found: Json = self.get(path)[key]
        except ApiError as error:
            if error.is_gone:
                return None
            raise
        return found

    def pages(self, path: str, key: str) -> list[Json]:
        """Give all objects of a list, page by page."""
        items: list[Json] = []
        page = 1
        while True:
            answer = self.get(f"{path}?page={page}&per_page=200")
            items += answer[key]
            if not answer.get("links", {}).get("pages", {}).get("next"):
                return items
            page += 1

    def finish(self, answer: Json) -> None:
        """Wait until the action in `answer` is done."""
        identifier = answer["action"]["id"]

        def done() -> bool:
            action = self.get(f"/v2/actions/{identifier}")["action"]
            if action["status"] == "errored":
                raise ApiError(f"unexpected state 'errored', wanted target 'completed': action {identifier}")
            return action["completed_at"] is not None

        self.wait(done, f"action {identifier} to be completed")

    def wait(self, look: Callable[[], T | None], what: str, timeout: float = _HOUR, *, at_once: bool = False) -> T:
        """Look after a while (or `at_once`), and again and again, until there is something to give back.

        Raises:
            ApiError: it took longer than `timeout` seconds, or whoever waits has cancelled.

        """
        deadline = time.monotonic() + timeout
        pause = 0.0 if at_once else FIRST_LOOK
        while not self.cancelled.wait(pause):
            if found := look():
                return found
            if time.monotonic() > deadline:
                raise ApiError(f"timeout while waiting {timeout:.0f} s for {what}")
            pause = NEXT_LOOK
        raise ApiError(f"cancelled while waiting for {what}")

    def _request(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Json:
        request = urllib.request.Request(  # noqa: S310 - the endpoint is the provider's setting
            self.endpoint.rstrip("/") + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"},
        )
        for attempt in range(self.retries + 1):
            after: str | None = None
            try:
                with urllib.request.urlopen(request, timeout=_REQUEST_SECONDS) as response:  # noqa: S310 - as above
                    answer: Json = json.loads(response.read() or b"{}")
                    return answer
            except urllib.error.HTTPError as refusal:
                error = _refused(method, request.full_url, refusal)
                if not _may_pass(refusal.code):
                    raise error from None
                after = refusal.headers.get("Retry-After")
            except OSError as problem:
                reason = getattr(problem, "reason", problem)
                error = ApiError(f"{method} {request.full_url}: {reason}")
            pause = min(self.shortest_pause * 2**attempt, self.longest_pause)
            if after is not None and after.isdigit():
                pause = float(after)
            if attempt == self.retries or self.cancelled.wait(pause):
                break
        raise ApiError(f"{error}; giving up after {attempt + 1} attempt(s)", error.status)


def _may_pass(status: int) -> bool:
    """Tell whether the same request may do better later (go-retryablehttp's rule)."""
    unavailable = status >= HTTPStatus.INTERNAL_SERVER_ERROR and status != HTTPStatus.NOT_IMPLEMENTED
    return status == HTTPStatus.TOO_MANY_REQUESTS or unavailable


def _refused(method: str, url: str, refusal: urllib.error.HTTPError) -> ApiError:
    text = refusal.read().decode(errors="replace")
    try:
        told = json.loads(text)
    except ValueError:
        told = {}
    request = f' (request "{told["request_id"]}")' if told.get("request_id") else ""
    return ApiError(f"{method} {url}: {refusal.code}{request} {told.get('message') or text}", refusal.code)
