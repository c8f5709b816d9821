"""A demo that is up quickly: two towns, from the golden cluster."""

from __future__ import annotations

import atexit
import contextlib
import functools
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from config.settings import test as test_settings
from sandbox.demo import Demo, running
from sandbox.ports import Ports
from tests import golden
from tests.seed import TOWNS


@dataclass
class QuickDemo(Demo):
    """As `make demo`, with the towns that the golden cluster already holds. `more`: variables of
    its processes."""

    more: dict[str, str] = field(default_factory=dict)

    def _environment(self) -> dict[str, str]:
        return super()._environment() | self.more

    def manage(self, *arguments: str) -> str:
        """Run a management command; its output."""
        return super()._manage(arguments[0], *arguments)

    def _manage(self, what: str, *arguments: str) -> str:
        if arguments == ("seed_demo",):
            arguments = ("seed_demo", "--towns", *TOWNS)
        return super()._manage(what, *arguments)

    def address(self, town: str) -> str:
        return f"http://{town}.localhost:{self.ports.web}"

    def offer(self, town: str, template: str) -> None:
        """Adopt one more service of the catalogue in a town."""
        self._manage(f"{town} adopts {template}", "adopt_service", town, template)

    def log(self) -> str:
        """What web and worker have to say, the end of it."""
        return "\n".join(
            f"--- {name}\n{(self.state / f'{name}.log').read_text(errors='replace')[-3000:]}"
            for name in ("web", "worker", "eid")
            if (self.state / f"{name}.log").exists()
        )


@functools.cache
def _prepared() -> tuple[Path, Ports]:
    """What every demo of a run begins with: its towns seeded, once, for these ports."""
    state, ports = _folder(), Ports.free()
    atexit.register(shutil.rmtree, state, ignore_errors=True)
    golden.copy_to(state / "postgres")
    # The second factors in the golden cluster were made with this key.
    (state / "secret-key").write_text(test_settings.SECRET_KEY)
    demo = QuickDemo(state, ports, quiet=True)
    try:
        demo.make_ready()
    finally:
        demo.down()
    return state, ports


def _folder() -> Path:
    state = Path(tempfile.mkdtemp(prefix="madoguchi-e2e-"))
    state.chmod(0o755)  # PostgreSQL may run as another user below it
    return state


@contextlib.contextmanager
def quick_demo(**options: object) -> Iterator[QuickDemo]:
    """Up for the duration of the block; nothing of it is left afterwards."""
    (prepared, ports), state = _prepared(), _folder()
    golden.copy_owned(prepared, state / "own")
    demo = QuickDemo(state / "own", ports, quiet=True, **options)  # type: ignore[arg-type]
    try:
        with running(demo):
            yield demo
    finally:
        shutil.rmtree(state, ignore_errors=True)
