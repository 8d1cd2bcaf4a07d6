"""The ``course`` command on the droplet; what it can do is in ``coursehub.commands``, a file each."""

from __future__ import annotations

import argparse
import importlib
import sys

from coursehub.commands import Problem

COMMANDS = ("status", "check", "roster", "passwords", "packages", "logs")


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return the exit code."""
    parser = argparse.ArgumentParser(prog="course", description="Look after the course server.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name in COMMANDS:
        module = importlib.import_module(f"coursehub.commands.{name}")
        command = commands.add_parser(name, help=module.SUMMARY, description=module.SUMMARY)
        command.add_argument("--json", action="store_true", help="print the result as JSON")
        module.add_arguments(command)
        command.set_defaults(run=module.run)
    options = parser.parse_args(arguments)
    try:
        code: int = options.run(options)
    except Problem as problem:
        print(f"course {options.command}: {problem}", file=sys.stderr)
        return 1
    except PermissionError as error:
        print(
            f"course {options.command} needs root to read {error.filename}. Try: sudo course {options.command}",
            file=sys.stderr,
        )
        return 1
    return code


if __name__ == "__main__":
    sys.exit(main())
