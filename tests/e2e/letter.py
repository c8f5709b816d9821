"""What a person reads in a PDF, and where its links lead."""

from __future__ import annotations

import io
import re

import pikepdf

_PAIR = re.compile(r"<([0-9A-Fa-f]+)>\s*<([0-9A-Fa-f]+)>")
_BLOCK = re.compile(r"beginbfchar(.*?)endbfchar", re.DOTALL)
_RANGES = re.compile(r"beginbfrange(.*?)endbfrange", re.DOTALL)
_RANGE = re.compile(r"<([0-9A-Fa-f]+)>\s*<([0-9A-Fa-f]+)>\s*<([0-9A-Fa-f]+)>")


def links(content: bytes) -> list[str]:
    with pikepdf.open(io.BytesIO(content)) as document:
        return [
            str(note["/A"]["/URI"])
            for page in document.pages
            for note in page.get("/Annots", [])
            if "/A" in note and "/URI" in note["/A"]
        ]


def words(content: bytes) -> str:
    """The text, by the tables that a reader of the PDF uses to copy it."""
    with pikepdf.open(io.BytesIO(content)) as document:
        return "".join(_of_page(page) for page in document.pages)


def _of_page(page: pikepdf.Page) -> str:
    tables = {
        name: _table(font["/ToUnicode"].read_bytes().decode("ascii", "replace"))
        for name, font in page.resources.get("/Font", {}).items()
        if "/ToUnicode" in font
    }
    table: dict[int, str] = {}
    text = []
    for operands, operator in pikepdf.parse_content_stream(page):
        if str(operator) == "Tf":
            table = tables.get(str(operands[0]), {})
        elif str(operator) in ("Tj", "TJ"):
            pieces = operands[0] if str(operator) == "TJ" else operands
            for piece in pieces:
                if isinstance(piece, pikepdf.String):
                    codes = bytes(piece)
                    text += [
                        table.get(int.from_bytes(codes[at : at + 2], "big"), "")
                        for at in range(0, len(codes), 2)
                    ]
    return "".join(text)


def _table(cmap: str) -> dict[int, str]:
    table: dict[int, str] = {}
    for block in _BLOCK.findall(cmap):
        for code, meaning in _PAIR.findall(block):
            table[int(code, 16)] = _characters(meaning)
    for block in _RANGES.findall(cmap):
        for first, last, meaning in _RANGE.findall(block):
            for offset in range(int(last, 16) - int(first, 16) + 1):
                table[int(first, 16) + offset] = chr(int(meaning, 16) + offset)
    return table


def _characters(digits: str) -> str:
    return bytes.fromhex(digits).decode("utf-16-be", "replace")
