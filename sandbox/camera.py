"""Pictures of pages: taken by Playwright, made small by Pillow."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Page

#: The widths that pages are judged at.
SIZES = {"phone": (360, 740), "desk": (1280, 860)}
_GAP = 24


@dataclass
class Camera:
    """Writes ``<page>-<phone|desk>-<language>.png`` into `folder`.

    With `only`, just these are taken, as far as a screen reaches; else every page in full length.
    """

    folder: Path
    only: Sequence[str] = ()
    scheme: Any = "light"

    def look(self, page: Page, name: str) -> None:
        """`name` as `Visitor.look` gives it: what the page is, and its language in brackets."""
        what, _, language = name.removesuffix("]").rpartition(" [")
        page.emulate_media(color_scheme=self.scheme, reduced_motion="reduce")
        before = page.viewport_size
        for size, (width, height) in SIZES.items():
            file = f"{_slug(what)}-{size}-{language}"
            if self.only and file not in self.only:
                continue
            page.set_viewport_size({"width": width, "height": height})
            picture = page.screenshot(full_page=not self.only, animations="disabled")
            path = self.folder / f"{file}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            if self.only:
                save(Image.open(io.BytesIO(picture)), path)
            else:
                path.write_bytes(picture)
        if before:
            page.set_viewport_size(before)


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


def save(picture: Image.Image, path: Path) -> None:
    """As a PNG of 256 colours: pages have few, and the repository keeps every picture for ever."""
    few = picture.convert("RGB").quantize(256, dither=Image.Dither.NONE)
    few.save(path, "PNG", optimize=True)


def side_by_side(paths: Sequence[Path], target: Path) -> None:
    """One picture of several, in a row; the single ones are taken away."""
    pictures = [Image.open(path).convert("RGB") for path in paths]
    width = sum(picture.width for picture in pictures) + _GAP * (len(pictures) - 1)
    sheet = Image.new("RGB", (width, max(picture.height for picture in pictures)), "white")
    left = 0
    for picture in pictures:
        sheet.paste(picture, (left, 0))
        left += picture.width + _GAP
    save(sheet, target)
    for path in paths:
        path.unlink()
