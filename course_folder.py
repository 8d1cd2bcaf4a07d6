"""The folder with the course's notebooks: what of it travels to the droplet, and what keeps it from travelling."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from coursehub.shared import NAME as SHARED

# A manifest is twice in Pulumi's state (input and output), a third larger for base64, and the state is written after
# every resource and kept for every `up`: 5 MB of pictures were 15 MB a piece, and a preview took 6 s in place of 3 s.
MOST = 5 * 2**20  # bytes, of all files together


class FolderProblem(ValueError):
    """Why the folder cannot be handed out, in words."""


def read(folder: Path) -> dict[str, bytes]:
    """The content of every file below ``folder`` by its path there; hidden files and Python's bytecode stay out.

    Raise ``FolderProblem`` for what is no plain file, cannot be read, or is too much.
    """
    paths = _visible(folder)
    _refuse_too_much(folder, paths)
    return {str(path.relative_to(folder)): _content(folder, path) for path in paths}


def _visible(folder: Path) -> list[Path]:
    found: list[Path] = []
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        raise FolderProblem(f"cannot be read at {folder} ({error.strerror})") from error
    for entry in entries:
        if not entry.name.startswith(".") and entry.name != "__pycache__":
            found += _visible(Path(entry)) if entry.is_dir(follow_symlinks=False) else [Path(entry)]
    return found


def _refuse_too_much(folder: Path, paths: list[Path]) -> None:
    sizes = {path: _size(folder, path) for path in paths}
    if (total := sum(sizes.values())) > MOST:
        largest = max(sizes, key=lambda path: sizes[path])
        raise FolderProblem(
            f"holds {total / 2**20:.1f} MiB, too much to travel with every preview (at most {MOST >> 20} MiB); the "
            f"largest file is {largest.relative_to(folder)} ({sizes[largest] / 2**20:.1f} MiB). Put data into the "
            "shared folder, or the course into a git repository (course-repository): docs/content.md"
        )


def _size(folder: Path, path: Path) -> int:
    """The size of a plain file with a name that can travel."""
    name = path.relative_to(folder)
    status = path.lstat()
    if stat.S_ISLNK(status.st_mode):
        raise FolderProblem(f"holds {name}, a symbolic link; put the file itself there")
    if not stat.S_ISREG(status.st_mode):
        raise FolderProblem(f"holds {name}, which is no file, but a pipe, socket or device; take it out")
    if not str(name).isprintable():
        raise FolderProblem(f"holds {str(name)!r}, a name with characters that cannot be shown; rename it")
    if name.parts[0] == SHARED:
        raise FolderProblem(f"holds {name}, but {SHARED} is what every home calls the shared data; rename it")
    return status.st_size


def _content(folder: Path, path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise FolderProblem(f"holds {path.relative_to(folder)}, which cannot be read ({error.strerror})") from error
