"""The demo towns' accounts, so that residents are offered a transfer as well as a card."""

from __future__ import annotations

from collections.abc import Iterable

from billing.models import FinanceSettings
from tenants import context
from tenants.models import Municipality


def seed(towns: Iterable[Municipality]) -> None:
    """Made-up accounts; what somebody has changed at the finance desk stays."""
    for town in towns:
        with context.municipality(town):
            FinanceSettings.objects.get_or_create(
                pk=1,
                defaults={
                    "bank_name": "見本銀行",
                    "branch_name": "本店",
                    "account_kind": "普通",
                    "account_number": "1234567",
                    "account_holder": "ミホンカイケイカンリシャ",
                    "four_eyes_above": 50_000,
                },
            )
