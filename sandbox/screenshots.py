"""``make screenshots``: pictures of the pages, from a demo of its own.

Writes those that README.md shows into ``docs/screenshots``; ``--all FOLDER`` writes every page for
looking at, on a phone and on a desk, in Japanese and in English.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright
from playwright.sync_api import Error as BrowserError

from sandbox import content
from sandbox.browser import FLAGS, chromium
from sandbox.camera import Camera, side_by_side
from sandbox.demo import Demo, DemoError, running
from sandbox.ports import Ports
from sandbox.servers import ServerError
from sandbox.state import PROJECT
from sandbox.tour import Tour
from sandbox.visitor import Visitor
from sandbox.walk import WalkError

SHOWN = (
    "home-shiomi-phone-ja",
    "home-shiratorigawa-phone-ja",
    "home-suehara-phone-ja",
    "home-suginosawa-phone-ja",
    "home-wakabadai-phone-ja",
    "step-phone-en",
    "check-phone-en",
    "progress-phone-en",
    "inbox-desk-en",
    "case-desk-en",
)
_FONTS = Path(__file__).parent / "fonts.conf"
#: A town for each language, so that the pictures do not all look alike.
TOWNS = {"en": "shiomi", "ja": "suginosawa"}


@contextmanager
def own_demo() -> Iterator[Demo]:
    """Up for the duration of the block; nothing of it is left afterwards."""
    state = Path(tempfile.mkdtemp(prefix="madoguchi-pictures-"))
    state.chmod(0o755)  # PostgreSQL may run as another user below it
    try:
        with running(Demo(state, Ports.free())) as demo:
            yield demo
    finally:
        shutil.rmtree(state, ignore_errors=True)


def take(demo: Demo, camera: Camera) -> None:
    """Walk through everything, in both languages."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium(),
            args=FLAGS,
            env={**os.environ, "FONTCONFIG_FILE": str(_FONTS)},
        )
        for language, town in TOWNS.items():
            _tour(demo, camera, browser, language, town).all()
        browser.close()


def _tour(demo: Demo, camera: Camera, browser: Browser, language: str, town: str) -> Tour:
    def open_at(place: str) -> Visitor:
        context = browser.new_context(locale=language, timezone_id="Asia/Tokyo")
        context.set_default_timeout(20_000)
        base = f"http://{place}.localhost:{demo.ports.web}"
        return Visitor(context, context.new_page(), base, language, camera.look)

    return Tour(open_at, town, content.TOWNS, demo.base, demo.environment["SECRET_KEY"])


def main() -> int:
    parser = argparse.ArgumentParser(prog="make screenshots", description=__doc__)
    parser.add_argument("--all", type=Path, metavar="FOLDER", help="every page, into this folder")
    parser.add_argument("--dark", action="store_true", help="in the dark scheme")
    arguments = parser.parse_args()
    shown = PROJECT / "docs" / "screenshots"
    camera = Camera(
        arguments.all or shown,
        () if arguments.all else SHOWN,
        "dark" if arguments.dark else "light",
    )
    try:
        with own_demo() as demo:
            take(demo, camera)
    except (BrowserError, DemoError, ServerError, WalkError) as error:
        print(f"\n  {error}\n", file=sys.stderr)
        return 1
    if not arguments.all:
        homes = [shown / f"{name}.png" for name in SHOWN if name.startswith("home-")]
        side_by_side(homes, shown / "towns-phone-ja.png")
    print(f"  Pictures are in {camera.folder}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
