"""A small run of the fault experiment; ``make bench ONLY=faults`` is the full one."""

from __future__ import annotations

import pytest

from bench.faults import figures, submissions_under_faults
from bench.house import servers

pytestmark = [
    pytest.mark.servers,
    # The embedded servers leave the closing of their log files to the garbage collector.
    pytest.mark.filterwarnings("ignore:.*madoguchi-:pytest.PytestUnraisableExceptionWarning"),
]


def test_no_submission_is_lost_or_doubled_while_things_break() -> None:
    with servers() as demo:
        demo.lease_seconds = 6
        outcome = submissions_under_faults(demo, submissions=16, worker_kills=2)
    missed = [figure.as_json() for figure in figures(outcome) if not figure.holds]
    assert missed == []
    assert (outcome.worker_kills, outcome.postgres_restarts) == (2, 1)
    assert outcome.accepted == 16
