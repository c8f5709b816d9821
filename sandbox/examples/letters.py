"""Letters of confirmation to people of the sandbox eID, as if the town had just posted them."""

from __future__ import annotations

import csv
import io
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.utils import timezone

from cases.prepared_letters import lists
from cases.prepared_letters.models import PreparedLetter
from catalogue.models import Offering
from identity.models import User

SERVICE = "tax_exempt_household"
_PERSONAS = Path(__file__).resolve().parents[1] / "eid" / "personas.json"
#: By persona: number, bank, branch, account, amount.
_LETTERS = {
    "single_parent": (
        "2026-000123",
        "0001",
        "みずほ銀行",
        "110",
        "東京中央",
        "1234567",
        "100000",
    ),
    "rare_kanji": ("2026-000124", "9900", "ゆうちょ銀行", "758", "七五八", "7654321", "70000"),
    "foreign_resident": ("2026-000125", "", "", "", "", "", "100000"),
}


def seed(offering: Offering, by: User) -> None:
    """Post them, once."""
    if PreparedLetter.objects.filter(offering=offering).exists():
        return
    waiting = lists.upload(offering=offering, content=as_csv(), filename="確認書の一覧.csv", by=by)
    lists.take(list_id=waiting.pk, by=by)


def as_csv() -> bytes:
    """The list, as a town would upload it."""
    out = io.StringIO(newline="")
    rows = csv.writer(out)
    rows.writerow(
        ("番号", "氏名", "フリガナ", "生年月日", "郵便番号", "住所", "方書", "金融機関コード",
         "金融機関名", "支店コード", "支店名", "口座種別", "口座番号", "口座名義", "支給額", "期限")
    )  # fmt: skip
    last_day = (timezone.localdate() + timedelta(days=60)).isoformat()
    people: list[dict[str, Any]] = json.loads(_PERSONAS.read_text(encoding="utf-8"))
    for person in people:
        if person["id"] not in _LETTERS:
            continue
        number, bank, bank_name, branch, branch_name, account, amount = _LETTERS[person["id"]]
        claims = person["claims"]
        kana, address = claims["name#ja-Kana-JP"], claims["address"]
        street, _line, building = address["street_address"].partition("\n")
        rows.writerow(
            (number, claims["name"], kana, claims["birthdate"], address["postal_code"],
             f"{address['region']}{address['locality']}{street}", building, bank, bank_name,
             branch, branch_name, "普通" if account else "", account, kana if account else "",
             amount, last_day)
        )  # fmt: skip
    return out.getvalue().encode("utf-8-sig")
