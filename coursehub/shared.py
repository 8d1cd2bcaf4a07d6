"""The way from a student's home to the shared data: a link, looked after by the launcher, as that student.

A link, and no mount in the home: where a mount was to go, a student could have put a file, or filled the disk, and
their server would not start. The data are mounted read-only in one place for all (course-volume).

Standard library only: it runs on the system's Python.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

SHARED = Path("/srv/shared")
NAME = "shared"


def link(home: Path, say: Callable[[str], None]) -> None:
    """Have ``shared`` in ``home`` lead to the shared data; what is the student's own by that name stays.

    Whatever goes wrong is said, and never keeps a server from starting.
    """
    path = home / NAME
    try:
        if not os.path.lexists(path):
            path.symlink_to(SHARED)
        elif not (path.is_symlink() and path.readlink() == SHARED):
            say(f"{NAME} is the student's own, so the shared data are at {SHARED} only")
    except OSError as error:
        say(f"{NAME} could not be linked to the shared data: {error.strerror}")
