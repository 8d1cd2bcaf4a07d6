"""The rehearsal's background processes, known by the files that hold their ids."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from pathlib import Path

_PATIENCE = 15  # seconds between asking a process to end and ending it


def alive(pid_file: Path, name: str) -> int:
    """Return the process id in a file if that process runs and has ``name`` on its command line, else 0."""
    try:
        pid = int(pid_file.read_text())
        words = Path(f"/proc/{pid}/cmdline").read_bytes()
    except (OSError, ValueError):
        return 0
    return pid if name.encode() in words else 0


def stop(pid_file: Path, name: str) -> None:
    """End the process of a file, politely first; done when it is gone."""
    patience = {signal.SIGTERM: _PATIENCE, signal.SIGKILL: _PATIENCE}
    for way, seconds in patience.items():
        deadline = time.monotonic() + seconds
        if pid := alive(pid_file, name):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, way)
        while alive(pid_file, name) and time.monotonic() < deadline:
            time.sleep(0.1)
    pid_file.unlink(missing_ok=True)
