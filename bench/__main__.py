"""``python -m bench [--only GROUP]``: a JSON line per figure; exit code 1 if one does not hold."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from itertools import chain

from bench import cases, faults, forms, journey, letters_many, rebase, tenants
from bench.browser import WalkError
from bench.figures import Figure
from bench.processes import BenchError

GROUPS: dict[str, Callable[[], Iterator[Figure]]] = {
    "journey": journey.run,
    "faults": faults.run,
    "tenants": tenants.run,
    "forms": lambda: chain(forms.run(), rebase.run()),
    "cases": lambda: chain(cases.run(), letters_many.run()),
}


def main(arguments: list[str] | None = None) -> int:
    """Run the chosen groups."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--only", choices=sorted(GROUPS), help="one group instead of all")
    only = parser.parse_args(arguments).only
    missed = []
    for name, run in GROUPS.items():
        if only not in (None, name):
            continue
        started = time.monotonic()
        try:
            for figure in run():
                print(figure.as_json(), flush=True)
                if not figure.holds:
                    missed.append(figure)
        except (BenchError, WalkError) as error:
            print(f"{name} could not be measured: {error}", file=sys.stderr)
            return 2
        print(Figure(f"{name}.duration", round(time.monotonic() - started, 1), "s").as_json())
    for figure in missed:
        print(
            f"{figure.figure}: {figure.value} {figure.unit}, may be {figure.limit} at most",
            file=sys.stderr,
        )
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
