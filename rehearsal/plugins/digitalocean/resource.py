"""What every kind of resource has in common: a table of properties, and how inputs are checked and compared by it."""

import hashlib
import re
import secrets
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from rehearsal.plugins.differences import Kind, differences
from rehearsal.plugins.digitalocean.api import Api
from rehearsal.plugins.provider import Change, CheckFailedError, Plan, Properties
from rehearsal.plugins.values import UNKNOWN, has_unknown

# The bridge notes here which inputs it chose itself; the engine never shows it.
DEFAULTS = "__defaults"
_PYTHON_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "list": (list,),
}


def _equal(old: Any, new: Any) -> bool:
    return bool(old == new)


@dataclass(frozen=True)
class Property:
    """An input: its type as the plugin's schema has it, and what the plugin does with it.

    `computed`: left out, it stays as the API has it. `same` tells when a difference is none. `stored`: what of it is
    kept in the state. `allowed`: a pattern every value (or every item) has to match.
    """

    type: str
    required: bool = False
    replace: bool = False
    computed: bool = False
    autonamed: bool = False
    default: Any = None
    allowed: str = ""
    same: Callable[[Any, Any], bool] = _equal
    stored: Callable[[Any], Any] = lambda value: value


TAG = r"[a-zA-Z0-9:\-_]{1,255}"
NAME = Property("string", autonamed=True)


def same_set(old: Any, new: Any) -> bool:
    """Tell whether two lists hold the same, in whatever order, at any depth, whether absent or empty."""
    return bool(_canonical(old) == _canonical(new))


def same_ignoring_case(old: str, new: str) -> bool:
    """Tell whether two texts differ in case only."""
    return old.casefold() == new.casefold()


def sha1(text: str) -> str:
    """Give the digest that stands for user data in the state."""
    return hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()


def _canonical(value: Any) -> Any:
    match value:
        case None:
            return []
        case list():
            return sorted((_canonical(item) for item in value), key=repr)
        case dict():
            return {name: _canonical(item) for name, item in sorted(value.items()) if not _is_nothing(item)}
    return value


def _is_nothing(value: Any) -> bool:
    return value is None or value in ("", 0, []) or value is False


class Resource(ABC):
    """One kind of resource; `outputs` are what it has besides its inputs."""

    token: ClassVar[str]
    inputs: ClassVar[Mapping[str, Property]]
    outputs: ClassVar[Mapping[str, str]] = {}
    delete_timeout: ClassVar[float] = 1200.0  # seconds; Terraform's, where the resource says nothing else

    @abstractmethod
    def create(self, api: Api, inputs: Properties) -> tuple[str, Properties]:
        """Make it; give its id and its outputs."""

    @abstractmethod
    def read(self, api: Api, identifier: str, known: Properties) -> Properties | None:
        """Give its outputs as the API has them (`known`: as they were), or None when it is gone."""

    def update(self, api: Api, identifier: str, state: Properties, inputs: Properties) -> Properties:
        """Bring it from `state` to `inputs`; give its outputs."""
        raise NotImplementedError(f"every change to {self.token} replaces it")

    @abstractmethod
    def delete(self, api: Api, identifier: str, state: Properties, timeout: float) -> None:
        """Remove it, within `timeout` seconds where it has to be waited for."""

    def plan(self, state: Properties | None, inputs: Properties) -> Sequence[str]:
        """Raise PluginError for what cannot be; give the inputs whose change replaces for once."""
        return ()

    def import_state(self, identifier: str) -> tuple[str, Properties]:
        """Give the id and what is known of a resource that is only named by its import id."""
        return identifier, {}

    # ---- the same for all ----

    def check(self, name: str, old: Properties, new: Properties) -> Properties:
        """Give `new` with names and defaults filled in; `old` inputs keep the names they were given.

        Raises:
            CheckFailedError: what is missing, unknown, of the wrong type, or not allowed.

        """
        failures = [
            *(
                (given, f"An argument named \"{given}\" is not expected here. Examine values at '{name}.{given}'.")
                for given in new
                if given not in self.inputs and not given.startswith("__") and new[given] is not None
            ),
            *(
                failure
                for key, rule in self.inputs.items()
                for failure in _failures(key, rule, new.get(key), f"'{name}.{key}'")
            ),
        ]
        if failures:
            raise CheckFailedError(failures)
        inputs = {key: value for key, value in new.items() if value is not None and not key.startswith("__")}
        chosen = []
        for key, rule in self.inputs.items():
            if key in inputs:
                continue
            if rule.autonamed:
                kept = old.get(key) if key in old.get(DEFAULTS, ()) else None
                inputs[key] = kept or f"{name}-{secrets.token_hex(4)[:7]}"
                chosen.append(key)
            elif rule.default is not None:
                inputs[key] = rule.default
                chosen.append(key)
        return inputs | {DEFAULTS: sorted(chosen)}

    def diff(self, state: Properties, new: Properties, ignored: Sequence[str]) -> Plan:
        """Compare `state` with the checked inputs `new`."""
        kept = {path.partition(".")[0].partition("[")[0] for path in ignored}
        changes: dict[str, Change] = {}
        for key, rule in self.inputs.items():
            if key not in kept:
                changes |= _changes(key, rule, state.get(key), new.get(key))
        for key in self.plan(state, new):
            changes |= {path: Change(c.kind, replace=True) for path, c in changes.items() if path.startswith(key)}
        # A name the program gave itself cannot be used twice at once; one with a random end can.
        named = any(rule.autonamed and key not in new[DEFAULTS] for key, rule in self.inputs.items())
        return Plan(changes, delete_before_replace=named and any(change.replace for change in changes.values()))

    def stored(self, inputs: Properties) -> Properties:
        """Give what of `inputs` the state keeps."""
        return {
            key: value if has_unknown(value) else self.inputs[key].stored(value)
            for key, value in inputs.items()
            if key in self.inputs
        }

    def preview(self, inputs: Properties) -> Properties:
        """Give the state of a resource that is yet to be made: what the program asks for, and the rest unknown."""
        computed = [key for key, rule in self.inputs.items() if rule.computed]
        return dict.fromkeys([*self.outputs, *computed], UNKNOWN) | self.stored(inputs)

    def inputs_now(self, old: Properties, before: Properties, now: Properties) -> Properties:
        """Give the inputs that would have led to the state `now`: what changed since `before` is taken over."""
        if not old:
            return {key: now[key] for key in self.inputs if not _is_nothing(now.get(key))}
        return {
            key: now.get(key) if key in self.inputs and before.get(key) != now.get(key) else value
            for key, value in old.items()
        }


def _failures(key: str, rule: Property, value: Any, place: str) -> list[tuple[str, str]]:
    if value is None:
        if not rule.required:
            return []
        reason = f'The argument "{key}" is required, but no definition was found.'
        return [(key, f"Missing required argument. {reason}. Examine values at {place}.")]
    if has_unknown(value):
        return []
    items = value if isinstance(value, list) else [value]
    kind = rule.type.partition("[")[0]
    wrong = not isinstance(value, _PYTHON_TYPES.get(kind, (dict,))) or (isinstance(value, bool) and kind != "boolean")
    if wrong:
        return [(key, f"expected type '{rule.type}', got {type(value).__name__} {value!r}. Examine values at {place}.")]
    if rule.allowed:
        bad = [item for item in items if not re.fullmatch(rule.allowed, str(item))]
        return [
            (key, f"expected {key} to match {rule.allowed}, got {item}. Examine values at {place}.") for item in bad
        ]
    return []


def _changes(key: str, rule: Property, old: Any, new: Any) -> dict[str, Change]:
    """Give the changes of one property; leaving out a computed one, or what is nothing anyway, is none."""
    if new is None:
        if rule.computed or _is_nothing(old):
            return {}
        return {key: Change("delete", replace=rule.replace)}
    if has_unknown(new):
        return {key: Change("add" if old is None else "update", replace=rule.replace)}
    if _is_nothing(old) and _is_nothing(new):
        return {}
    if old is not None and (rule.same(old, new) or _equal(old, rule.stored(new))):
        return {}
    found: Mapping[str, Kind] = {key: "add"} if old is None else _in_lists(old, new, key)
    return {path: Change(kind, replace=rule.replace) for path, kind in found.items()}


def _in_lists(old: Any, new: Any, key: str) -> Mapping[str, Kind]:
    """Give which items of a set came and went, by their places; of anything else, what differs."""
    if not (isinstance(old, list) and isinstance(new, list)):
        return differences(old, new, key)
    gone = [index for index, item in enumerate(old) if not any(same_set(item, other) for other in new)]
    come = [index for index, item in enumerate(new) if not any(same_set(item, other) for other in old)]
    found: dict[str, Kind] = {f"{key}[{index}]": "delete" for index in gone}
    for index in come:
        place = f"{key}[{index}]"
        found |= differences(old[index], new[index], place) if index in gone else {place: "add"}
    return found
