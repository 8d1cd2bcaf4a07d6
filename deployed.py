"""What is on the droplet now, as far as the stack knows: the manifests of its last deployment.

Only for the preview's words. Whatever cannot be read is not there, and nobody is held up.
"""

from __future__ import annotations

import functools
import json
import subprocess

import pulumi

from manifest import file_text

SECONDS = 30  # an export takes half a second from a local backend, a few from a remote one


def last_file(step: str, path: str) -> str | None:
    """The text of the file ``path`` that ``step`` last brought to the droplet; None if it brought none."""
    manifest = _manifests().get(step)
    return None if manifest is None else file_text(manifest, path)


@functools.cache
def _manifests() -> dict[str, str]:
    """The plain manifests of the stack's last deployment, by the step's name; secret ones stay encrypted and out."""
    command = ("pulumi", "stack", "export", "--stack", pulumi.get_stack(), "--non-interactive")
    try:
        exported = subprocess.run(command, capture_output=True, check=True, timeout=SECONDS).stdout
        resources = json.loads(exported)["deployment"].get("resources", [])
        inputs = {entry["urn"].rpartition("::")[2]: entry.get("inputs", {}).get("stdin") for entry in resources}
    except (OSError, subprocess.SubprocessError, ValueError, KeyError, TypeError, AttributeError) as error:
        pulumi.log.debug(f"what is on the droplet cannot be compared: {error}")
        return {}
    return {name: stdin for name, stdin in inputs.items() if isinstance(stdin, str)}
