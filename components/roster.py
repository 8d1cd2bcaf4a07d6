"""The roster on the droplet: the only door."""

from __future__ import annotations

import pulumi

import deployed
import roster
from components.host import Step, StepArgs
from manifest import File, Manifest

STEP = "roster"
PATH = "/etc/jupyterhub/roster.json"
SCRIPT = """\
say "the roster has {count} people; the hub reads it at the next sign-in"
"""
# Not by the `course` program, which a later step brings. It says how many and where they are, never a password.
ONE_TIME_PASSWORDS = """\
PYTHONPATH=/opt/course/lib /opt/jupyterhub/current/bin/python -m coursehub.command passwords >&3
"""
LIMIT = 180  # seconds: a password takes 0.2 s to be kept or compared, and there may be a hundred


class Roster(Step):
    """Who may sign in. The hub reads the file again by itself, so nothing restarts; a preview says what changes."""

    def __init__(self, name: str, args: StepArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        people = args.settings.people
        if pulumi.runtime.is_dry_run():
            for sentence in _sentences(people):
                pulumi.log.info(sentence)
        file = File(path=PATH, text=roster.document(people), mode="0640", owner="root:jupyterhub")
        script = SCRIPT.format(count=len(people))
        if args.settings.sign_in == "password":
            script += ONE_TIME_PASSWORDS
        manifest = Manifest(step=STEP, files=[file], script=script, limit=LIMIT)
        super().__init__(name, args.host, manifest, opts)


def _sentences(people: tuple[roster.Person, ...]) -> list[str]:
    """What changes; nothing where it cannot be told, since a preview must not fail of that."""
    if not deployed.known():
        return []
    text = deployed.last_file(STEP, PATH)
    try:
        before = None if text is None else roster.from_document(text)
    except ValueError as error:
        pulumi.log.debug(f"the roster on the droplet cannot be compared: {error}")
        return []
    return roster.words(before, people)
