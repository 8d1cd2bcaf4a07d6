"""What a command says: kept for its result, for the message when it fails, and shown line by line while it runs."""

import json
from collections.abc import Callable
from typing import Any, Literal

from rehearsal.plugins.provider import PluginError

Stream = Literal["stdout", "stderr"]
Show = Callable[[str], None]

_LOGGED: dict[str | None, tuple[Stream, ...]] = {
    None: ("stdout", "stderr"),
    "stdoutAndStderr": ("stdout", "stderr"),
    "stdout": ("stdout",),
    "stderr": ("stderr",),
    "none": (),
}


class Output:
    """Both streams of one command; complete lines of those that `logging` names go to `show` as they come."""

    def __init__(self, logging: str | None, show: Show) -> None:
        self._shown = _LOGGED[logging]
        self.show = show
        self._text: dict[Stream, list[str]] = {"stdout": [], "stderr": []}
        self._everything: list[str] = []
        self._line = ""

    def take(self, stream: Stream, text: str) -> None:
        """Add what `stream` has just said."""
        self._text[stream].append(text)
        self._everything.append(text)
        if stream in self._shown:
            *lines, self._line = (self._line + text).split("\n")
            for line in lines:
                self.show(line)

    def end(self) -> None:
        """Show the last line even though nothing ended it."""
        if self._line:
            self.show(self._line)

    @property
    def result(self) -> dict[str, str]:
        """Each stream's text without the newline at its very end."""
        return {stream: "".join(parts).removesuffix("\n") for stream, parts in self._text.items()}

    def failure(self, ending: str, command: str) -> PluginError:
        """Give the error of a command that ended as `ending` says: with the command, and all it said in order."""
        return PluginError(f"{ending}: running {json.dumps(command, ensure_ascii=False)}:\n{''.join(self._everything)}")


def previous_output(inputs: dict[str, Any], previous: dict[str, Any]) -> dict[str, str]:
    """Give the variables in which a run finds what the `previous` one said, unless the inputs say no."""
    if inputs.get("addPreviousOutputInEnv") is False:
        return {}
    return {
        f"PULUMI_COMMAND_{stream.upper()}": previous[stream] for stream in ("stdout", "stderr") if previous.get(stream)
    }
