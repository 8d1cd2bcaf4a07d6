"""A student's whole home as a zip, made while it is sent: neither the memory nor the disk has to hold it."""

from __future__ import annotations

import io
import os
import stat
import time
import zipfile
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PIECE = 1 << 18  # bytes read at once
LEVEL = 1  # of 9: notebooks are a quarter of their size after the quickest pass already
KEPT = frozenset({".git", ".gitattributes", ".gitignore", ".gitmodules"})  # hidden, but work
NOTE = "not in this zip.txt"
EARLIEST = (1980, 1, 1, 0, 0, 0)  # a zip knows no time before that, nor after 2107
LATEST = 2107


class Outlet(io.RawIOBase):
    """Takes what ``zipfile`` writes, until it is taken on."""

    def __init__(self) -> None:
        self._held = bytearray()

    def writable(self) -> bool:
        """It can be written to, but not sought in: zipfile then puts sizes behind each file."""
        return True

    def write(self, data: object) -> int:
        """Hold ``data``."""
        piece = bytes(data)  # type: ignore[call-overload]  # any buffer
        self._held += piece
        return len(piece)

    def taken(self) -> bytes:
        """Everything held, once."""
        piece = bytes(self._held)
        self._held.clear()
        return piece


def zipped(home: Path) -> Iterator[bytes]:
    """The zip of ``home``, piece by piece. Hidden files and folders are left out but for Git's; links are not followed.

    A file that changes is taken as it is read, no further than it was long; what cannot be read, or is a link, is named
    in a note at the end.
    """
    outlet = Outlet()
    missing: list[str] = []
    with zipfile.ZipFile(outlet, "w", zipfile.ZIP_DEFLATED, compresslevel=LEVEL) as archive:
        for name, path in _entries(str(home), "", missing):
            if name.endswith("/"):
                archive.writestr(_info(name, os.lstat(home)), b"")
                continue
            try:
                descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
            except OSError as error:
                missing.append(f"{name}: {error.strerror}")
                continue
            with os.fdopen(descriptor, "rb") as source:
                status = os.fstat(descriptor)
                if stat.S_ISREG(status.st_mode):
                    yield from _added(archive, outlet, source, _info(name, status), missing)
            yield outlet.taken()
        if missing:
            archive.writestr(NOTE, "".join(f"{line}\r\n" for line in missing))
    yield outlet.taken()


def _added(
    archive: zipfile.ZipFile, outlet: Outlet, source: BinaryIO, info: zipfile.ZipInfo, missing: list[str]
) -> Iterator[bytes]:
    left = info.file_size
    with archive.open(info, "w") as target:
        while left:
            try:
                piece = source.read(min(PIECE, left))
            except OSError as error:
                missing.append(f"{info.filename}, its end: {error.strerror}")
                break
            if not piece:
                break
            left -= len(piece)
            target.write(piece)
            yield outlet.taken()


def _entries(folder: str, prefix: str, missing: list[str]) -> Iterator[tuple[str, str]]:
    """Name in the zip and path of every file, in order; of empty folders too, with a slash at the end of the name."""
    try:
        with os.scandir(folder) as found:
            entries = sorted(found, key=lambda entry: entry.name)
    except OSError as error:
        missing.append(f"{prefix or 'the home'}: {error.strerror}")
        return
    if prefix and not entries:
        yield prefix, folder
    for entry in entries:
        if entry.name.startswith(".") and entry.name not in KEPT:
            continue
        name = prefix + os.fsencode(entry.name).decode("utf-8", "replace")
        if entry.is_symlink():
            missing.append(f"{name}: a link")
        elif entry.is_dir(follow_symlinks=False):
            yield from _entries(entry.path, f"{name}/", missing)
        elif entry.is_file(follow_symlinks=False):
            yield name, entry.path


def _info(name: str, status: os.stat_result) -> zipfile.ZipInfo:
    changed = time.localtime(status.st_mtime)[:6]
    when = max(changed, EARLIEST) if changed[0] <= LATEST else EARLIEST
    info = zipfile.ZipInfo(name, when)
    info.compress_type = zipfile.ZIP_DEFLATED
    info.external_attr = (
        stat.S_IMODE(status.st_mode) & 0o755 | (stat.S_IFDIR if name.endswith("/") else stat.S_IFREG)
    ) << 16
    info.file_size = 0 if name.endswith("/") else status.st_size  # zipfile decides by it whether 4 GiB will do
    return info
