"""The course's own notebooks, as every student's home gets them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from components.host import Step, StepArgs
from manifest import Manifest
from rendering import ROOT, placed, script

if TYPE_CHECKING:
    import pulumi


class Content(Step):
    """What students are given. Nothing restarts for it: a home gets what is new when its server starts next."""

    def __init__(self, name: str, args: StepArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        files = [
            *placed(args.settings.course_folder, "/opt/course/content"),
            *placed(ROOT / "coursehub", "/opt/course/lib/coursehub", "content.py"),
        ]
        super().__init__(name, args.host, Manifest(step="content", files=files, script=script("content.sh")), opts)
