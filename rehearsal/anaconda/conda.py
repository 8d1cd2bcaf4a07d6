"""Stands in for conda in the rehearsal: the command lines the program uses, with packages from PyPI by pip.

``conda create`` makes an environment with the interpreter there is. Of any other Python, and of packages and versions
that PyPI does not have, it says in conda's words that they cannot be had. Channels are taken as given.

lock.py puts this into the installer; it runs there on the standard library and ``packaging``, which is installed too.
"""

from __future__ import annotations

import argparse
import json
import platform
import re
import shutil
import subprocess
import sys
import venv
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement

# name, versions and build, such as `conda-forge::numpy=2.1=py312_0` or `numpy >=2,<3`
SPEC = re.compile(r"(?:[\w.-]+::)?([\w.-]+?) ?([=!<>~ ].*?)?(?:(?<=[\w*])[= ]\w+)?")
MISSING = re.compile(r"(?:No matching distribution found for|that satisfies the requirement) ([^\s(]+)")
LIST = "import json, importlib.metadata as m; print(json.dumps([[d.name, d.version] for d in m.distributions()]))"


class CondaError(Exception):
    """What conda prints before it ends with status 1."""


def requirement(spec: str) -> Requirement:
    """A conda spec as pip takes it: ``numpy=2.1`` is every 2.1; builds are conda's own."""
    match = SPEC.fullmatch(spec)
    name, versions = match.groups(default="") if match else (spec, "")
    versions = versions.replace(" ", "")
    if re.match(r"=[^=]", versions):
        versions = f"=={versions[1:].rstrip('*').rstrip('.')}.*"
    elif versions[:1].isdigit():
        versions = f"=={versions}"
    try:
        return Requirement(name + versions)
    except InvalidRequirement as error:
        raise CondaError(f"InvalidMatchSpec: Invalid spec '{spec}'") from error


def create(prefix: Path, specs: list[str]) -> None:
    """Make an environment at ``prefix`` that has ``specs``; leave nothing there if it cannot be made."""
    wanted = [requirement(spec) for spec in specs]
    if pythons := [
        str(each) for each in wanted if each.name == "python" and platform.python_version() not in each.specifier
    ]:
        raise _not_found(pythons)
    venv.create(prefix, symlinks=True, with_pip=True)
    try:
        _install(prefix, [str(each) for each in wanted if each.name != "python"])
    except CondaError:
        shutil.rmtree(prefix)
        raise
    _record(prefix)


def _install(prefix: Path, requirements: list[str]) -> None:
    pip = [str(prefix / "bin/python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-compile"]
    done = subprocess.run([*pip, *requirements], capture_output=True, text=True, check=False)
    if done.returncode and (missing := MISSING.findall(done.stderr)):
        raise _not_found(sorted(set(missing)))
    if done.returncode:
        raise CondaError(f"LibMambaUnsatisfiableError: Encountered problems while solving:\n{done.stderr}")


def _record(prefix: Path) -> None:
    """Keep name and version of each package where conda does."""
    listed = subprocess.run([prefix / "bin/python", "-c", LIST], capture_output=True, text=True, check=True)
    (prefix / "conda-meta").mkdir()
    for name, version in [("python", platform.python_version()), *json.loads(listed.stdout)]:
        record = {"name": name.lower(), "version": version, "build": "pypi_0"}
        (prefix / "conda-meta" / f"{'-'.join(record.values())}.json").write_text(json.dumps(record))


def _not_found(specs: list[str]) -> CondaError:
    return CondaError(
        "PackagesNotFoundError: The following packages are not available from current channels:\n\n"
        + "".join(f"  - {spec}\n" for spec in specs)
        + "\nCurrent channels:\n\n  - the rehearsal's, which is PyPI\n\n"
        "To search for alternate channels that may provide the conda package you're\n"
        "looking for, navigate to\n\n    https://anaconda.org\n\nand use the search bar at the top of the page.\n"
    )


def main(words: list[str] | None = None) -> int:
    """``conda create`` and ``conda clean``; ``words`` is the command line."""
    parser = argparse.ArgumentParser(prog="conda")
    commands = parser.add_subparsers(dest="command", required=True)
    creating, cleaning = commands.add_parser("create"), commands.add_parser("clean")
    creating.add_argument("-p", "--prefix", type=Path, required=True)
    creating.add_argument("-c", "--channel", action="append", required=True)
    creating.add_argument("--solver", choices=["libmamba", "classic"])
    creating.add_argument("--no-default-packages", action="store_true")
    creating.add_argument("--override-channels", action="store_true")
    creating.add_argument("packages", nargs="*")
    cleaning.add_argument("-a", "--all", action="store_true")
    for command in (creating, cleaning):
        command.add_argument("-y", "--yes", action="store_true", required=True)  # nobody is there to be asked
        command.add_argument("-q", "--quiet", action="store_true")
    arguments = parser.parse_args(words)
    if arguments.command == "create":
        try:
            create(arguments.prefix, arguments.packages)
        except CondaError as error:
            print(f"\n{error}\n", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
