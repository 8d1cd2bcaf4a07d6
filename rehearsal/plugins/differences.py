"""What differs between two sets of properties, by property path (``tags[0]``, ``connection.host``)."""

from typing import Any, Literal

Kind = Literal["add", "delete", "update"]


def differences(old: Any, new: Any, path: str = "") -> dict[str, Kind]:
    """Give, for each place where `new` is not as `old`, whether it was added, deleted or updated."""
    match old, new:
        case dict(), dict():
            found: dict[str, Kind] = {}
            for name in sorted(old.keys() | new.keys()):
                place = _member(path, name)
                if name not in new:
                    found[place] = "delete"
                elif name not in old:
                    found[place] = "add"
                else:
                    found |= differences(old[name], new[name], place)
            return found
        case list(), list():
            found = {}
            for index in range(max(len(old), len(new))):
                place = f"{path}[{index}]"
                if index >= len(new):
                    found[place] = "delete"
                elif index >= len(old):
                    found[place] = "add"
                else:
                    found |= differences(old[index], new[index], place)
            return found
    # bool is an int to Python, but True is not 1 to the engine.
    return {} if old == new and isinstance(old, bool) == isinstance(new, bool) else {path: "update"}


def _member(path: str, name: str) -> str:
    if not name.replace("_", "a").isalnum():
        return f'{path}["{name}"]'
    return f"{path}.{name}" if path else name
