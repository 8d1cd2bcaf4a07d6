"""What the groups of settings have in common: keys with hyphens, nothing unknown, nothing changed afterwards."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict

if TYPE_CHECKING:
    from collections.abc import Sequence


class Group(BaseModel):
    """Settings that belong together; every field is a key of Pulumi.yaml with hyphens for underscores.

    A field's first example stands in the message that refuses a bad value.
    """

    model_config = ConfigDict(
        extra="forbid", frozen=True, alias_generator=lambda name: name.replace("_", "-"), arbitrary_types_allowed=True
    )


def few(names: Sequence[str], shown: int = 5) -> str:
    """The first of the ``names``, and how many more there are."""
    more = len(names) - shown
    return ", ".join(names[:shown]) + (f" and {more} more" if more > 0 else "")
