"""A text file of the teacher's, however their machine wrote it."""

from __future__ import annotations

import codecs
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


class Unreadable(ValueError):
    """Why a file is no text that can be read."""


def read_text(path: Path) -> str:
    """The text of the file at ``path``: UTF-8, or what `pip freeze > requirements.txt` writes in PowerShell."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise Unreadable(f"{path.name} cannot be read ({error.strerror})") from error
    wide = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        text = content.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise Unreadable(f"{path.name} line {line} is not UTF-8 text; save it as UTF-8") from error
    if "\0" in text:
        raise Unreadable(f"{path.name} is not text")
    return text
