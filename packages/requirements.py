"""pip's requirements files: one package a line, with versions, conditions and hashes, and other files they include."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from packaging.requirements import InvalidRequirement, Requirement

from packages.text import Unreadable, read_text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

EXAMPLE = "for example pint==0.25.3"
COMMENT = re.compile(r"(^|\s+)#.*$")  # pip's own rule: a # in the middle of a word begins none
INCLUDE = re.compile(r"(?:-r|--requirement)(?:\s*=\s*|\s*)(?P<path>\S.*)")
HASH = re.compile(r"--hash(?:=|\s+)((?:sha256:[0-9a-f]{64})|(?:sha384:[0-9a-f]{96})|(?:sha512:[0-9a-f]{128}))")
OPTION = re.compile(r"\s+(?=--[a-z])")
PATH = re.compile(r"[./~\\]|[A-Za-z]:\\|.*\.(whl|zip|tar\.gz|tgz|tar\.bz2)$")
CONDAS = re.compile(r"([\w.-]+)=([\w.*]+)(=\w+)?")
SOURCES = ("-i", "--index-url", "--extra-index-url", "-f", "--find-links", "--no-index", "--trusted-host", "--pypi-url")
IMPLIED = ("--require-hashes",)  # what pip does anyway once a line has a hash


@dataclass(frozen=True)
class Line:
    """A requirement as pip takes it, hashes and all, and where it stands (``requirements.txt line 3``)."""

    requirement: str
    where: str


@dataclass
class Requirements:
    """A requirements file and what it includes; ``problems`` is everything wrong with them."""

    lines: list[Line] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def read(self, path: Path, including: tuple[Path, ...] = ()) -> None:
        """Add the file at ``path``; ``including`` are the files that lead to it."""
        try:
            text = read_text(path)
        except Unreadable as problem:
            self.problems.append(str(problem))
            return
        for number, line in logical_lines(text):
            self.add(line, f"{path.name} line {number}", (*including, path))

    def add(self, line: str, where: str, files: tuple[Path, ...]) -> None:
        """Add a line that stands ``where``, or say what is wrong with it; ``files`` lead to it, its own the last."""
        if include := INCLUDE.fullmatch(line):
            self._include(files[-1].parent / include["path"], f"{where}: {line!r}", files)
            return
        try:
            if requirement := parsed(line):
                self.lines.append(Line(requirement, where))
        except ValueError as problem:
            self.problems.append(f"{where}: {line!r} {problem}")

    def _include(self, path: Path, what: str, files: tuple[Path, ...]) -> None:
        if re.search(r":/", str(path)):  # an address, whose slashes Path has made one
            self.problems.append(f"{what} is an address; download the file and include that")
        elif path.resolve() in {file.resolve() for file in files}:
            self.problems.append(f"{what} leads back to a file that includes this one")
        else:
            self.read(path, files)


def logical_lines(text: str) -> Iterator[tuple[int, str]]:
    """Lines without comments, those that end in a backslash with the next; each with the number it begins on."""
    begun, first = "", 0
    for number, line in enumerate(text.splitlines(), start=1):
        first = first or number
        is_comment = line.lstrip().startswith("#")
        if line.endswith("\\") and not is_comment:
            begun += line.removesuffix("\\")
            continue
        if whole := COMMENT.sub("", f"{begun} {line}" if is_comment else begun + line).strip():
            yield first, whole
        begun, first = "", 0
    if whole := COMMENT.sub("", begun).strip():
        yield first, whole


def parsed(line: str) -> str:
    """A requirement in pip's plain spelling, or an empty text for what says nothing; raise ``ValueError`` otherwise."""
    if line.startswith("-"):
        return _option(line)
    requirement, *options = OPTION.split(line)
    hashes = [match[1] for option in options if (match := HASH.fullmatch(option.strip()))]
    if len(hashes) != len(options):
        raise ValueError("has an option that is not passed on to pip; only --hash=sha256:... is")
    if "$" in requirement:
        raise ValueError(f"is filled in from a variable, which the droplet has not; {EXAMPLE}")
    if PATH.match(requirement):  # pip takes even a plain name for a file's if it ends as archives do
        raise ValueError(_refusal(requirement))
    try:
        found = Requirement(requirement)
    except InvalidRequirement as error:
        raise ValueError(_refusal(requirement)) from error
    if found.url:
        raise ValueError(_refusal(found.url))
    if hashes and [clause.operator for clause in found.specifier] != ["=="]:
        raise ValueError(f"has a hash but no exact version, which pip asks for; {EXAMPLE} --hash=sha256:...")
    return " ".join([str(found), *(f"--hash={sum_}" for sum_ in hashes)])


def _option(line: str) -> str:
    option = re.split(r"[\s=]", line, maxsplit=1)[0]
    if option in IMPLIED:
        return ""
    if option in ("-e", "--editable"):
        raise ValueError(f"is a folder to be worked on, and on your own machine; name a release on PyPI, {EXAMPLE}")
    if option in SOURCES:
        raise ValueError(
            "names another place to install from, and whoever answers there could put anything into every student's "
            "Python; packages come from PyPI alone, take the line out"
        )
    if option in ("-c", "--constraint"):
        raise ValueError(f"is a file of constraints, which is not read; give the version with the package, {EXAMPLE}")
    raise ValueError("is an option of pip that is not passed on; take the line out")


def _refusal(text: str) -> str:
    if "://" in text:
        return f"is an address, and what lies there can change or vanish; name a release on PyPI, {EXAMPLE}"
    if PATH.match(text):
        return f"is a file or folder of your own machine, which the droplet does not see; name a release, {EXAMPLE}"
    if match := CONDAS.fullmatch(text):
        return f"has conda's single =; pip's is {match[1]}=={match[2]}, and conda's files are named environment.yml"
    return f"is not a package as pip knows them; {EXAMPLE}"
