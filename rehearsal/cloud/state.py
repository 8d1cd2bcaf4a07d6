"""What the account holds: plain JSON values, kept in one file that survives a restart of the cloud."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import uuid4

if TYPE_CHECKING:
    from pathlib import Path

Json = dict[str, Any]


def now() -> str:
    """Return the present moment as the API writes it, e.g. ``2026-09-01T08:00:00Z``."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _default_project() -> dict[str, Json]:
    """Return the project every account starts with."""
    project: Json = {
        "id": str(uuid4()),
        "name": "first-project",
        "description": "Update your project information under Settings",
        "purpose": "Just trying out DigitalOcean",
        "environment": "Development",
        "is_default": True,
        "created_at": now(),
        "updated_at": now(),
    }
    return {project["id"]: project}


@dataclass
class State:
    """The account's resources by their identifier (numbers as text, since JSON has no other keys).

    ``placements`` says which project a resource (by URN) was put in and when; what is not there is in the default
    project. Relations are kept on one side only: a volume and a reserved IP know their droplet, resources know their
    tags.
    """

    file: Path
    serial: int = 1000
    addressed: int = 0  # addresses given to droplets so far
    keys: dict[str, Json] = field(default_factory=dict)
    tags: dict[str, Json] = field(default_factory=dict)
    droplets: dict[str, Json] = field(default_factory=dict)
    volumes: dict[str, Json] = field(default_factory=dict)
    reserved_ips: dict[str, Json] = field(default_factory=dict)
    domains: dict[str, Json] = field(default_factory=dict)
    firewalls: dict[str, Json] = field(default_factory=dict)
    projects: dict[str, Json] = field(default_factory=_default_project)
    placements: dict[str, Json] = field(default_factory=dict)
    actions: dict[str, Json] = field(default_factory=dict)

    @classmethod
    def load(cls, file: Path) -> State:
        """Read the account from ``file``; a missing file is a new account."""
        if not file.exists():
            return cls(file)
        return cls(file, **json.loads(file.read_text()))

    def save(self) -> None:
        """Write the account, for its owner's eyes (user data); a reader sees all of it or the one before."""
        values = {f.name: getattr(self, f.name) for f in fields(self) if f.name != "file"}
        fresh = self.file.with_suffix(".new")
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as stream:
            json.dump(values, stream, indent=1)
        fresh.replace(self.file)

    def next_id(self) -> int:
        """Return a number no resource of any kind has had."""
        self.serial += 1
        return self.serial

    def pending(self, droplet_id: int) -> bool:
        """Tell whether something is being done to a droplet; that is what makes it locked."""
        return any(a["status"] == "in-progress" and a["droplet_id"] == droplet_id for a in self.actions.values())

    def busy(self, kind: str, name: str) -> bool:
        """Tell whether an action is in progress on a volume or a reserved IP (``kind`` is ``volume`` or ``ip``)."""
        return any(a["status"] == "in-progress" and a["details"].get(kind) == name for a in self.actions.values())

    def volumes_of(self, droplet_id: int) -> list[Json]:
        """Return the volumes attached to a droplet."""
        return [volume for volume in self.volumes.values() if volume["droplet_id"] == droplet_id]
