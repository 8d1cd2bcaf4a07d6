"""What a droplet's first boot is told: cloud-init's NoCloud seed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from rehearsal.cloud.machines import DropletSpec


def write(folder: Path, spec: DropletSpec) -> None:
    """Write the seed's two files; a new droplet id is a new instance to cloud-init, so its first boot runs once."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    (folder / "user-data").write_text(spec.user_data)
    (folder / "meta-data").write_text(meta_data(spec))


def meta_data(spec: DropletSpec) -> str:
    """Return the instance's id, host name and the account's keys, which go to root as on DigitalOcean; JSON is YAML."""
    facts = {"instance-id": str(spec.id), "local-hostname": spec.name, "public-keys": list(spec.public_keys)}
    return json.dumps(facts, indent=2) + "\n"
