"""Anaconda, and the course's packages in an environment on top of it."""

from __future__ import annotations

import pulumi

import deployed
import packages
from components.host import Step, StepArgs
from manifest import Manifest
from rendering import ROOT, AnacondaScript, CourseRequirements, copied, placed

STEP = "anaconda"
LIMIT = 2400  # seconds: a 1.1 GB download and the unpacking of some 5 GB


class Anaconda(Step):
    """The students' kernel: Anaconda as it was installed, the course's packages beside it."""

    def __init__(self, name: str, args: StepArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        settings = args.settings
        requirements = CourseRequirements(packages=settings.packages)
        if pulumi.runtime.is_dry_run() and deployed.known():
            before = deployed.last_file(STEP, requirements.path)
            for sentence in packages.words(None if before is None else packages.listed(before), settings.packages):
                pulumi.log.info(sentence)
        files = [
            requirements.file(),
            *copied("opt/course/share/jupyter/kernels/python3/kernel.json"),
            *copied("opt/course/bin"),
            *placed(ROOT / "coursehub", "/opt/course/lib/coursehub", "__init__.py"),
            *placed(ROOT / "coursehub", "/opt/course/lib/coursehub", "packages.py"),
            *placed(ROOT / "coursehub", "/opt/course/lib/coursehub", "notebooks.py"),
        ]
        script = AnacondaScript(
            installer_url=settings.anaconda_url,
            installer_sha256=settings.anaconda_sha256,
            release=settings.anaconda_release,
        ).render()
        super().__init__(name, args.host, Manifest(step=STEP, files=files, script=script, limit=LIMIT), opts)
