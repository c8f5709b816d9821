"""How long a resident waits for the receipt while fifty submit."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from bench.browser import Browser, Form
from bench.figures import Figure, median, p95
from bench.house import Servers, Side
from bench.plan import site_plan
from bench.walks import Times, expect, fill_in, only_form

RESIDENTS = 50
LIMIT = 0.3
# Fifty people do not press in the same instant; they do within these seconds.
ARRIVAL_SECONDS = 5.0
_PLAN = site_plan()

Ready = tuple[Browser, str, Form]


def ready_to_send(side: Side, numbers: range, walkers: int = 3) -> list[Ready]:
    """Residents who have filled in everything and look at the check page."""

    def prepare(number: int) -> Ready:
        resident = side.resident(number)
        check = fill_in(resident, _PLAN, Times())
        form = only_form(expect(resident.get(check), 200))
        # A kept connection would be closed by the server while the others still fill in.
        resident.close()
        return resident, check, form

    with ThreadPoolExecutor(walkers) as pool:
        return list(pool.map(prepare, numbers))


def send_all(ready: list[Ready], within: float) -> list[float]:
    """Everybody sends, at random moments `within` seconds; seconds until each receipt is read."""
    chance = random.Random(2026)
    together = threading.Barrier(len(ready))

    def send(one: Ready, delay: float) -> float:
        resident, path, form = one
        together.wait()
        time.sleep(delay)
        started = time.perf_counter()
        receipt = expect(resident.post(path, form.fields), 302, 303).location
        expect(resident.get(receipt), 200)
        taken = time.perf_counter() - started
        resident.close()
        return taken

    with ThreadPoolExecutor(len(ready)) as pool:
        delays = [chance.uniform(0, within) for _ in ready]
        return list(pool.map(send, ready, delays))


def run(demo: Servers, side: Side) -> Iterator[Figure]:
    """p95 of the wait, with arrivals spread and all in one instant."""
    spread = send_all(ready_to_send(side, range(RESIDENTS)), ARRIVAL_SECONDS)
    yield Figure("receipt.p50", round(median(spread), 3), "s")
    yield Figure("receipt.p95", round(p95(spread), 3), "s", LIMIT)
    burst = send_all(ready_to_send(side, range(RESIDENTS)), 0)
    yield Figure("receipt.same_instant_p50", round(median(burst), 3), "s")
    yield Figure("receipt.same_instant_p95", round(p95(burst), 3), "s")
