"""A fee that is charged on submission: what a folder must have for it, each with its place."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from catalogue.template import ServiceTemplate, TemplateError
from tests.services import site_survey
from workflow import definition, transfer

_SOURCE = Path(site_survey.__file__).parent
LAPSES = "  - {verb: lapse, from: [fee], to: lapsed, roles: [system]}\n"
WITHDRAWN = "withdraw, from: [fee, paid, desk]"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    found = tmp_path / "site_survey"
    shutil.copytree(_SOURCE, found, ignore=shutil.ignore_patterns("__pycache__"))
    return found


def load(folder: Path) -> ServiceTemplate:
    return ServiceTemplate(folder, "services/site_survey")


def test_folder_with_a_fee_first_is_read(folder: Path) -> None:
    template = load(folder)
    assert template.workflow.fee_first
    assert (template.fees.charge, template.fees.refundable) == ("on_submission", "unless_decided")


@pytest.mark.parametrize(
    ("name", "old", "new", "message"),
    [
        ("fees.yaml", "charge: on_submission\nrefundable: unless_decided\n", "",
         r"workflow\.yaml: clock\.starts: it starts with the fee, but fees\.yaml charges none"),
        ("fees.yaml", "charge: on_submission\n", "", r"fees\.yaml: refundable: only what"),
        ("fees.yaml", "unless_decided", "always", r"fees\.yaml: "),
        ("fees.yaml", "unpaid:", "instalments: {by: equal}\nunpaid:", r"instalments: a fee on"),
        ("fees.yaml", "unpaid:", "waiver_question: name\nunpaid:", r"waiver_question: who is let"),
        ("workflow.yaml", LAPSES, LAPSES.replace("fee]", "desk]"),
         r"stage 'fee': .* needs a move 'lapse'"),
        ("workflow.yaml", WITHDRAWN, WITHDRAWN.replace("fee, ", ""),
         r"stage 'fee': .* needs a move 'withdraw'"),
        ("workflow.yaml", "pay, from: [fee]", "pay, from: [fee, desk]",
         r"move pay: the fee is paid at stage 'fee' only"),
        ("workflow.yaml", "to: paid, roles: [system]", "to: paid, roles: [caseworker]",
         r"move pay: it is the system's"),
        ("workflow.yaml", "refuse, from: [desk]", "refuse, from: [desk, fee]",
         r"move refuse: nothing is decided before the fee is paid"),
    ],
)  # fmt: skip
def test_what_cannot_work_is_refused(
    folder: Path, name: str, old: str, new: str, message: str
) -> None:
    text = (folder / name).read_text(encoding="utf-8")
    assert old in text
    (folder / name).write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(TemplateError, match=message):
        load(folder)


def test_fee_on_submission_needs_a_workflow_that_waits_for_it(folder: Path) -> None:
    room = _SOURCE.parent / "meeting_room"
    shutil.copy(room / "workflow.yaml", folder)
    fees = (folder / "fees.yaml").read_text(encoding="utf-8")
    (folder / "fees.yaml").write_text(fees.replace("unpaid: {then: lapse}\n", ""), encoding="utf-8")
    with pytest.raises(TemplateError, match=r"clock\.starts: a fee is charged on submission"):
        load(folder)


def test_running_cases_do_not_change_when_they_pay(folder: Path) -> None:
    fee_first = load(folder).workflow
    data = fee_first.as_json()
    data["initial"], data["clock"]["starts"] = "paid", "receipt"
    data["stages"] = [stage for stage in data["stages"] if stage["id"] not in ("fee", "lapsed")]
    data["moves"] = [move for move in data["moves"] if move["verb"] not in ("pay", "lapse")]
    for move in data["moves"]:
        move["from"] = [stage for stage in move["from"] if stage != "fee"]
    after = definition.load(data)
    stages = transfer.complete(after, fee_first, {})
    assert set(transfer.problems(after, fee_first, stages)) == {"paid", "desk"}
    assert (
        transfer.problems(fee_first, fee_first, transfer.complete(fee_first, fee_first, {})) == {}
    )
