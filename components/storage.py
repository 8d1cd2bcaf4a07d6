"""The volume in its place: everything that must outlive the machine."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi

from components.host import Step, StepArgs
from manifest import Manifest
from rendering import StorageScript, VolumeScript, copied


@dataclass(frozen=True, kw_only=True)
class StorageArgs(StepArgs):
    """The step's host and settings, and the volume's own name: it stays when the droplet is given another."""

    volume: pulumi.Input[str]


class Storage(Step):
    """Mounts the volume, grows its file system, and binds homes, hub state and certificates to their places."""

    def __init__(self, name: str, args: StorageArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        manifest = pulumi.Output.from_input(args.volume).apply(lambda volume: _manifest(args, volume))
        super().__init__(name, args.host, manifest, opts)


def _manifest(args: StorageArgs, volume: str) -> Manifest:
    settings = args.settings
    files = [VolumeScript(volume=volume).file(mode="0755"), *copied("etc/systemd/system/course-volume.service")]
    script = StorageScript(admin_user=settings.admin_user, size_gib=settings.volume_size).render()
    return Manifest(step="storage", files=files, script=script)
