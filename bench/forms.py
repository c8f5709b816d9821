# ruff: noqa: PLC0415  models can be imported after django.setup() only
"""What the form engine costs: a step against a hand-written Django form, compiling, memory, rules.

`run` starts this module again as a program: imports and caches of other groups do not count here.
No database is asked on either side.
"""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from bench import big_form
from bench.figures import Figure, median, p95
from bench.processes import PROJECT, BenchError

#: Steps that are walked, early and late ones; each turn walks all of them on both sides.
STEPS = (0, 7, 14, 21, 28, 35, 42, 50, 59)
TURNS = 40
COMPILES = 5
#: The figures of the issue, for two cores.
LIMITS = {
    "forms.step_ratio": 1.5,
    "forms.compile_per_100": 50.0,
    "forms.memory": 5.0,
    "forms.rule": 20.0,
}


def run() -> Iterator[Figure]:
    """The group `forms`. Raises `BenchError`."""
    for part in ("compile", "memory", "rule", "step"):
        work = subprocess.run(
            [sys.executable, "-m", "bench.forms", part],
            cwd=PROJECT,
            env=os.environ
            | {"DJANGO_SETTINGS_MODULE": "config.settings.test", "PYTHONPATH": str(PROJECT)},
            capture_output=True,
            text=True,
            check=False,
        )
        if work.returncode:
            raise BenchError(work.stderr[-2000:])
        for line in work.stdout.splitlines():
            name, value, unit = json.loads(line)
            yield Figure(name, value, unit, LIMITS.get(name))


def main(part: str) -> None:
    """Measure one part and print ``[figure, value, unit]`` lines."""
    import django
    from django.utils import translation

    django.setup()
    parts: dict[str, Callable[[], None]] = {
        "compile": _compile,
        "memory": _memory,
        "rule": _rule,
        "step": _step,
    }
    with translation.override("ja"):
        parts[part]()


def _say(figure: str, value: float, unit: str) -> None:
    print(json.dumps([figure, round(value, 4), unit]), flush=True)


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


# --- parse and compile ----------------------------------------------------------------------------
def _compile() -> None:
    """From the stored JSON text to a form ready to run, as a process does that needs it first."""
    from forms.definitions import FormDefinition, load
    from forms.prepared import prepare

    stored = json.dumps(big_form.definition(), ensure_ascii=False)

    def cold() -> None:
        data = json.loads(stored)
        prepare(FormDefinition.model_validate(data, context={"languages": ()}))

    first = _seconds(cold)  # builds the grammar, too
    per_100 = 100 / big_form.QUESTIONS * 1000
    _say("forms.compile_first_per_100", first * per_100, "ms")
    _say("forms.compile_per_100", median([_seconds(cold) for _ in range(COMPILES)]) * per_100, "ms")
    # What an author does: YAML, checked with the line of every mistake.
    source = _yaml(big_form.definition())
    _say("forms.load_yaml_per_100", _seconds(lambda: load(source)) * per_100, "ms")


def _yaml(data: dict[str, Any]) -> str:
    import yaml

    return yaml.safe_dump(data, allow_unicode=True, sort_keys=False)


# --- memory ---------------------------------------------------------------------------------------
def _memory() -> None:
    """MB that a form ready to run holds: traced, and what the process grew by (engine included)."""
    from forms.definitions import FormDefinition
    from forms.prepared import Prepared, prepare

    stored = json.dumps(big_form.definition(), ensure_ascii=False)

    def ready() -> Prepared:
        data = json.loads(stored)
        return prepare(FormDefinition.model_validate(data, context={"languages": ()}))

    kept = [ready()]  # what is made once per process
    gc.collect()
    before = _resident()
    kept += [ready() for _ in range(8)]
    gc.collect()
    _say("forms.memory", (_resident() - before) / 8 / 2**20, "MB")
    tracemalloc.start()
    base = tracemalloc.get_traced_memory()[0]
    kept.append(ready())
    gc.collect()
    _say("forms.memory_traced", (tracemalloc.get_traced_memory()[0] - base) / 2**20, "MB")
    tracemalloc.stop()


def _resident() -> int:
    """Bytes of this process in memory."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


# --- one rule -------------------------------------------------------------------------------------
def _rule() -> None:
    """Microseconds of the form's conditions, one by one, with answers."""
    from forms.prepared import TODAY, prepare
    from forms.state import local_today

    prepared = prepare(_form())
    values: dict[str, Any] = {TODAY: local_today()}
    for step in range(big_form.STEPS):
        values |= big_form.answers(step)
    found = []
    for node in prepared.nodes.values():
        for rule in node.rules():
            times = [_seconds(lambda rule=rule: rule(values)) for _ in range(5)]  # type: ignore[misc]
            found.append(median(times) * 1e6)
    if len(found) != big_form.RULES:
        raise SystemExit(f"{len(found)} rules")
    _say("forms.rule", median(found), "µs")
    _say("forms.rule_p95", p95(found), "µs")


def _form() -> Any:
    from forms.definitions import FormDefinition

    return FormDefinition.model_validate(big_form.definition())


# --- one step against Django ----------------------------------------------------------------------
def _step() -> None:
    """A step opened, sent with two mistakes and shown again, sent right: sums over `STEPS`."""
    ours, plain = sides()
    for step in STEPS:
        ours(step)
        plain(step)
    ratios, mine, theirs = [], [], []
    gc.collect()
    for _ in range(TURNS):
        a = sum(_seconds(lambda step=step: ours(step)) for step in STEPS)  # type: ignore[misc]
        b = sum(_seconds(lambda step=step: plain(step)) for step in STEPS)  # type: ignore[misc]
        mine.append(a / len(STEPS) * 1000)
        theirs.append(b / len(STEPS) * 1000)
        ratios.append(a / b)
    _say("forms.step_ours", median(mine), "ms")
    _say("forms.step_django", median(theirs), "ms")
    _say("forms.step_ratio", median(ratios), "")


Pages = tuple[str, str]


def sides() -> tuple[Callable[[int], Pages], Callable[[int], Pages]]:
    """Ours and plain Django: a function of a step each, that gives both pages it shows."""
    from bench import form_sides

    return form_sides.ours(), form_sides.plain()


if __name__ == "__main__":
    main(sys.argv[1])
