"""Every text in the code is in the Japanese catalogue, also those that xgettext overlooks (it does
not read inside f-strings)."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import polib

PROJECT = Path(__file__).parents[2]
CALLS = {"_", "gettext", "gettext_lazy", "ngettext", "ngettext_lazy"}
ELSEWHERE = {".venv", "tests", "bench", "node_modules", "migrations", "var"}


def _texts() -> Iterator[tuple[str, str]]:
    for path in PROJECT.glob("*/**/*.py"):
        place = path.relative_to(PROJECT)
        if ELSEWHERE.intersection(place.parts):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                first = node.args[0] if node.args else None
                if node.func.id in CALLS and isinstance(first, ast.Constant):
                    yield str(place), str(first.value)


def test_every_text_of_the_code_has_a_japanese_one() -> None:
    catalogue = polib.pofile(str(PROJECT / "locale/ja/LC_MESSAGES/django.po"))
    known = {entry.msgid for entry in catalogue if entry.translated()}
    found = list(_texts())
    assert len(found) > 100
    assert [(place, text) for place, text in found if text not in known] == []
