"""How much room a home has, and what takes most of it."""

from __future__ import annotations

import heapq
import os
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SECONDS = 3.0  # for one search
WORTH_NAMING = 1 << 20  # bytes: to delete anything smaller helps nobody
BLOCK = 512  # bytes: st_blocks counts these, whatever the file system's own are


@dataclass(frozen=True)
class Room:
    """Bytes a student may still write, and of how many; a quota counts where there is one (XFS answers with it)."""

    free: int
    total: int


@dataclass(frozen=True)
class Largest:
    """The largest files, as (path below the home, bytes on the disk); not ``complete`` if time ran out."""

    files: list[tuple[str, int]]
    complete: bool


def room(home: Path) -> Room:
    """The room in ``home``. Where no file can be made any more, none is free."""
    found = os.statvfs(home)
    free = 0 if found.f_files and not found.f_favail else found.f_bavail * found.f_frsize
    return Room(free, found.f_blocks * found.f_frsize)


def largest(home: Path, count: int = 5, seconds: float = SECONDS) -> Largest:
    """The ``count`` largest files of 1 MiB and more below ``home``, hidden ones too.

    No link is followed, no other file system entered, and the search ends after ``seconds``.
    """
    deadline = time.monotonic() + seconds
    found: list[tuple[int, str]] = []
    complete = True
    for size, path in _files(str(home)):
        if size >= WORTH_NAMING:
            heapq.heappush(found, (size, path))
        if len(found) > count:
            heapq.heappop(found)
        if time.monotonic() > deadline:
            complete = False
            break
    files = [(_shown(os.path.relpath(path, home)), size) for size, path in sorted(found, reverse=True)]
    return Largest(files, complete)


def _files(home: str) -> Iterator[tuple[int, str]]:
    """Size and path of every file; of every folder too, with size 0, so that a deadline is met among many of them."""
    device = os.lstat(home).st_dev
    folders = [home]
    while folders:
        folder = folders.pop()
        yield 0, folder
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    try:
                        status = entry.stat(follow_symlinks=False)
                    except OSError:  # gone meanwhile
                        continue
                    if entry.is_dir(follow_symlinks=False):
                        if status.st_dev == device:
                            folders.append(entry.path)
                    elif entry.is_file(follow_symlinks=False):
                        yield status.st_blocks * BLOCK, entry.path
        except OSError:  # gone, or closed to its owner
            continue


def _shown(path: str) -> str:
    """A path as text: a name that is not UTF-8 cannot be sent to a page."""
    return os.fsencode(path).decode("utf-8", "replace")
