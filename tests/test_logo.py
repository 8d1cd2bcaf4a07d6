from __future__ import annotations

import base64
import struct
import xml.etree.ElementTree as ET
import zlib
from typing import TYPE_CHECKING

import pytest

import logo

if TYPE_CHECKING:
    from pathlib import Path

SVG = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:x="http://www.w3.org/1999/xlink" viewBox="0 0 9 9">{}</svg>'


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


PICTURE = logo.PNG + chunk(b"IHDR", struct.pack(">IIBBBBB", 30, 20, 8, 0, 0, 0, 0)) + chunk(b"IEND", b"")


def written(folder: Path, content: str | bytes) -> Path:
    path = folder / "logo"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def test_a_drawing_travels_as_it_is(tmp_path: Path) -> None:
    drawing = SVG.format('<style>path { fill: url(#shade) }</style><path d="M0 0h9v9z"/><use href="#a"/>')

    assert logo.read(written(tmp_path, drawing)) == f"{drawing}\n"


def test_a_picture_becomes_text_with_its_size_and_to_the_letter(tmp_path: Path) -> None:
    svg = ET.fromstring(logo.read(written(tmp_path, PICTURE)))  # noqa: S314 - our own output

    (image,) = svg
    assert svg.get("viewBox") == "0 0 30 20", "it is scaled, never stretched"
    assert base64.b64decode((image.get("href") or "").partition(",")[2]) == PICTURE


@pytest.mark.parametrize(
    ("inside", "said"),
    [
        ("<script>alert(1)</script>", "holds <script>, which could run in everybody's browser"),
        ("<g><foreignObject/></g>", "holds <foreignObject>"),
        ('<path onload="alert(1)"/>', "holds onload=, which could run"),
        ('<a href="java&#10;script:alert(1)"><path/></a>', "from elsewhere"),
        ('<image href="https://cdn.example/a.png"/>', "loads 'https://cdn.example/a.png' from elsewhere"),
        ('<use x:href="//cdn.example/a.svg#b"/>', "loads '//cdn.example/a.svg#b' from elsewhere"),
        ("<style>@import 'https://fonts.example/a.css'</style>", "from elsewhere in <style>"),
        ('<path style="fill: url(https://cdn.example/a)"/>', "from elsewhere"),
    ],
)
def test_a_drawing_that_runs_or_loads_anything_is_refused(tmp_path: Path, inside: str, said: str) -> None:
    with pytest.raises(ValueError, match="save it") as refused:
        logo.read(written(tmp_path, SVG.format(inside)))

    assert said in str(refused.value)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("GIF89a", "is neither an SVG nor a PNG"),
        (b"\xff\xd8\xff\xe0", "is neither an SVG nor a PNG"),
        ("<html/>", "is neither an SVG nor a PNG"),
        ('<!DOCTYPE svg [<!ENTITY a "b">]>' + SVG.format("&a;"), "declares entities"),
        (logo.PNG + b"xxxx", "is a damaged PNG"),
        (b" " * (logo.LARGEST + 1), "has 100 kB, and every page loads it; at most 100 kB"),
    ],
)
def test_what_is_no_small_picture_is_refused_with_the_reason(tmp_path: Path, content: str | bytes, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        logo.read(written(tmp_path, content))
