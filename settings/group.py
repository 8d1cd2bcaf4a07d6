"""What the groups of settings have in common: keys with hyphens, nothing unknown, nothing changed afterwards."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Group(BaseModel):
    """Settings that belong together; every field is a key of Pulumi.yaml with hyphens for underscores.

    A field's first example stands in the message that refuses a bad value.
    """

    model_config = ConfigDict(
        extra="forbid", frozen=True, alias_generator=lambda name: name.replace("_", "-"), arbitrary_types_allowed=True
    )
