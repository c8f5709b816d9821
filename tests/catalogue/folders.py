"""A service folder that works, to be broken one file at a time."""

from __future__ import annotations

import shutil
from pathlib import Path

from catalogue.template import ServiceTemplate

_SOURCE = Path(__file__).resolve().parents[1] / "services" / "meeting_room"


class Folder:
    """A copy of the test's service in a temporary place."""

    def __init__(self, place: Path) -> None:
        self.path = place / "meeting_room"
        shutil.copytree(_SOURCE, self.path, ignore=shutil.ignore_patterns("__pycache__"))

    def replace(self, name: str, old: str, new: str) -> None:
        text = (self.path / name).read_text(encoding="utf-8")
        assert old in text, old
        (self.path / name).write_text(text.replace(old, new), encoding="utf-8")

    def write(self, name: str, text: str) -> None:
        (self.path / name).write_text(text, encoding="utf-8")

    def load(self) -> ServiceTemplate:
        return ServiceTemplate(self.path, "services/meeting_room")
