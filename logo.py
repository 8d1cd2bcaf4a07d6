"""A logo as one kind of file: SVG text, which a manifest can carry and a browser shows without running anything."""

from __future__ import annotations

import base64
import re
import struct
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

LARGEST = 100_000  # bytes: every page loads it, some of them over a phone
PNG = b"\x89PNG\r\n\x1a\n"
SVG = "{http://www.w3.org/2000/svg}svg"
ACTIVE = {"script", "foreignObject", "iframe", "object", "embed", "handler", "listener"}
# what is drawn may come from the file itself, and from nowhere else
ELSEWHERE = re.compile(r"@import|url\(\s*['\"]?(?!#|data:image/)", re.IGNORECASE)


def read(path: Path) -> str:
    """The SVG or PNG file ``path`` as the text of an SVG; raise ``ValueError`` with the reason if it cannot be one."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ValueError(f"cannot be read ({error.strerror})") from None
    if len(content) > LARGEST:
        raise ValueError(f"has {len(content) // 1000} kB, and every page loads it; at most {LARGEST // 1000} kB")
    return _around(content) if content.startswith(PNG) else _checked(content)


def _around(png: bytes) -> str:
    """An SVG around a picture; its width and height stand in the picture's first chunk."""
    if png[12:16] != b"IHDR":
        raise ValueError("is a damaged PNG")
    width, height = struct.unpack(">II", png[16:24])
    data = base64.b64encode(png).decode()
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}">\n'
        f'<image width="{width}" height="{height}" href="data:image/png;base64,{data}"/>\n</svg>\n'
    )


def _checked(content: bytes) -> str:
    """The text of an SVG, if nothing in it runs or is fetched from elsewhere."""
    try:
        text = content.decode()
        if "<!ENTITY" in text.upper():
            raise ValueError("declares entities; save it as a plain SVG")
        root = ET.fromstring(text)  # noqa: S314 - the teacher's own file, without entities
    except (UnicodeDecodeError, ET.ParseError):
        raise ValueError("is neither an SVG nor a PNG") from None
    if root.tag != SVG:
        raise ValueError("is neither an SVG nor a PNG")
    for element in root.iter():
        _harmless(element)
    return text if text.endswith("\n") else f"{text}\n"


def _harmless(element: ET.Element) -> None:
    name = str(element.tag).rpartition("}")[2]
    if name in ACTIVE:
        raise ValueError(f"holds <{name}>, which could run in everybody's browser; save it as a plain SVG")
    if ELSEWHERE.search(element.text or ""):
        raise ValueError(f"loads something from elsewhere in <{name}>; save it with everything embedded")
    for key, value in element.attrib.items():
        attribute = key.rpartition("}")[2]
        if attribute.lower().startswith("on"):
            raise ValueError(f"holds {attribute}=, which could run in everybody's browser; save it as a plain SVG")
        link = attribute == "href" and name != "a" and not value.strip().startswith(("#", "data:image/"))
        script = re.sub(r"\s", "", value).lower().startswith("javascript:")
        if link or script or ELSEWHERE.search(value):
            raise ValueError(f"loads {value[:60]!r} from elsewhere; save it with everything embedded")
