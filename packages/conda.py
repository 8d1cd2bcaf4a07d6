"""conda's environment files: channels, dependencies, and among these what pip is to add."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import yaml
from packaging.specifiers import InvalidSpecifier, SpecifierSet

from packages.environment import OLDEST_PYTHON, spec_name
from packages.requirements import Requirements
from packages.text import Unreadable, read_text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

EXAMPLE = "for example numpy=2.1 or numpy>=2,<3"
GOOD = "channels:\n  - conda-forge\ndependencies:\n  - python=3.12\n  - numpy=2.1\n  - pip:\n      - pint==0.25.3"
IGNORED = ("name", "prefix")  # what it is called, and where it lies, on the teacher's machine
NO_DEFAULTS = "nodefaults"  # nobody's channels are taken but the file's, in any case
CHANNEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(/label/[A-Za-z0-9._-]+)?")
_VERSION = r"[0-9*][\w.*+!]*"
_CLAUSE = rf"(?:[=!<>~]=|[=<>])?\s*{_VERSION}"
SPEC = re.compile(
    r"(?:(?P<channel>[\w./-]+)::)?(?P<name>(?=[\w.-]*[A-Za-z])\w[\w.-]*)"
    rf"(?:(?:\s*(?=[=!<>~])|\s+)(?P<versions>{_CLAUSE}(?:\s*[,|]\s*{_CLAUSE})*)(?:(?:\s*=\s*|\s+)(?P<build>[\w.*]+))?)?",
    re.ASCII,
)
CLAUSE = re.compile(rf"(?P<operator>[=!<>~]?=|[<>]|)\s*(?P<version>{_VERSION})")


@dataclass(frozen=True)
class Spec:
    """A package as conda takes it, and where it stands (``environment.yml line 5``)."""

    text: str
    where: str


@dataclass
class EnvironmentFile:
    """An environment file as it is read; ``problems`` is everything wrong with it."""

    path: Path
    channels: list[str] = field(default_factory=list)
    specs: list[Spec] = field(default_factory=list)
    requirements: Requirements = field(default_factory=Requirements)
    problems: list[str] = field(default_factory=list)

    @classmethod
    def read(cls, path: Path) -> EnvironmentFile:
        """The file at ``path``."""
        file = cls(path)
        try:
            root = yaml.compose(read_text(path), Loader=yaml.SafeLoader)
        except Unreadable as problem:
            file.problems.append(str(problem))
        except yaml.MarkedYAMLError as error:
            line = error.problem_mark.line + 1 if error.problem_mark else 1
            file.problems.append(f"{path.name} line {line}: is not YAML ({error.problem}); a good one is\n{GOOD}")
        except yaml.YAMLError as error:
            file.problems.append(f"{path.name}: is not YAML ({error}); a good one is\n{GOOD}")
        else:
            file._read(root)
        file.problems += file.requirements.problems
        return file

    def _read(self, root: yaml.Node | None) -> None:
        if not isinstance(root, yaml.MappingNode):
            self.problems.append(f"{self.path.name} has no channels and dependencies; a good one is\n{GOOD}")
            return
        parts: dict[str, yaml.Node] = {}
        for key, value in root.value:
            name = key.value if isinstance(key, yaml.ScalarNode) else ""
            if name in parts:
                self._refuse(key, f"{name} stands there twice; keep one")
            elif name not in ("channels", "dependencies", *IGNORED):
                self._refuse(key, _unknown(name))
            parts[name] = value
        for node in self._items(parts.get("channels"), "channels", "- conda-forge"):
            self._channel(node)
        for node in self._items(parts.get("dependencies"), "dependencies", "- numpy=2.1"):
            self._dependency(node)
        if not self.channels and not self.problems:
            self.problems.append(
                f"{self.path.name} names no channel; say where conda takes the packages from, whose terms differ:\n"
                "channels:\n  - conda-forge"
            )

    def _items(self, node: yaml.Node | None, key: str, example: str) -> Iterator[yaml.Node]:
        if isinstance(node, yaml.SequenceNode):
            yield from node.value
        elif node is not None:
            self._refuse(node, f"{key} is no list; its lines begin with a hyphen, for example {example}")

    def _channel(self, node: yaml.Node) -> None:
        name = node.value if isinstance(node, yaml.ScalarNode) else ""
        if not CHANNEL.fullmatch(name):
            self._refuse(
                node,
                f"channel {name!r} is not a channel's plain name; addresses are not taken, because whoever answers "
                "there could put anything into every student's Python; for example conda-forge",
            )
        elif name != NO_DEFAULTS:
            self.channels.append(name)

    def _dependency(self, node: yaml.Node) -> None:
        if isinstance(node, yaml.ScalarNode):
            self._spec(node)
        elif isinstance(node, yaml.MappingNode) and [key.value for key, _ in node.value] == ["pip"]:
            for item in self._items(node.value[0][1], "pip", "- pint==0.25.3"):
                text = " ".join(item.value.split()) if isinstance(item, yaml.ScalarNode) else ""
                self.requirements.add(text, self._where(item), (self.path,))
        else:
            self._refuse(node, "only packages, and a list of more for pip:, can stand here")

    def _spec(self, node: yaml.ScalarNode) -> None:
        text = " ".join(node.value.split())
        match = SPEC.fullmatch(text)
        if not match:
            self._refuse(node, f"{text!r} {_refusal(text)}")
            return
        if match["channel"] and match["channel"] not in self.channels:
            self._refuse(node, f"{text!r} is from a channel that does not stand under channels: {match['channel']}")
        if spec_name(text) == "python" and not _new_enough(match["versions"] or ""):
            oldest = ".".join(map(str, OLDEST_PYTHON))
            self._refuse(node, f"{text!r} is too old for today's kernel (ipykernel); take {oldest} or newer")
        self.specs.append(Spec(text, self._where(node)))

    def _where(self, node: yaml.Node) -> str:
        return f"{self.path.name} line {node.start_mark.line + 1}"

    def _refuse(self, node: yaml.Node, why: str) -> None:
        self.problems.append(f"{self._where(node)}: {why}")


def _unknown(key: str) -> str:
    if key == "variables":
        return "variables are not set for students' kernels; set them in the notebooks, and take this part out"
    return f"{key!r} is not known here; channels and dependencies are"


def _refusal(text: str) -> str:
    if "://" in text or text.endswith((".conda", ".tar.bz2")):
        return f"is an address or a file; name a package of the channels, {EXAMPLE}"
    if "[" in text:
        return f"has brackets, which are not read here; give name and version, {EXAMPLE}"
    return f"is not a package as conda knows them; {EXAMPLE}"


def _new_enough(versions: str) -> bool:
    """Whether some Python that a kernel can run on is among conda's ``versions``; conda itself judges what is odd."""
    major, oldest = OLDEST_PYTHON
    pythons = [f"{major}.{minor}.{patch}" for minor in range(oldest, oldest + 30) for patch in range(40)]
    try:
        return any(any(_as_pip(either).filter(pythons)) for either in versions.split("|"))
    except InvalidSpecifier:
        return True


def _as_pip(versions: str) -> SpecifierSet:
    """From conda's words to pip's: ``=3.12`` and ``3.12.*`` are ``==3.12.*``, and a comma is the same to both."""
    clauses = []
    for operator, version in CLAUSE.findall(versions):
        bare = version.removesuffix("*").removesuffix(".")
        if operator in ("<", ">", "<=", ">="):
            clauses.append(f"{operator}{bare}")
        elif operator == "=" or version.endswith("*"):
            clauses.append(f"{'!=' if operator == '!=' else '=='}{bare}.*" if bare else ">=0")
        else:
            clauses.append(f"{operator or '=='}{bare}")
    return SpecifierSet(",".join(clauses))
