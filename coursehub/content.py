"""Bring the course's notebooks into a student's home, as that student, whenever their server starts.

New files come; a file the student has not touched is replaced by its next version; one they have changed stays theirs,
and the next version lands beside it. What they deleted is not forced back, and nothing of theirs is ever removed.

/opt/course/content leads to the edition in use (edition.py): its files, and beside them their SHA-256 sums, so that a
start with nothing new reads one small file. A home remembers in .course/delivered.json which versions it was offered.

Standard library only: it runs on the system's Python.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import stat
import tempfile
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

CONTENT = Path("/opt/course/content")
DELIVERED = Path(".course/delivered.json")

Versions = dict[str, list[str]]  # by path below the home: the sums of the versions it was offered, the latest last


def digest(path: Path) -> str | None:
    """The SHA-256 sum of a regular file, in hex; None for whatever else there is, and for what cannot be read."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):  # a pipe would be waited for, for ever
            return None
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError:
        return None


def sums_of(edition: Path) -> Path:
    """Where the sums of an edition's files are."""
    return edition.with_name(f"{edition.name}.json")


def beside(path: Path, today: date) -> Iterator[Path]:
    """Names for a new version next to a file that stays: ``lab1 (new 2026-09-21).ipynb``, then numbered."""
    yield path.with_name(f"{path.stem} (new {today}){path.suffix}")
    number = 2
    while True:
        yield path.with_name(f"{path.stem} (new {today}, {number}){path.suffix}")
        number += 1


class Delivery:
    """One delivery of ``content`` into ``home``; ``say`` is told what could not be done."""

    def __init__(self, content: Path, home: Path, today: date, say: Callable[[str], None]) -> None:
        self.content = content
        self.home = home
        self.today = today
        self.say = say

    def deliver(self, sums: Mapping[str, str]) -> None:
        """Bring what the home has not been offered; a file that cannot be brought holds up no other."""
        offered = self._offered()
        for name, wanted in sums.items():
            versions = offered.get(name, [])
            if versions and versions[-1] == wanted:
                continue
            try:
                self._bring(name, wanted, versions)
            except OSError as error:
                self.say(f"{name} could not be brought: {error.strerror}")
            else:
                offered[name] = [*versions, wanted]
        self._remember(offered)

    def _bring(self, name: str, wanted: str, versions: list[str]) -> None:
        target = self.home / name
        if not os.path.lexists(target):
            if not versions:  # else the student has deleted or renamed it
                self._place(name, wanted, target)
            return
        found = digest(target)
        if found == wanted:
            return
        if found in versions:
            self._place(name, wanted, target, instead_of=found)
            return
        self._place_beside(name, wanted, target)

    def _place_beside(self, name: str, wanted: str, target: Path) -> None:
        for candidate in beside(target, self.today):
            if not os.path.lexists(candidate):
                self._place(name, wanted, candidate)
                return
            if digest(candidate) == wanted:  # brought before, by a delivery that could not remember it
                return

    def _place(self, name: str, wanted: str, target: Path, instead_of: str | None = None) -> None:
        """Put the course's file ``name`` at ``target``, whole or not at all, and never over what is not expected."""
        target.parent.mkdir(parents=True, exist_ok=True)
        descriptor, draft = tempfile.mkstemp(dir=target.parent, prefix=".course-")
        try:
            with os.fdopen(descriptor, "wb") as stream:
                content = (self.content / name).read_bytes()
                stream.write(content)
                stream.flush()
                os.fsync(descriptor)
            if hashlib.sha256(content).hexdigest() != wanted:
                raise OSError(0, "it is being replaced just now")
            if instead_of is None:
                os.link(draft, target)  # unlike a rename, this refuses to replace what has appeared meanwhile
            elif digest(target) != instead_of:
                raise OSError(0, "it was changed just now")
            else:
                Path(draft).replace(target)
        finally:
            with contextlib.suppress(FileNotFoundError):
                Path(draft).unlink()

    def _offered(self) -> Versions:
        try:
            offered = json.loads((self.home / DELIVERED).read_text(encoding="utf-8"))
            return {str(name): [str(version) for version in versions] for name, versions in offered.items()}
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, AttributeError, TypeError) as error:
            self.say(f"what was delivered before cannot be read, so everything counts as the student's: {error}")
            return {}

    def _remember(self, offered: Versions) -> None:
        path = self.home / DELIVERED
        text = json.dumps(offered, indent=1, sort_keys=True)
        try:
            if path.is_file() and path.read_text(encoding="utf-8") == text:
                return
            path.parent.mkdir(exist_ok=True)
            descriptor, draft = tempfile.mkstemp(dir=path.parent, prefix=".delivered-")
            try:
                with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
                    stream.write(text)
                    stream.flush()
                    os.fsync(descriptor)
                Path(draft).replace(path)
            finally:
                Path(draft).unlink(missing_ok=True)
        except (OSError, ValueError) as error:
            self.say(f"what was delivered could not be noted: {error}")


def deliver(home: Path, say: Callable[[str], None]) -> None:
    """Deliver the course into ``home``. Whatever goes wrong is said, and never keeps a server from starting."""
    try:
        edition = CONTENT.resolve(strict=True)  # once: sums and files are of the same one, whatever comes meanwhile
        sums: dict[str, str] = json.loads(sums_of(edition).read_text(encoding="utf-8"))
        Delivery(edition, home, date.today(), say).deliver(sums)  # noqa: DTZ011  # the machine's own day is the class's
    except Exception as error:  # noqa: BLE001  # a student without the new notebook can work; one without a server cannot
        say(f"the course's notebooks could not be delivered: {error!r}")
