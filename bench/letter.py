# ruff: noqa: PLC0415  models can be imported after django.setup() only
"""Seconds to write the letter of a decided case and make its PDF, cold and warm; as JSON.

Run as ``python -m bench.letter`` after the journey, which has left decided cases behind. Nothing is
kept: the transaction is rolled back.
"""

from __future__ import annotations

import json
import statistics
import time

import django

WARM = 15


def main() -> None:
    django.setup()
    from django.db import transaction
    from django.utils import timezone

    from bench.prepare import town_domain
    from cases import letters
    from cases.models import Decision, RegisterEntry
    from documents.pdf import render_pdf
    from tenants.context import municipality

    seconds, cpu, size = [], [], 0
    with municipality(town_domain().tenant):
        decision = Decision.objects.select_related(
            "case__application", "case__offering", "case__department", "case__resident"
        ).filter(outcome="approved")[0]
        entry = RegisterEntry(
            decision=decision,
            offering=decision.case.offering,
            holder=decision.case.resident,
            number=decision.number,
            valid_from=timezone.localdate(),
            valid_until=timezone.localdate(),
        )
        for _ in range(1 + WARM):
            started, busy = time.perf_counter(), time.process_time()
            letter = letters.compose(decision, entry)
            pdf = render_pdf(letter.html, title=letter.title, language=letter.language)
            seconds.append(time.perf_counter() - started)
            cpu.append(time.process_time() - busy)
            size = len(pdf)
        transaction.set_rollback(True)
    print(
        json.dumps(
            {
                "cold": round(seconds[0], 3),
                "warm": round(statistics.median(seconds[1:]), 4),
                "warm_cpu": round(statistics.median(cpu[1:]), 4),
                "bytes": size,
            }
        )
    )


if __name__ == "__main__":
    main()
