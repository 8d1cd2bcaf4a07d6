"""What other packages than before mean, in the words a teacher reads in the preview."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from packaging.version import InvalidVersion, Version

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from packages.environment import Environment

# pip's `pint==0.25.3`; conda's `pint=0.25`, `pint=0.25.*` and `pint=0.25.3=pyhd8ed1ab_0`
PINNED = re.compile(r"(?:\S+::)?[\w.-]+(?:\[[\w,.-]+\])?\s*==?\s*([\w.!+]+?)(?:\.?\*)?(?:=\w+)?")
ONE_EQUALS_SIGN = re.compile(r"(?<![=!<>~])=(?!=)")


def words(before: Environment | None, now: Environment) -> list[str]:
    """A sentence on what changes from ``before`` (None: nothing is installed yet) to ``now``; none if nothing does."""
    if before is None:
        return []
    old, new = before.asked(), now.asked()
    if before.channels and not now.channels:
        old.pop("python", None)  # whose Python it is then, the kind's words say
    parts = [*_kind(before, now), *_changes(old, new)]
    return ["packages: " + ", ".join(parts)] if parts else []


def _kind(before: Environment, now: Environment) -> Iterator[str]:
    if now.channels and not before.channels:
        yield "conda makes an environment of their own for them, without Anaconda's packages"
    elif before.channels and not now.channels:
        yield "they lie on top of Anaconda and its Python again"
    elif before.channels != now.channels:
        yield f"takes them from {', '.join(now.channels)} instead of {', '.join(before.channels)}"


def _changes(old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[str]:
    if added := [line for name, line in new.items() if name not in old]:
        yield f"adds {', '.join(added)}"
    if removed := [name for name in old if name not in new]:
        yield f"removes {', '.join(removed)}"
    for name, line in new.items():
        if name in old and _as_pip(old[name]) != _as_pip(line):
            yield _change(name, old[name], line)


def _change(name: str, was: str, now: str) -> str:
    before, after = _pinned(was), _pinned(now)
    if before and after and before != after:
        return f"{'upgrades' if after > before else 'downgrades'} {name} from {before} to {after}"
    return f"changes {was} to {now}"


def _pinned(line: str) -> Version | None:
    """The one version a package is held to, if it is to one; conda's ``=0.25`` stands for all that begin so."""
    match = PINNED.fullmatch(line)
    try:
        return Version(match[1]) if match else None
    except InvalidVersion:
        return None


def _as_pip(line: str) -> str:
    """``pint=0.25.3`` and ``pint==0.25.3`` are the same to whoever reads the preview."""
    return ONE_EQUALS_SIGN.sub("==", line, count=1)
