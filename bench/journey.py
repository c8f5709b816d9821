"""The resident's whole journey next to the plain floor, alternating in one run.

Both sides have the same gunicorn (two processes) and the same PostgreSQL server. Two people walk at
a time. CPU is what the kernel counted for gunicorn and PostgreSQL with all their processes; nothing
works off the outbox meanwhile, on neither side.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from bench import receipts, statements
from bench.figures import Figure, median, p95
from bench.house import Servers, Side, database_cpu, floor, madoguchi, run_module, servers
from bench.plan import site_plan
from bench.walks import Times, Walk, floor_walk, madoguchi_walk

ALTERNATIONS = 5
# On a busy machine fewer alternations are walked, but never fewer than three.
BUDGET_SECONDS = 60.0
FEWEST = 3
JOURNEYS = 12
WALKERS = 2
WARM_UP = 4
LIMIT = 1.5
LETTER_LIMIT = 0.1
_PLAN = site_plan()


@dataclass
class Round:
    """One turn of one side."""

    requests_per_second: float
    web_ms: float
    database_ms: float
    steps: dict[str, list[float]]

    @property
    def cpu_ms(self) -> float:
        return self.web_ms + self.database_ms


@dataclass
class Runner:
    """Walks a side's journey with fresh people each time."""

    side: Side
    walk: Walk
    rounds: list[Round] = field(default_factory=list)
    _next: Iterator[int] = field(default_factory=lambda: iter(range(1_000_000)))

    def journeys(self, count: int, walkers: int = WALKERS) -> list[Times]:
        """`count` journeys by `walkers` people at a time. Raises what a walk raised."""
        numbers = iter([next(self._next) for _ in range(count)])
        lock, done, failed = threading.Lock(), list[Times](), list[BaseException]()

        def walker() -> None:
            staff = self.side.staff()
            while not failed:
                with lock:
                    number = next(numbers, None)
                if number is None:
                    break
                resident = self.side.resident(number)
                try:
                    times = self.walk(resident, staff, _PLAN)
                except Exception as error:  # noqa: BLE001  handed to the caller below
                    failed.append(error)
                    break
                finally:
                    resident.close()
                done.append(times)
            staff.close()

        threads = [threading.Thread(target=walker) for _ in range(walkers)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if failed:
            raise failed[0]
        return done

    def round(self, demo: Servers) -> None:
        """One measured turn."""
        web, database, started = self.side.web.cpu(), database_cpu(demo), time.perf_counter()
        walked = self.journeys(JOURNEYS)
        seconds = time.perf_counter() - started
        steps: dict[str, list[float]] = {}
        for times in walked:
            for step, taken in times.steps.items():
                steps.setdefault(step, []).append(taken)
        self.rounds.append(
            Round(
                requests_per_second=sum(map(len, steps.values())) / seconds,
                web_ms=(self.side.web.cpu() - web) / JOURNEYS * 1000,
                database_ms=(database_cpu(demo) - database) / JOURNEYS * 1000,
                steps=steps,
            )
        )


def compare(demo: Servers, ours: Side, plain: Side) -> Iterator[Figure]:
    """Alternate both sides; figures of each, and their ratios."""
    runners = [Runner(plain, floor_walk), Runner(ours, madoguchi_walk)]
    for runner in runners:
        runner.journeys(WARM_UP)
    started = time.monotonic()
    for turn in range(ALTERNATIONS):
        if turn >= FEWEST and time.monotonic() - started > BUDGET_SECONDS:
            break
        # Whoever goes first finds the machine in another state: take turns.
        for runner in runners if turn % 2 == 0 else reversed(runners):
            runner.round(demo)
    yield from _sides(runners)
    yield from _ratios(*runners)


def _sides(runners: list[Runner]) -> Iterator[Figure]:
    for runner in runners:
        name, rounds = runner.side.name, runner.rounds
        yield Figure(
            f"journey.{name}.requests", _median(rounds, lambda one: one.requests_per_second), "1/s"
        )
        yield Figure(f"journey.{name}.web_cpu", _median(rounds, lambda one: one.web_ms), "ms")
        yield Figure(
            f"journey.{name}.database_cpu", _median(rounds, lambda one: one.database_ms), "ms"
        )
        for step, taken in _steps(runner).items():
            yield Figure(f"journey.{name}.{step}.p95", round(p95(taken) * 1000, 2), "ms")


def _ratios(plain: Runner, ours: Runner) -> Iterator[Figure]:
    parts: dict[str, Callable[[Round], float]] = {
        "cpu": lambda one: one.cpu_ms,
        "web_cpu": lambda one: one.web_ms,
        "database_cpu": lambda one: one.database_ms,
    }
    for name, part in parts.items():
        # Each alternation by itself: what disturbed the machine then disturbed both.
        ratio = median(
            [
                part(mine) / part(theirs)
                for mine, theirs in zip(ours.rounds, plain.rounds, strict=True)
            ]
        )
        yield Figure(f"journey.ratio.{name}", round(ratio, 3), "×", LIMIT)
    for name, kind in (("p50", median), ("p95", p95)):
        total = [sum(kind(taken) for taken in _steps(runner).values()) for runner in (ours, plain)]
        yield Figure(f"journey.ratio.latency_{name}", round(total[0] / total[1], 3), "×", LIMIT)


def _steps(runner: Runner) -> dict[str, list[float]]:
    """All times of each step, over all rounds."""
    return {
        step: [taken for one in runner.rounds for taken in one.steps[step]]
        for step in runner.rounds[0].steps
    }


def _median(rounds: list[Round], part: Callable[[Round], float]) -> float:
    return round(median([part(one) for one in rounds]), 2)


def run() -> Iterator[Figure]:
    """The group's figures."""
    people = 2 * (WARM_UP + ALTERNATIONS * JOURNEYS)
    with servers() as demo:
        with floor(demo, people) as plain, madoguchi(demo, people) as ours:
            yield from compare(demo, ours, plain)
            yield from receipts.run(demo, ours)
            yield from statements.run(
                demo, [Runner(plain, floor_walk), Runner(ours, madoguchi_walk)]
            )
        letter = run_module(demo, demo.environment, "bench.letter")
        yield Figure("letter.cold", letter["cold"], "s")
        yield Figure("letter.warm", letter["warm"], "s", LETTER_LIMIT)
        yield Figure("letter.warm_cpu", letter["warm_cpu"], "s")
        yield Figure("letter.size", letter["bytes"], "bytes")
