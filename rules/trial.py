"""A trial of rules in a process of its own, before they are published.

The gate and the check keep known trouble out. Whatever they do not know of (a crash, a hang, a
flood of memory in the engine) happens here, under limits, and not in the process that serves.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rules.engine import compile_rule
from rules.errors import RuleError, RuleFailed
from rules.types import LONGEST_LIST, VarType

SECONDS = 5
MEMORY_BYTES = 512 * 1024 * 1024
_ROOT = Path(__file__).resolve().parent.parent


def try_out(
    rules: Sequence[tuple[str, str, Mapping[str, VarType]]], *, seconds: int = SECONDS
) -> None:
    """Evaluate each ``(place, source, variables)`` with empty, usual and largest values.

    Raises `RuleError` naming the place of the rule that crashes or exceeds the limits.
    """
    if not rules:
        return
    work = [
        {"source": source, "variables": {name: _dumped(of) for name, of in variables.items()}}
        for _, source, variables in rules
    ]
    child = subprocess.Popen(
        [sys.executable, "-c", "from rules.trial import main; main()"],
        cwd=_ROOT,
        env={"PYTHONPATH": str(_ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    with child:
        try:
            output, _ = child.communicate(json.dumps(work).encode(), timeout=seconds + 10)
        except subprocess.TimeoutExpired:
            child.kill()
            output, _ = child.communicate()
    done = output.decode("ascii", "replace").split()
    if child.returncode == 0 and len(done) == len(rules):
        return
    place = rules[min(len(done), len(rules) - 1)][0]
    raise RuleError(f"{place}: the rule takes too much time or memory, or crashes the engine")


def main() -> None:
    """The child: reads the rules, prints a line for each that went well."""
    work = json.loads(sys.stdin.buffer.read())
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for entry in work:
        variables = {name: _loaded(data) for name, data in entry["variables"].items()}
        rule = compile_rule(entry["source"], variables)
        for size in ("empty", "usual", "largest"):
            values = {name: _sample(variables[name], size) for name in rule.variables}
            try:
                rule(values)
            except RuleFailed:
                # Made-up values may divide by zero; only crashes and limits count here.
                continue
        sys.stdout.write("ok\n")
        sys.stdout.flush()


def _sample(kind: VarType, size: str, depth: int = 0) -> Any:
    if size == "empty" and kind.kind != "map":
        return None
    largest = size == "largest"
    if kind.kind == "list":
        # A form as large as forms get: many entries, but not every text in each at its longest.
        count = (LONGEST_LIST if depth == 0 else 20) if largest else 1
        return [_sample(kind.of, size, depth + 1) for _ in range(count)] if kind.of else []
    if kind.kind == "map":
        return {name: _sample(of, size, depth + 1) for name, of in kind.fields}
    usual, most = _SAMPLES[kind.kind]
    if largest and kind.kind == "text" and depth:
        return most[:200]
    return most if largest else usual


_SAMPLES: dict[str, tuple[Any, Any]] = {
    "bool": (True, False),
    "int": (1, 2**40),
    "decimal": ("1.5", "999999999999.99"),
    "text": ("a", "あ" * 10_000),
    "date": ("2026-04-01", "9999-12-31"),
    "null": (None, None),
}


def _dumped(kind: VarType) -> dict[str, Any]:
    return {
        "kind": kind.kind,
        "of": _dumped(kind.of) if kind.of else None,
        "fields": {name: _dumped(of) for name, of in kind.fields},
    }


def _loaded(data: Mapping[str, Any]) -> VarType:
    return VarType(
        data["kind"],
        _loaded(data["of"]) if data["of"] else None,
        tuple((name, _loaded(of)) for name, of in data["fields"].items()),
    )
