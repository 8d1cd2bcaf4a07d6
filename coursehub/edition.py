"""Editions of the course's notebooks: ``python3 -m coursehub.edition SOURCE NAME``, run by root from the content step.

An edition is a folder that never changes, /opt/course/editions/NAME, and beside it NAME.json with the SHA-256 sums of
its files. /opt/course/content leads to the one in use and is switched in one go. The one before stays, for a student's
server that is just reading it. Hidden files and links are not the students'.

Standard library only: it runs on the system's Python.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from coursehub.content import CONTENT, digest, sums_of
from coursehub.shared import NAME as SHARED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

EDITIONS = Path("/opt/course/editions")
MOST = 256 * 2**20  # bytes; every home gets a copy, so that 100 homes fill half of the usual volume of 50 GiB
LFS = b"version https://git-lfs.github.com/spec/"  # begins the file that Git LFS keeps in place of a large one
LARGEST_POINTER = 1024  # bytes (Git LFS's specification)
MOST_NAMES = 5  # in one sentence


class Refused(Exception):
    """Why there is no such edition."""


def files(source: Path) -> Iterator[Path]:
    """The paths below ``source`` that are the students', folders and links left out."""
    for entry in sorted(os.scandir(source), key=lambda entry: entry.name):
        if entry.name.startswith("."):
            continue
        if entry.is_dir(follow_symlinks=False):
            yield from files(Path(entry))
        elif entry.is_file(follow_symlinks=False):
            yield Path(entry)


def publish(source: Path, name: str, say: Callable[[str], None]) -> None:
    """Have /opt/course/content lead to the edition ``name``, made of ``source`` if need be; raise ``Refused``."""
    edition = EDITIONS / name
    if not sums_of(edition).exists():
        _make(source, edition, say)
    before = CONTENT.resolve().name
    _lead_to(edition)
    for other in EDITIONS.iterdir():
        if other.name.removesuffix(".json") not in (name, before):
            shutil.rmtree(other) if other.is_dir() else other.unlink()
    say(f"{len(json.loads(sums_of(edition).read_text()))} files for students; homes get what is new at the next start")


def _make(source: Path, edition: Path, say: Callable[[str], None]) -> None:
    found = list(files(source))
    _refuse_too_much(source, found)
    if (source / SHARED).exists():
        raise Refused(f"the course has something called {SHARED}, which is what every home calls the shared data")
    if pointers := [str(path.relative_to(source)) for path in found if _is_pointer(path)]:
        say(f"these are pointers of Git LFS, not the files themselves: {in_words(pointers)}")
    shutil.rmtree(edition, ignore_errors=True)  # what an interrupted run left
    sums = {}
    for path in found:
        target = edition / path.relative_to(source)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
        sums[str(path.relative_to(source))] = digest(target) or ""
    edition.mkdir(parents=True, exist_ok=True)
    os.sync()  # the sums say that all of it is there
    draft = EDITIONS / f".{edition.name}"
    draft.write_text(json.dumps(sums, indent=1), encoding="utf-8")
    draft.replace(sums_of(edition))


def _refuse_too_much(source: Path, found: list[Path]) -> None:
    sizes = {path: path.stat().st_size for path in found}
    if (total := sum(sizes.values())) > MOST:
        largest = max(sizes, key=lambda path: sizes[path])
        raise Refused(
            f"the course has {total >> 20} MiB, and every home gets a copy (at most {MOST >> 20}); the largest file "
            f"is {largest.relative_to(source)} ({sizes[largest] >> 20} MiB): put it into the shared folder"
        )


def _is_pointer(path: Path) -> bool:
    if path.stat().st_size > LARGEST_POINTER:
        return False
    with path.open("rb") as stream:
        return stream.read(len(LFS)) == LFS


def in_words(names: list[str]) -> str:
    """A list of names, short enough for a line: ``a, b and 3 more``."""
    more = len(names) - MOST_NAMES
    return ", ".join(names[:MOST_NAMES]) + (f" and {more} more" if more > 0 else "")


def _lead_to(edition: Path) -> None:
    if CONTENT.is_dir() and not CONTENT.is_symlink():  # before there were editions
        shutil.rmtree(CONTENT)
    draft = CONTENT.with_name(f".{CONTENT.name}")
    draft.unlink(missing_ok=True)
    draft.symlink_to(edition)
    draft.replace(CONTENT)


def main() -> None:
    """Publish what the command line says."""
    source, name = sys.argv[1:]
    try:
        publish(Path(source), name, say=print)
    except Refused as problem:
        sys.exit(f"{problem}; the notebooks from before stay in use")


if __name__ == "__main__":
    main()
