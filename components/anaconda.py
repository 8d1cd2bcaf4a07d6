"""Anaconda, and the course's packages in an environment on top of it or beside it."""

from __future__ import annotations

import pulumi

import deployed
import packages
from components.host import Step, StepArgs
from manifest import Manifest
from rendering import AnacondaScript, CondaArguments, CourseRequirements, copied, library

STEP = "anaconda"
SENT = ("__init__.py", "packages.py", "notebooks.py")  # of the package coursehub
LIMIT = 3600  # seconds: a 1.1 GB download and the unpacking of some 5 GB; then what conda downloads and solves


class Anaconda(Step):
    """The students' kernel: Anaconda as it was installed, and an environment with the course's packages."""

    def __init__(self, name: str, args: StepArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        settings = args.settings
        environment = settings.environment
        requirements = CourseRequirements(packages=environment.pip)
        conda = CondaArguments(arguments=environment.arguments)
        if pulumi.runtime.is_dry_run() and deployed.known():
            for sentence in packages.words(_in_use(requirements.path, conda.path), environment):
                pulumi.log.info(sentence)
        files = [
            requirements.file(),
            *([conda.file()] if environment.channels else []),
            *copied("opt/course/share/jupyter/kernels/python3/kernel.json"),
            *copied("opt/course/bin"),
            *library(*SENT),
        ]
        script = AnacondaScript(
            installer_url=settings.anaconda_url,
            installer_sha256=settings.anaconda_sha256,
            release=settings.anaconda_release,
        ).render()
        super().__init__(name, args.host, Manifest(step=STEP, files=files, script=script, limit=LIMIT), opts)


def _in_use(requirements: str, arguments: str) -> packages.Environment | None:
    """What the last deployment brought in files of these paths; None if nothing yet."""
    before = deployed.last_file(STEP, requirements)
    return None if before is None else packages.Environment.deployed(before, deployed.last_file(STEP, arguments))
