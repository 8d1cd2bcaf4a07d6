"""What is on the droplet now, as far as the stack knows: the manifests of its last deployment.

Only for the preview's words. Whatever cannot be read is not there, and nobody is held up.
"""

from __future__ import annotations

import functools
import json
import subprocess

import pulumi

from manifest import file_text

SECONDS = 30  # an export takes a quarter of a second from a local backend, a few seconds from a remote one


def known() -> bool:
    """Whether the last deployment can be read at all, be it an empty one; if not, nothing can be said of changes."""
    return _manifests() is not None


def last_file(step: str, path: str) -> str | None:
    """The text of the file ``path`` that ``step`` last brought to the droplet; None if it brought none."""
    manifest = (_manifests() or {}).get(step)
    return None if manifest is None else file_text(manifest, path)


@functools.cache
def _manifests() -> dict[str, str] | None:
    """The plain manifests of the stack's last deployment, by the step's name; secret ones stay encrypted and out."""
    stack = f"{pulumi.get_organization()}/{pulumi.get_project()}/{pulumi.get_stack()}"
    command = ("pulumi", "stack", "export", "--stack", stack, "--non-interactive")
    try:
        exported = subprocess.run(command, capture_output=True, check=True, timeout=SECONDS).stdout
        resources = (json.loads(exported)["deployment"] or {}).get("resources", [])
        inputs = {entry["urn"].rpartition("::")[2]: entry.get("inputs", {}).get("stdin") for entry in resources}
    except (OSError, subprocess.SubprocessError, ValueError, KeyError, TypeError, AttributeError) as error:
        pulumi.log.debug(f"what is on the droplet cannot be compared: {error}")
        return None
    return {name: stdin for name, stdin in inputs.items() if isinstance(stdin, str)}
