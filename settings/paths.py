"""Paths as a teacher writes them."""

from __future__ import annotations

from pathlib import Path


def expanded(path: Path) -> Path:
    """``path`` with ``~`` for one's home; an empty one is a setting nobody set."""
    if path == Path():
        raise ValueError("is not set")
    return path.expanduser()
