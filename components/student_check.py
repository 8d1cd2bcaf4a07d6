"""The proof: a student's first cell, run on the droplet at the end of every `up` that changed something."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import pulumi

from components.host import Step, StepArgs
from manifest import Manifest
from rendering import CheckConfig, copied, script

KNOWN_IMPORTS = {
    "numpy": "numpy",
    "pint": "pint",
    "pyserial": "serial",
}  # a package's name does not tell what it is imported as


@dataclass(frozen=True, kw_only=True)
class StudentCheckArgs(StepArgs):
    """The step's host and settings, and the steps it has to prove; the roster is not one of them."""

    proves: tuple[Step, ...]


class StudentCheck(Step):
    """Signs in as a student, runs `import this`, and says in words what does not work."""

    def __init__(self, name: str, args: StudentCheckArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        manifest = pulumi.Output.all(*(step.digest for step in args.proves)).apply(
            lambda digests: _manifest(args, digests)
        )
        super().__init__(name, args.host, manifest, opts)


def _manifest(args: StudentCheckArgs, digests: list[str]) -> Manifest:
    settings = args.settings
    environment = settings.environment
    there = {*environment.imported(), *([] if environment.channels else ["numpy"])}  # which Anaconda has
    imports = ("IPython", *(module for name, module in KNOWN_IMPORTS.items() if name in there))
    after = hashlib.sha256("".join(digests).encode()).hexdigest()
    return Manifest(
        step="student_check",
        files=[
            CheckConfig(url=f"https://{settings.domain}", address="127.0.0.1", imports=imports).file(),
            *copied("usr/local/bin/course"),
        ],
        script=f"# what it proves: {after}\n{script('student_check.sh')}",
        limit=600,
    )
