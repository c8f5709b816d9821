"""A thousand decision letters as PDF on two cores: seconds, and whether a worker's memory is flat.

``python -m bench.letters_many`` prints the figures; ``--worker N`` is one of the two processes. It
needs no database: the letter is the one with everything in it, each with another applicant.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from bench.figures import Figure

if TYPE_CHECKING:
    from documents.letters import Letter

LETTERS, WORKERS = 1000, 2
LIMIT_SECONDS = 120
#: How much a worker may hold at its end beyond what it held after its first letters, in MB.
LIMIT_GROWTH = 20
_WARM = 50


def run() -> Iterator[Figure]:
    """All letters, divided between the workers, start of the processes included."""
    started = time.perf_counter()
    share = LETTERS // WORKERS
    command = [sys.executable, "-m", "bench.letters_many", "--worker", str(share)]
    workers = [
        subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings.test"},
        )
        for _ in range(WORKERS)
    ]
    told = [json.loads(worker.communicate()[0]) for worker in workers]
    seconds = time.perf_counter() - started
    yield Figure("letters.thousand", round(seconds, 1), "s", LIMIT_SECONDS)
    yield Figure("letters.growth", max(one["growth"] for one in told), "MB", LIMIT_GROWTH)
    yield Figure("letters.most_memory", max(one["most"] for one in told), "MB")


def _resident() -> float:
    """Megabytes this process holds now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1e6


def _work(count: int) -> None:
    import django  # noqa: PLC0415

    django.setup()
    from django.conf import settings  # noqa: PLC0415

    # There is no town whose brand could be read.
    settings.BRAND_PROVIDER = ""
    from documents.letters import render_letter  # noqa: PLC0415  models can be imported now
    from documents.pdf import render_pdf, warm_up  # noqa: PLC0415

    warm_up()
    held = 0.0
    for number in range(count):
        letter = _letter(number)
        render_pdf(render_letter(letter), title=letter.title, language=letter.language)
        if number == _WARM:
            held = _resident()
    grown = _resident() - held
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
    print(json.dumps({"growth": round(grown, 1), "most": round(most)}))


def _letter(number: int) -> Letter:
    from documents.letters import (  # noqa: PLC0415
        Addressee,
        Appeal,
        Letter,
        VerificationMark,
    )

    code = f"7K3QX-9M2PD-WT4GB-{number:05d}"
    return Letter(
        language="ja",
        title="公園内行為許可書",
        number=f"公2026-{number}号",
        issued_on=date(2026, 4, 1),
        addressee=Addressee(
            name=f"山田 花子{number}", postal_code="1000001", address="東京都千代田区千代田1-1"
        ),
        paragraphs=(
            (
                f"令和8年4月1日付け（受付番号 260401-{number:08d}）で申請のあった公園内における"
                "行為について、次のとおり許可します。"
            ),
        ),
        receipt_number=f"260401-{number:08d}",
        particulars=(
            ("公園の名称", "中央海浜公園"),
            ("行為の種類", "業としての写真・映画・テレビの撮影"),
            ("目的", f"地域の紹介番組の撮影（その{number}）"),
            ("面積", f"{20 + number % 50} m²"),
            ("使用の期間", "令和8年4月10日から令和8年4月12日まで"),
        ),
        conditions=(
            "使用後は原状に回復し、ごみを持ち帰ること。",
            "他の利用者の通行を妨げないこと。",
        ),
        fee=(("撮影　カメラ1台1日160円 × 2台 × 3日", 960),),
        legal_basis=("都市公園条例（公園内での行為の制限及び許可）",),
        remarks=("許可の条件に違反したときは、許可を取り消すことがあります。",),
        appeal=Appeal(authority="汐見市長", defendant="汐見市", representative="汐見市長"),
        verification=VerificationMark(url=f"https://shiomi.example/verify/{code}/", code=code),
    )


def main() -> None:
    if sys.argv[1:2] == ["--worker"]:
        _work(int(sys.argv[2]))
        return
    for figure in run():
        print(figure.as_json(), flush=True)


if __name__ == "__main__":
    main()
