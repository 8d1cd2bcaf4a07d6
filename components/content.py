"""The course's own notebooks, as every student's home gets them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi

import course_folder
import course_repository
import deployed
import patterns
from components.host import Step, StepArgs
from manifest import Data, File, Manifest
from rendering import ContentSource, library, script

if TYPE_CHECKING:
    from settings import Settings

STEP = "content"
SENT = ("content.py", "edition.py", "shared.py")  # of the package coursehub


class ContentSecrets(Step):
    """The repository's deploy key, for root alone; without one, the step has no file, and takes an earlier one away."""

    def __init__(self, name: str, args: StepArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        key = args.settings.deploy_key
        files = [File(path="/etc/course/secrets/deploy-key", text=key.private, mode="0600")] if key else []
        # secret even without one: a preview would show the key that goes as a line taken out
        manifest = Manifest(step="content_secrets", files=files, script="chmod -f 0700 /etc/course/secrets || true\n")
        super().__init__(name, args.host, pulumi.Output.secret(manifest), opts)


class Content(Step):
    """What students are given. Nothing restarts for it: a home gets what is new when its server starts next."""

    def __init__(self, name: str, args: StepArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        settings = args.settings
        commit = settings.course_commit
        source = ContentSource(
            repository=settings.course_repository,
            branch=commit.branch if commit else "",
            subfolder=settings.course_subfolder,
            commit=commit.sha if commit else "",
        )
        if pulumi.runtime.is_dry_run():
            _tell(source, commit)
        hosts = "".join(f"{line}\n" for line in commit.known_hosts) if commit else ""
        files = [
            source.file(),
            *([File(path="/etc/course/content-known-hosts", text=hosts)] if hosts else []),
            *([] if commit else _folder(settings)),
            *library(*SENT),
        ]
        super().__init__(name, args.host, Manifest(step=STEP, files=files, script=script("content.sh")), opts)


def _folder(settings: Settings) -> list[File | Data]:
    return [
        File(path=f"/opt/course/folder/{name}", text=content.decode())
        if patterns.is_text(content)
        else Data(path=f"/opt/course/folder/{name}", content=content)
        for name, content in course_folder.read(settings.course_folder).items()
    ]


def _tell(source: ContentSource, commit: course_repository.Commit | None) -> None:
    """Say in the preview what changes, and what of the commit students do not get."""
    before = deployed.last_file(STEP, source.path) if deployed.known() else None
    now = course_repository.told(source.render())
    for sentence in course_repository.words(course_repository.told(before) if before else None, now):
        pulumi.log.info(sentence)
    for note in commit.notes if commit else ():
        pulumi.log.warn(note)
