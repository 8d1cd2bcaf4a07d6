"""How long the parts of ``pulumi up`` take."""

from __future__ import annotations

import json
import subprocess
import time
from datetime import datetime
from typing import TYPE_CHECKING, Any

from rehearsal.commands import CommandError
from rehearsal.places import REPOSITORY
from rehearsal.stage import STACK

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_WORTH_A_LINE = 1.0  # seconds


def parts(variables: Mapping[str, str]) -> dict[str, float]:
    """Return the seconds each resource of the stack took to be made, in order, those of a second or more."""
    state = json.loads(_pulumi(variables, "stack", "export"))
    history = json.loads(_pulumi(variables, "stack", "history", "--json"))
    made = seconds(state["deployment"]["resources"], [update["startTime"] for update in history])
    return {name: took for name, took in made.items() if took >= _WORTH_A_LINE}


def seconds(resources: Sequence[Mapping[str, Any]], starts: Sequence[str]) -> dict[str, float]:
    """Return how long each resource took to be made, by name, in the order in which they were finished.

    ``resources`` are those of an exported stack. The engine notes when each was ready; it began when the last of what
    it depends on was ready, or with its update (``starts``, ISO 8601), whichever came later.
    """
    ready = {each["urn"]: datetime.fromisoformat(each["created"]) for each in resources if each.get("custom")}
    updates = [datetime.fromisoformat(start) for start in starts]
    took = {}
    for resource in sorted((each for each in resources if each["urn"] in ready), key=lambda each: ready[each["urn"]]):
        end = ready[resource["urn"]]
        needed = [ready[urn] for urn in resource.get("dependencies", []) if urn in ready]
        begun = [moment for moment in (*needed, *updates) if moment <= end]
        took[resource["urn"].rpartition("::")[2]] = (end - max(begun, default=end)).total_seconds()
    return took


def is_up_to_date(variables: Mapping[str, str]) -> bool:
    """Whether ``pulumi up`` would find nothing to do."""
    try:
        _pulumi(variables, "preview", "--expect-no-changes")
    except CommandError:
        return False
    return True


def unchanged(variables: Mapping[str, str]) -> float:
    """Return the seconds of a ``pulumi up``, its preview included."""
    started = time.monotonic()
    _pulumi(variables, "up", "--yes")
    return time.monotonic() - started


def _pulumi(variables: Mapping[str, str], *words: str) -> str:
    command = ["pulumi", *words, "--stack", STACK]
    done = subprocess.run(command, cwd=REPOSITORY, env=variables, capture_output=True, text=True, check=False)
    if done.returncode:
        raise CommandError(f"`{' '.join(command)}` failed ({done.returncode}): {(done.stderr or done.stdout)[-2000:]}")
    return done.stdout
