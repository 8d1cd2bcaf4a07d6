"""The text of a step: what ``pulumi preview --diff`` shows and the droplet's applier reads (coursehub/applier.py)."""

from __future__ import annotations

import base64
import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, kw_only=True)
class File:
    """One file of the droplet: absolute path, whole text, octal mode, ``owner:group``."""

    path: str
    text: str
    mode: str = "0644"
    owner: str = "root:root"

    def lines(self) -> list[str]:
        """Its part of a manifest."""
        return [f"file {self.path} {self.owner} {self.mode}", *_quoted(self.text)]


@dataclass(frozen=True, kw_only=True)
class Data:
    """A file that is no text, a picture say: it travels in base64, in lines as e-mail has them (RFC 2045)."""

    path: str
    content: bytes
    mode: str = "0644"
    owner: str = "root:root"

    def lines(self) -> list[str]:
        """Its part of a manifest."""
        encoded = base64.encodebytes(self.content).decode()
        return [f"data {self.path} {self.owner} {self.mode}", *(f"| {line}" for line in encoded.splitlines())]


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """Files to be there, then a bash script to run; ``limit`` is the script's time in seconds.

    Plain text on purpose: the preview prints a JSON input as a tree of every element, but plain text as a
    few changed lines.
    """

    step: str
    script: str
    files: Sequence[File | Data] = ()
    limit: int = 600

    def text(self) -> str:
        """The manifest as the applier reads it; the same manifest is always the same text."""
        lines = [f"step {self.step}", f"limit {self.limit}"]
        for file in self.files:
            lines += file.lines()
        return "\n".join([*lines, "run", *_quoted(self.script), "end", ""])


def _quoted(text: str) -> list[str]:
    # split at newlines alone: splitlines() would break a file at form feeds and Unicode separators
    return [f"| {line}" if line else "|" for line in text.removesuffix("\n").split("\n")]


def file_text(manifest: str, path: str) -> str | None:
    """The text of the file ``path`` in a manifest's text; None if it brings no such file."""
    lines = iter(manifest.split("\n"))
    if not any(line.startswith(f"file {path} ") for line in lines):
        return None
    quoted = itertools.takewhile(lambda line: line.startswith("|"), lines)
    return "".join(f"{line[2:]}\n" for line in quoted)
