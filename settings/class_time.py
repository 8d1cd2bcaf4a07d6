"""What a class is given while it works."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from settings.group import Group


class ClassTime(Group):
    """Seats, each one's share, and when a seat is cleared."""

    seats: Annotated[int, Field(ge=1, le=100)]
    memory_per_student: Annotated[int, Field(ge=512)]
    idle_minutes: Annotated[int, Field(ge=10)]
