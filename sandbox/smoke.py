"""``make smoke``: a demo of its own on free ports, the whole story, everything torn down again."""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from pathlib import Path

from sandbox.demo import Demo, DemoError, running
from sandbox.ports import Ports
from sandbox.servers import ServerError
from sandbox.story import Story
from sandbox.walk import WalkError

TOWN = "shiomi"


def main() -> int:
    """Exit code 0 only if every step held."""
    state = Path(tempfile.mkdtemp(prefix="madoguchi-smoke-"))
    state.chmod(0o755)
    demo = Demo(state, Ports.free())
    begun = time.monotonic()
    try:
        with running(demo):
            story = Story(
                base=f"http://{TOWN}.localhost:{demo.ports.web}",
                platform=demo.base,
                town=TOWN,
                secret_key=demo.environment["SECRET_KEY"],
            )
            print()
            for name, step in story.steps():
                started = time.monotonic()
                try:
                    step()
                except (WalkError, StopIteration) as error:
                    print(f"  ✗ {name}\n\n{error}\n", file=sys.stderr)
                    return 1
                print(f"  ✓ {name:<68} {time.monotonic() - started:6.2f} s", flush=True)
    except (DemoError, ServerError) as error:
        print(f"\n  {error}\n", file=sys.stderr)
        return 1
    finally:
        shutil.rmtree(state, ignore_errors=True)
    print(f"\n  The whole story held, in {time.monotonic() - begun:.0f} s.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
