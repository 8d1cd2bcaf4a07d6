"""Why a kernel died: for lack of memory, or of something else.

The control group counts its processes that were killed for lack of memory. A kernel that was ended by SIGKILL just
after the count had grown was one of them, and each killing explains one death; any other death was not of memory.
"""

from __future__ import annotations

import signal
import time
from collections import deque
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Callable

    from coursehub.lab.memory import Group, Kills

KERNEL_ACTIONS = "https://events.jupyter.org/jupyter_server/kernel_actions/v1"
LOOK_EVERY = 5  # seconds; one small file is read
JUST_NOW = 15  # seconds: Jupyter notices within 3 that a kernel is gone, later on a machine that is short of memory
REMEMBERED = 20  # deaths

Cause = Literal["memory", "class", "other"]


@dataclass(frozen=True)
class Death:
    """A kernel's death: ``memory`` the student used up, ``class`` all students together, or ``other``.

    ``id`` is the time in milliseconds since 1970, so that a page can say up to where it has told. ``used`` and
    ``limit`` are bytes: the most that was in use, and the most there may be.
    """

    id: int
    kernel: str
    cause: Cause
    used: int | None
    limit: int | None


class Watch:
    """Notes when processes of ``group`` were killed for lack of memory."""

    def __init__(self, group: Group | None, now: Callable[[], float] = time.monotonic) -> None:
        self.group = group
        self._now = now
        self._last: Kills | None = None
        self._killings: deque[float] = deque()  # times of those that explain no death yet
        self._limited_at = float("-inf")
        self.look()

    def look(self) -> None:
        """Compare the counters with those of the last look."""
        if self.group is None:
            return
        try:
            kills = self.group.kills()
        except (OSError, ValueError):
            return
        if self._last:
            self._killings.extend([self._now()] * (kills.killed - self._last.killed))
            if kills.limited > self._last.limited:
                self._limited_at = self._now()
        self._last = kills

    def explain(self) -> Cause:
        """Whose memory somebody was killed for just now, once for each killing; ``other`` if nobody was."""
        self.look()
        since = self._now() - JUST_NOW
        while self._killings and self._killings[0] < since:
            self._killings.popleft()
        if not self._killings:
            return "other"
        self._killings.popleft()
        return "memory" if self._limited_at >= since else "class"


class Deaths:
    """The latest deaths among the kernels of ``kernels``, Jupyter's kernel manager."""

    def __init__(self, kernels: Any, watch: Watch) -> None:
        self._kernels = kernels
        self._watch = watch
        self.latest: deque[Death] = deque(maxlen=REMEMBERED)

    def follow(self, events: Any) -> None:
        """Be told of every kernel that starts, by Jupyter's event logger; look at the counters now and then."""
        from tornado.ioloop import PeriodicCallback  # late: what is above needs no event loop

        events.add_listener(schema_id=KERNEL_ACTIONS, listener=self._acted)
        self._clock = PeriodicCallback(self._watch.look, LOOK_EVERY * 1000)
        self._clock.start()

    async def _acted(self, logger: Any, schema_id: str, data: dict[str, Any]) -> None:  # noqa: ARG002  # the logger's signature
        if data.get("action") == "start" and data.get("status") == "success":
            self.attend(data["kernel_id"])

    def attend(self, kernel: str) -> None:
        """Note the death of a kernel when Jupyter finds it dead, before any page is told."""
        for event in ("restart", "dead"):
            self._kernels.add_restart_callback(kernel, lambda: self.note(kernel), event)

    def note(self, kernel: str) -> Death:
        """Remember that ``kernel`` has died."""
        cause: Cause = self._watch.explain() if self._killed(kernel) else "other"
        used = limit = None
        if cause == "memory" and self._watch.group:
            used, limit = self._watch.group.peak(), self._watch.group.limit()
            used = min(used or limit or 0, limit or used)
        after = self.latest[-1].id + 1 if self.latest else 0
        death = Death(max(int(time.time() * 1000), after), kernel, cause, used, limit)
        self.latest.append(death)
        return death

    def _killed(self, kernel: str) -> bool:
        """Was it SIGKILL? Where Jupyter does not know, the counters decide."""
        process = getattr(self._kernels.get_kernel(kernel).provisioner, "process", None)
        return getattr(process, "returncode", None) in (None, -signal.SIGKILL)

    def told(self) -> list[dict[str, Any]]:
        """The latest deaths, as JSON."""
        return [asdict(death) for death in self.latest]
