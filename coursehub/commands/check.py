"""``course check``: do what a student does, and say how it went."""

from __future__ import annotations

import asyncio
import json
import sys
import textwrap
import time
from pathlib import Path
from typing import TYPE_CHECKING

from coursehub.applier import write_atomically
from coursehub.commands import Problem
from coursehub.student_check import Report, check_with_probes

if TYPE_CHECKING:
    import argparse

SUMMARY = "do what a student does, and say how it went"
LAST = Path("/var/lib/course/last-check.json")  # for `course status` and the hub's page; anybody may read it

_SETTINGS = Path("/etc/course/check.json")
_TOKEN = Path("/etc/jupyterhub/secrets/check-token")
_WIDTH = 120  # of a line; `pulumi up` shows short ones only


def add_arguments(_parser: argparse.ArgumentParser) -> None:
    """Nothing more to say."""


def run(options: argparse.Namespace) -> int:
    """Run the student check, keep how it went, and fail if it did."""
    try:
        settings = json.loads(_SETTINGS.read_text(encoding="utf-8"))
        token = _TOKEN.read_text(encoding="utf-8").strip()
    except FileNotFoundError as error:
        raise Problem(f"{error.filename} is not there: this server is not set up to the end. Try: pulumi up") from error
    report = Report(say=(lambda _: None) if options.json else lambda line: print(line, flush=True))
    asyncio.run(
        check_with_probes(
            settings["url"], token, report, address=settings["address"], imports=tuple(settings["imports"])
        )
    )
    keep(report, LAST, time.time())
    if options.json:
        print(json.dumps(report.as_json(), indent=2))
    elif report.failure:
        print(textwrap.fill(str(report.failure), _WIDTH), file=sys.stderr)
    else:
        print(f"student check: passed; first cell after {report.first_cell_seconds} s", flush=True)
    return 1 if report.failure else 0


def keep(report: Report, path: Path, now: float) -> None:
    """Write the report to ``path`` with the time it was made, in seconds since 1970."""
    write_atomically(path, json.dumps({"at": round(now), **report.as_json()}, indent=1).encode() + b"\n", 0o644)
