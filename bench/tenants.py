# ruff: noqa: PLC0415  models can be imported after django.setup() only
"""Municipalities: making one, migrating all of them, and what isolation and ledger cost a request.

`run` starts a server of its own and this module again as a program beside it, since Django is set
up once for one database.
"""

from __future__ import annotations

import importlib
import json
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from bench.figures import Figure, median, p95
from bench.own_server import measured
from bench.processes import BenchError

TOWNS = 60
TURNS = 300
DATABASE = "madoguchi"

# The design's figures, for two cores: see docs of the group in bench/README.md.
LIMITS = {
    "tenants.create": 0.15,
    "tenants.migrate_add_field": 5.0,
    "tenants.migrate_add_index": 10.0,
}

_MIGRATION = """
from django.db import migrations, models

class Migration(migrations.Migration):
    dependencies = [("audit", "{before}")]
    operations = [{operation}]
"""
_ADD_FIELD = (
    'migrations.AddField("ledgerentry", "bench", '
    'models.CharField(max_length=9, default="x", db_default="x"))'
)
_ADD_INDEX = (
    'migrations.AddIndex("ledgerentry", models.Index(fields=["bench"], name="bench_index"))'
)


def run() -> Iterator[Figure]:
    """The group `tenants`. Raises `BenchError`."""
    return measured("bench.tenants", DATABASE, LIMITS)


def main() -> None:
    """Measure against ``DATABASE_URL`` and print ``[figure, value, unit]`` lines."""
    import django

    django.setup()
    _provisioning()
    _requests()
    _migrations()


def _say(figure: str, value: float, unit: str) -> None:
    print(json.dumps([figure, round(value, 5), unit]), flush=True)


def _timed(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _provisioning() -> None:
    from common.text import Text
    from tenants import provisioning

    _say("tenants.registry", _timed(provisioning.migrate_public), "s")
    # The ordinary path: every migration, as `migrate` would for each town.
    _say("tenants.ordinary_path", _timed(provisioning.build_template), "s")

    def create(number: int) -> None:
        provisioning.provision(
            schema_name=f"town{number:03d}",
            code=f"{100000 + number}",
            name=Text({"ja": f"第{number}市", "en": f"City {number}"}),
            prefecture=Text({"ja": "窓口県", "en": "Madoguchi Prefecture"}),
            domains=[f"town{number:03d}.localhost"],
            languages=["ja", "en"],
        )

    # The first one reads the template's catalogue.
    _say("tenants.create_first", _timed(lambda: create(0)), "s")
    seconds = [_timed(lambda n=number: create(n)) for number in range(1, TOWNS)]  # type: ignore[misc]
    _say("tenants.create", median(seconds), "s")
    _say("tenants.create_p95", p95(seconds), "s")


def _requests() -> None:
    from django.db import transaction

    from audit import events, ledger
    from common.actor import SYSTEM
    from common.database import connection
    from tenants import context
    from tenants.models import Municipality

    events.register("bench.recorded", wording="bench")
    towns = list(Municipality.objects.all())

    def one_query(town: Any) -> None:
        with context.municipality(town), connection.cursor() as cursor:
            cursor.execute("SELECT 1")

    def plain() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT 1")

    def recorded(town: Any) -> None:
        with context.municipality(town):
            ledger.record(event="bench.recorded", by=SYSTEM)

    def unsealed(town: Any) -> None:
        with context.municipality(town):
            ledger.record(event="bench.recorded", by=SYSTEM)
            transaction.set_rollback(True)

    one_query(towns[0])
    connection.set_schema_to_public()
    base = median([_timed(plain) for _ in range(TURNS)])
    isolated = median([_timed(lambda: one_query(towns[0])) for _ in range(TURNS)])
    _say("tenants.path_and_role", (isolated - base) * 1000, "ms")
    recorded(towns[0])
    sealed = median([_timed(lambda: recorded(towns[0])) for _ in range(TURNS)])
    unsealed_ = median([_timed(lambda: unsealed(towns[0])) for _ in range(TURNS)])
    _say("audit.record_and_commit", sealed * 1000, "ms")
    _say("audit.record_and_rollback", unsealed_ * 1000, "ms")


def _migrations() -> None:
    from django.conf import settings

    import audit.migrations
    from tenants import migrating

    folder = Path(tempfile.mkdtemp(prefix="madoguchi-bench-migrations-"))
    package = folder / "bench_migrations"
    shutil.copytree(Path(str(audit.migrations.__file__)).parent, package)
    sys.path.insert(0, str(folder))
    settings.MIGRATION_MODULES = {"audit": package.name}
    try:
        _say("tenants.migrate_nothing", _timed(migrating.migrate_all), "s")
        last = max(path.stem for path in package.glob("0*.py"))
        for name, figure, operation in (
            ("9001_field", "tenants.migrate_add_field", _ADD_FIELD),
            ("9002_index", "tenants.migrate_add_index", _ADD_INDEX),
        ):
            text = _MIGRATION.format(before=last, operation=operation)
            (package / f"{name}.py").write_text(text)
            importlib.invalidate_caches()
            seconds = _replay_seconds()
            _say(figure, median(seconds) * 1000, "ms")
            last = name
    finally:
        sys.path.remove(str(folder))
        shutil.rmtree(folder)


def _replay_seconds() -> list[float]:
    """Each replayed town's own time in one run over all of them."""
    from tenants import migrating

    seconds: list[float] = []
    ordinary = migrating.replay

    def timed(*arguments: Any) -> None:
        started = time.perf_counter()
        ordinary(*arguments)
        seconds.append(time.perf_counter() - started)

    migrating.replay = timed  # type: ignore[assignment]
    try:
        outcome = migrating.migrate_all(rounds=1)
    finally:
        migrating.replay = ordinary
    if outcome.behind or len(seconds) != TOWNS:
        raise BenchError(f"{len(seconds)} towns replayed, behind: {outcome.behind}")
    return seconds


if __name__ == "__main__":
    main()
