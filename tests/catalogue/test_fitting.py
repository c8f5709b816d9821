"""Does a form fit the fees, letters and register of its service?"""

from __future__ import annotations

from typing import Any

import pytest

from catalogue.fitting import Misfit, misfits
from catalogue.registry import catalogue
from forms import definitions


def _without(data: dict[str, Any], gone: str) -> definitions.FormDefinition:
    for step in data["steps"]:
        step["questions"] = [
            {k: v for k, v in q.items() if k not in {"show_when", "required_when", "validate"}}
            | ({"rule": "1"} if q["type"] == "computed" else {})
            for q in step["questions"]
            if q["id"] != gone
        ]
    return definitions.load(data)


@pytest.mark.parametrize("key", [key for key, _template in catalogue().items()])
def test_a_templates_own_form_fits(key: str) -> None:
    template = catalogue().get(key)
    assert misfits(template, template.form) == []


def test_what_the_service_needs_is_named() -> None:
    template = catalogue().get("park_use")
    assert template.service.register_entry is not None
    until = template.service.register_entry.valid_until
    assert Misfit("register", until) in misfits(template, _without(template.form.as_json(), until))
    printed = template.letters.approved.particulars[0]
    found = misfits(template, _without(template.form.as_json(), printed))
    assert Misfit("letter", printed) in found
    fees = misfits(template, _without(template.form.as_json(), "act_type"))
    assert [one.part for one in fees if one.part == "fees"] == ["fees"]
    assert "act_type" in next(one.why for one in fees if one.part == "fees")


def test_another_key_is_named() -> None:
    template = catalogue().get("park_use")
    form = definitions.load(template.form.as_json() | {"key": "other"})
    assert misfits(template, form) == [Misfit("key", "park_use")]
