"""Anaconda, and the course's packages in an environment on top of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from components.host import Step, StepArgs
from manifest import Manifest
from rendering import ROOT, AnacondaScript, CourseRequirements, copied, placed

if TYPE_CHECKING:
    import pulumi

LIMIT = 2400  # seconds: a 1.1 GB download and the unpacking of some 5 GB


class Anaconda(Step):
    """The students' kernel: Anaconda as it was installed, the course's packages beside it."""

    def __init__(self, name: str, args: StepArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        settings = args.settings
        files = [
            CourseRequirements(packages=settings.packages).file(),
            *copied("opt/course/share/jupyter/kernels/python3/kernel.json"),
            *placed(ROOT / "coursehub", "/opt/course/lib/coursehub", "__init__.py"),
            *placed(ROOT / "coursehub", "/opt/course/lib/coursehub", "packages.py"),
        ]
        script = AnacondaScript(
            installer_url=settings.anaconda_url,
            installer_sha256=settings.anaconda_sha256,
            release=settings.anaconda_release,
        ).render()
        super().__init__(name, args.host, Manifest(step="anaconda", files=files, script=script, limit=LIMIT), opts)
