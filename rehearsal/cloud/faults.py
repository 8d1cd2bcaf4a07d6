"""Faults on order: what goes wrong at a cloud now and then, on purpose, for tests. None of this is DigitalOcean's.

``POST /_rehearsal/faults`` takes one of

- ``{"path": "/v2/droplets/*", "method": "GET", "status": 404, "times": 2}``: the next two such requests are answered so
  instead of being carried out; with ``"after": true`` they are carried out first and their answer is lost;
  ``message`` and ``retry_after`` (seconds) go into the answer;
- ``{"action": "attach_volume", "times": 1}``: the next action of that type does nothing and ends as ``errored``;
- ``{"hold": 1001, "seconds": 2.5}``: that droplet is locked for so long, as it is during a backup.

``GET`` lists the faults still to come, ``DELETE`` forgets them.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass
class Fault:
    """Something that goes wrong ``times`` times: an answer for requests that match, or an action of type ``action``."""

    path: str = ""
    method: str = "*"
    status: int = 500
    message: str = "Ordered by /_rehearsal/faults."
    retry_after: int | None = None
    after: bool = False
    action: str = ""
    times: int = 1


@dataclass
class Faults:
    """The faults still to come, in the order they were asked for."""

    coming: list[Fault] = field(default_factory=list)

    def answer(self, method: str, path: str) -> Fault | None:
        """Use up and return the fault that answers this request, if there is one."""
        return self._take(lambda f: bool(f.path) and fnmatchcase(method, f.method) and fnmatchcase(path, f.path))

    def action(self, kind: str) -> Fault | None:
        """Use up and return the fault that makes an action of this type fail, if there is one."""
        return self._take(lambda f: f.action == kind)

    def listed(self) -> list[dict[str, Any]]:
        """Return what is still to come, as JSON."""
        return [asdict(fault) for fault in self.coming]

    def _take(self, wanted: Callable[[Fault], bool]) -> Fault | None:
        fault = next(filter(wanted, self.coming), None)
        if fault:
            fault.times -= 1
            self.coming = [f for f in self.coming if f.times > 0]
        return fault
