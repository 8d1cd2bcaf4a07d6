"""The rule for students' accounts, in one place: hub, launcher and account maker all refuse what breaks it.

The polkit rule (templates/etc/polkit-1/rules.d/50-jupyterhub.rules) states the same pattern; a test keeps them alike.
"""

from __future__ import annotations

import re

STUDENT = re.compile(r"jh-[a-z0-9][a-z0-9-]{0,27}")  # the prefix keeps root, www-data and the instructor out of reach
UIDS = range(
    20000, 30000
)  # clear of system accounts, people's accounts (1000 and up) and subordinate ids (100000 and up)
GROUP = "jupyterhub-students"
PROBES = ("jh-probe-1", "jh-probe-2")  # the student check's accounts: nobody signs in as them


def is_student(name: str) -> bool:
    """Whether ``name`` may be a student's account."""
    return STUDENT.fullmatch(name) is not None
