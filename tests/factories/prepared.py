"""Letters that a town has posted, brought by its lists, in the town that is active."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from typing import Any

from django.utils import timezone

from cases.prepared_letters import lists
from cases.prepared_letters.models import PreparedLetter, PreparedList
from catalogue.models import Offering
from tests.factories import cases, people

SERVICE = "tax_exempt_household"


def row(**changes: str) -> dict[str, str]:
    """A line for the resident of `people.resident`."""
    return {
        "番号": "A-0001",
        "氏名": "山田　花子",
        "フリガナ": "ﾔﾏﾀﾞ ﾊﾅｺ",
        "生年月日": "昭和60年4月12日",
        "郵便番号": "100-0001",
        "住所": "東京都千代田区千代田１番１号",
        "金融機関コード": "1",
        "金融機関名": "みなと銀行",
        "支店コード": "12",
        "支店名": "本店",
        "口座種別": "普通",
        "口座番号": "34567",
        "口座名義": "ﾔﾏﾀﾞ ﾊﾅｺ",
        "支給額": "100,000円",
        "期限": (timezone.localdate() + timedelta(days=30)).isoformat(),
    } | changes


def table(*rows: dict[str, str], encoding: str = "utf-8-sig") -> bytes:
    """A list as a file."""
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, list(rows[0]), extrasaction="ignore")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode(encoding)


def upload(of: Offering, *rows: dict[str, str]) -> PreparedList:
    """A list that waits."""
    return lists.upload(offering=of, content=table(*rows), filename="一覧.csv", by=people.admin())


def letter(of: Offering | None = None, **changes: Any) -> PreparedLetter:
    """A letter that was posted, by default to the resident of `people.resident`."""
    of = of or cases.offering(SERVICE)
    line = row(**changes)
    lists.take(list_id=upload(of, line).pk, by=people.admin())
    return PreparedLetter.objects.get(offering=of, number=line["番号"])
