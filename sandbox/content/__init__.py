"""The five towns of the demo, as data: one folder each, texts in YAML, drawings in SVG."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from cms.town_spec import TownSpec

_HERE = Path(__file__).parent
TOWNS = ("shiomi", "suginosawa", "wakabadai", "shiratorigawa", "suehara")


@lru_cache
def load(key: str) -> TownSpec:
    """The specification of a demo town. Raises pydantic's `ValidationError` with the place."""
    folder = _HERE / key
    data = _yaml(folder / "town.yaml")
    data["key"] = key
    data["pages"] = _yaml(_HERE / "pages.yaml")["pages"] + data.get("pages", [])
    for drawing in ("mark", "pattern", "seal"):
        data[drawing] = (folder / f"{drawing}.svg").read_text(encoding="utf-8").strip()
    return TownSpec.model_validate(data)


def _yaml(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))
