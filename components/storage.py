"""The volume in its place: everything that must outlive the machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from components.host import Step, StepArgs
from manifest import Manifest
from rendering import StorageScript, VolumeScript, copied

if TYPE_CHECKING:
    import pulumi


class Storage(Step):
    """Mounts the volume, grows its file system, and binds homes, hub state and certificates to their places."""

    def __init__(self, name: str, args: StepArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        settings = args.settings
        files = [
            VolumeScript(volume=settings.volume_name).file(mode="0755"),
            *copied("etc/systemd/system/course-volume.service"),
        ]
        script = StorageScript(admin_user=settings.admin_user, size_gib=settings.volume_size).render()
        super().__init__(name, args.host, Manifest(step="storage", files=files, script=script), opts)
