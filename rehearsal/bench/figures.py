"""Figures, and the two ways to show them: a table and JSON."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_LARGE = 10  # from here on, one decimal says enough
_HEADINGS = ("", "ours", "stock", "ours/stock")


@dataclass(frozen=True)
class Figure:
    """One measured thing, in the unit of its section; None where there is nothing to measure."""

    name: str
    ours: float | None
    stock: float | None = None

    @property
    def ratio(self) -> float | None:
        """Ours / stock: below 1, ours is better."""
        return self.ours / self.stock if self.ours is not None and self.stock else None


@dataclass(frozen=True)
class Section:
    """Figures of one kind: what ``title`` says, in ``unit`` (s or MiB)."""

    title: str
    unit: str
    figures: Sequence[Figure]

    def as_json(self) -> dict[str, Any]:
        """Return the section as plain data, every figure with its ratio."""
        figures = [
            {"name": each.name, "ours": each.ours, "stock": each.stock, "ratio": each.ratio} for each in self.figures
        ]
        return {"title": self.title, "unit": self.unit, "figures": figures}


def table(sections: Iterable[Section]) -> str:
    """Return the sections as a text with columns; a dash is where there is nothing to measure."""
    rows = [_HEADINGS]
    for section in sections:
        rows += [("", "", "", ""), (f"{section.title} ({section.unit})", "", "", "")]
        for each in section.figures:
            rows.append((f"  {each.name}", _number(each.ours), _number(each.stock), _number(each.ratio)))
    width = max(len(row[0]) for row in rows)
    return "\n".join(
        f"{name:{width}}  {ours:>8}  {stock:>8}  {ratio:>10}".rstrip() for name, ours, stock, ratio in rows
    )


def _number(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:.1f}" if value >= _LARGE else f"{value:.2f}"
