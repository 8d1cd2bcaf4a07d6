"""Guesses are slowed down: a wait that grows, and nobody is ever locked out.

Past a limit, every failure doubles the wait. What is not tried for an hour is forgotten. All of it is in memory: a
restart of the hub forgives, and no guesser can cause one.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

MEMORY = 3600  # seconds
MOST = 20_000  # entries; the oldest is forgotten first


@dataclass(frozen=True)
class Limit:
    """So many tries are free; then there is a wait of up to ``longest`` seconds after each."""

    free: int
    longest: int


ACCOUNT = Limit(free=5, longest=60)  # in the long run 60 guesses an hour, at passwords of 57 bits or 15 characters
ADDRESS = Limit(free=200, longest=5)  # a whole class may come from one address, and mistype


@dataclass
class _Entry:
    failures: int = 0
    until: float = 0
    last: float = 0


class Throttle:
    """Who has to wait; ``clock`` gives seconds that never go back."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._entries: dict[str, _Entry] = {}

    def start(self, limits: Mapping[str, Limit]) -> float:
        """Begin a try that counts for the keys of ``limits``: 0, or the seconds to wait, and it is no try then.

        It counts as failed until ``succeeded``: many at the same moment are no way around.
        """
        now = self._clock()
        self._forget(now)
        wait = max((self._entries[key].until - now for key in limits if key in self._entries), default=0.0)
        if wait > 0:
            return wait
        for key, limit in limits.items():
            entry = self._entries.pop(key, _Entry())  # and in again at the end: the order is that of the last try
            entry.failures, entry.last = entry.failures + 1, now
            over = entry.failures - limit.free
            if over >= 0:
                entry.until = now + min(2 ** min(over, 16), limit.longest)
            self._entries[key] = entry
        return 0.0

    def succeeded(self, limits: Mapping[str, Limit]) -> None:
        """The try was right: an account begins anew, an address has one failure less.

        With an account of their own, somebody could go on guessing at others' otherwise.
        """
        for key, limit in limits.items():
            if limit is not ADDRESS:
                self._entries.pop(key, None)
            elif key in self._entries:
                entry = self._entries[key]
                entry.failures, entry.until = entry.failures - 1, 0.0

    def _forget(self, now: float) -> None:
        while self._entries:
            key, entry = next(iter(self._entries.items()))
            if len(self._entries) < MOST and now - entry.last < MEMORY:
                return
            del self._entries[key]
