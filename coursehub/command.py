"""The ``course`` command on the droplet: ``course check`` does what a student does, and says how it went."""

import argparse
import asyncio
import json
import sys
import textwrap
from pathlib import Path

from coursehub.student_check import Report, check_with_probes

_SETTINGS = Path("/etc/course/check.json")
_TOKEN = Path("/etc/jupyterhub/secrets/check-token")
_WIDTH = 120  # of a line; `pulumi up` shows short ones only


def _check(*, as_json: bool) -> int:
    """Run the student check; return the exit code."""
    try:
        settings = json.loads(_SETTINGS.read_text(encoding="utf-8"))
        token = _TOKEN.read_text(encoding="utf-8").strip()
    except PermissionError:
        sys.exit("course check needs root, for the token it signs in with. Try: sudo course check")
    except FileNotFoundError as error:
        sys.exit(f"{error.filename} is not there: this server is not set up to the end. Try: pulumi up")
    report = Report(say=(lambda _: None) if as_json else lambda line: print(line, flush=True))
    asyncio.run(
        check_with_probes(
            settings["url"], token, report, address=settings["address"], imports=tuple(settings["imports"])
        )
    )
    if as_json:
        print(json.dumps(report.as_json(), indent=2))
    elif report.failure:
        print(textwrap.fill(str(report.failure), _WIDTH), file=sys.stderr)
    else:
        print(f"student check: passed; first cell after {report.first_cell_seconds} s", flush=True)
    return 1 if report.failure else 0


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return the exit code."""
    parser = argparse.ArgumentParser(prog="course", description="Look after the course server.")
    commands = parser.add_subparsers(dest="command", required=True)
    check = commands.add_parser("check", help="do what a student does, and say how it went")
    check.add_argument("--json", action="store_true", help="print the result as JSON")
    return _check(as_json=parser.parse_args(arguments).json)


if __name__ == "__main__":
    sys.exit(main())
