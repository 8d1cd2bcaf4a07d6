"""The roster on the droplet: the only door."""

from __future__ import annotations

from typing import TYPE_CHECKING

import roster
from components.host import Step, StepArgs
from manifest import File, Manifest

if TYPE_CHECKING:
    import pulumi

SCRIPT = """\
say "the roster has {count} people; the hub reads it at the next sign-in"
"""


class Roster(Step):
    """Who may sign in. The hub reads the file again by itself, so nothing restarts."""

    def __init__(self, name: str, args: StepArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        people = args.settings.people
        file = File(
            path="/etc/jupyterhub/roster.json", text=roster.document(people), mode="0640", owner="root:jupyterhub"
        )
        manifest = Manifest(step="roster", files=[file], script=SCRIPT.format(count=len(people)), limit=60)
        super().__init__(name, args.host, manifest, opts)
