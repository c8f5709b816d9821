"""What may follow a case: a wrong rule is refused with its place, before anybody applies."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from pydantic import ValidationError

from catalogue import linked
from catalogue.linked import LinkRule
from catalogue.registry import catalogue
from catalogue.template import TemplateError
from tests.catalogue.folders import Folder

LATE = {"ja": "遅い", "en": "late"}
APPEAL: dict[str, Any] = {
    "kind": "appeal",
    "service": "review_request",
    "months_after_known": 3,
    "granted": "anew",
    "goes_to": LATE,
    "too_late": LATE,
}


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ({"kind": "amendment"}, "too_late"),
        ({"kind": "amendment", "too_late": LATE, "outcomes": ["refused"]}, "outcomes"),
        ({"kind": "amendment", "too_late": LATE, "months_before_end": 3}, "months_before_end"),
        ({"kind": "renewal", "too_late": LATE}, "months_before_end"),
        ({"kind": "addition"}, "service"),
        ({**APPEAL, "granted": None}, "granted"),
        ({**APPEAL, "goes_to": None}, "goes_to"),
        ({**APPEAL, "months_after_known": None}, "months_after_known"),
        ({**APPEAL, "fill": {"name": "shoe_size"}}, "shoe_size"),
        ({**APPEAL, "wants": 1}, "wants"),
    ],
)
def test_a_rule_that_is_not_complete(rule: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError) as wrong:
        LinkRule.model_validate(rule)
    assert said in str(wrong.value)


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("{kind: amendment, too_late: {ja: 遅い, en: late}, stages: [moon]}", "no stage 'moon'"),
        ("{kind: amendment, too_late: {ja: 遅い, en: late}, carry: [shoe]}", "no question 'shoe'"),
        (
            "{kind: renewal, months_before_end: 1, too_late: {ja: 遅い, en: late}}",
            "no first and last day",
        ),
    ],
)
def test_a_rule_that_does_not_fit_its_own_service(tmp_path: Path, rule: str, said: str) -> None:
    folder = Folder(tmp_path)
    text = (folder.path / "service.yaml").read_text(encoding="utf-8")
    folder.write("service.yaml", f"{text}\nlinked:\n  - {rule}\n")
    with pytest.raises(TemplateError) as wrong:
        folder.load()
    assert "services/meeting_room/service.yaml: linked.1" in str(wrong.value)
    assert said in str(wrong.value)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"service": "moon"}, "no service 'moon'"),
        ({"service": "park_use"}, "wrong kind"),
        ({"carry": ("shoe",)}, "carry: no question 'shoe'"),
        ({"fill": {"claim": "decided_on"}}, "fill: 'claim' cannot say"),
        ({"set_": {"hearing": "maybe"}}, "no answer to 'hearing'"),
    ],
)
def test_a_rule_that_does_not_fit_the_service_it_names(changes: dict[str, Any], said: str) -> None:
    known = {key: catalogue().get(key) for key in catalogue()}
    rule = LinkRule.model_validate(APPEAL).model_copy(update=changes)
    odd: Any = SimpleNamespace(
        package="services/odd", key="odd", service=SimpleNamespace(linked=(rule,))
    )
    with pytest.raises(ValueError, match=r"^services/odd/service.yaml: linked.1 \(appeal\)") as bad:
        linked.check_targets({**known, "odd": odd})
    assert said in str(bad.value)


def test_every_service_that_is_shipped_fits() -> None:
    known = {key: catalogue().get(key) for key in catalogue()}
    linked.check_targets(known)
    offered = {key: {rule.id for rule in one.service.linked} for key, one in known.items()}
    assert offered["park_use"] >= {"amendment", "renewal", "appeal"}
    assert offered["road_occupancy"] >= {"amendment", "renewal"}
    assert "appeal" in offered["child_allowance"]
    assert offered["event"]
