"""How the API says no: a status and a body with ``id``, ``message`` and ``request_id``."""

from __future__ import annotations

from dataclasses import dataclass

GONE = "The resource you requested could not be found."
PENDING = "Droplet already has a pending event."

# The body's ``id`` for each status, as DigitalOcean's API writes them.
_IDS = {
    400: "bad_request",
    401: "Unauthorized",
    404: "not_found",
    405: "method_not_allowed",
    409: "conflict",
    412: "precondition_failed",
    422: "unprocessable_entity",
    429: "too_many_requests",
    500: "server_error",
    503: "service_unavailable",
}


@dataclass
class Refusal(Exception):
    """A request that is answered with an error; ``retry_after`` in seconds becomes the header of that name."""

    status: int
    message: str
    retry_after: int | None = None

    def body(self, request_id: str) -> dict[str, str]:
        """Return the answer's JSON."""
        return {"id": _IDS.get(self.status, "error"), "message": self.message, "request_id": request_id}


def not_found() -> Refusal:
    """Return the refusal for what is not in the account (any more)."""
    return Refusal(404, GONE)


def invalid(message: str) -> Refusal:
    """Return the refusal for values that cannot be accepted."""
    return Refusal(422, message)


def conflict(message: str) -> Refusal:
    """Return the refusal for what the resource's present state does not allow."""
    return Refusal(409, message)
