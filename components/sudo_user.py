"""The instructor's account with sudo, and sshd for nobody else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from components.host import Step, StepArgs
from manifest import File, Manifest
from rendering import SshdConfig, SudoUserScript, copied

if TYPE_CHECKING:
    import pulumi


class SudoUser(Step):
    """Keys, sudo, sshd, nightly security updates, and the metadata service for root alone."""

    def __init__(self, name: str, args: StepArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        settings = args.settings
        user = settings.admin_user
        authorized = [settings.ssh_key.public, *settings.admin_ssh_keys]
        files = [
            File(path=f"/etc/ssh/authorized_keys.d/{user}", text="".join(f"{line}\n" for line in authorized)),
            File(path="/etc/sudoers.d/course-admin", text=f"{user} ALL=(ALL) NOPASSWD: ALL\n", mode="0440"),
            SshdConfig(admin_user=user).file(),
            *copied("etc/apt/apt.conf.d/52course"),
            *copied("etc/course/metadata.nft"),
            *copied("etc/needrestart"),
            *copied("etc/systemd/system/course-metadata.service"),
        ]
        script = SudoUserScript(admin_user=user).render()
        super().__init__(name, args.host, Manifest(step="sudo_user", files=files, script=script, limit=900), opts)
