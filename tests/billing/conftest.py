from __future__ import annotations

from typing import Any

import pytest

from billing import actions, refunds
from billing.models import FeeDue
from common import outbox
from common.text import Text


@pytest.fixture(autouse=True)
def somebody_handles_fee_paid(monkeypatch: pytest.MonkeyPatch) -> None:
    """These tests are about payments: whatever follows one does nothing here."""
    for kind in (actions.FEE_PAID, refunds.REFUNDED):
        monkeypatch.setitem(outbox.handlers._items, kind, lambda payload: None)


@pytest.fixture
def fee(town: Any) -> FeeDue:
    raised = actions.raise_fee(
        reference="260401-7K3F9QXM",
        title=Text({"ja": "公園使用料", "en": "Park fee"}),
        amount=480,
        lines=[
            {"text": {"ja": "撮影", "en": "Photography"}, "amount": 640},
            {"text": {"ja": "減免", "en": "Reduction"}, "amount": -160},
        ],
    )
    assert raised is not None
    return raised
