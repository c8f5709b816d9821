"""One thing done to many cases: the preview, the worker, a result for each."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone, translation

from audit.models import LedgerEntry
from cases import actions, bulk
from cases.desk import InboxFilter
from cases.models import Case, CorrectionRequest, Decision
from cases.models_desk import BulkItem, BulkRun
from common import outbox
from common.errors import Conflict, InvalidInput, NotFound
from common.models import OutboxRow
from identity.models import StaffRole, User
from tenants.context import municipality
from tests.cases.test_periods import _completed_first, _extendable, _not_extendable
from tests.factories import cases as make
from tests.factories import people

LIST = InboxFilter()


@pytest.fixture(autouse=True)
def _no_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("common.outbox._wake_worker", lambda: None)


def _previewed(by: User, cases: list[Case], verb: str, **typed: str) -> BulkRun:
    run = bulk.choose(by=by, chosen=LIST, ids=[case.pk for case in cases], query="")
    return bulk.preview(run=run, verb=verb, options=bulk.options_of(verb, typed))


def _asking(by: User, cases: list[Case], ids: list[str], **typed: str) -> BulkRun:
    run = bulk.choose(by=by, chosen=LIST, ids=[case.pk for case in cases], query="")
    options = bulk.options_of("correct", {"message": "くわしく。", **typed}, ids)
    return bulk.preview(run=run, verb="correct", options=options)


def _results(run: BulkRun) -> dict[Any, tuple[str, str]]:
    return {item.case_id: (item.state, item.reason) for item in run.items.all()}


def _work() -> None:
    for row in OutboxRow.objects.filter(kind="cases.bulk").order_by("id"):
        bulk.work_off(row.payload)


def test_preview_says_for_each_case_whether_and_why_not(town: Any) -> None:
    worker = people.caseworker()
    fine, fresh = make.claimed_case(by=worker), make.submitted_case()
    asked = make.consulted_case(by=worker).case
    run = _previewed(worker, [fine, fresh, asked], "refuse", reason="場所が重なるため。")
    found = _results(run)
    assert found[fine.pk] == ("waiting", "")
    assert found[fresh.pk][0] == "refused"
    assert "受付済み" in found[fresh.pk][1]
    assert "照会中の課があります" in found[asked.pk][1]
    assert Decision.objects.count() == 0


def test_preview_says_that_a_fee_is_not_waived_here(town: Any) -> None:
    worker = people.caseworker()
    asks = make.claimed_case(by=worker, answers={"fee_waiver": True, "waiver_reason": "community"})
    pays = make.claimed_case(by=worker)
    with translation.override("en"):
        found = _results(_previewed(worker, [asks, pays], "approve"))
        refused = _results(_previewed(worker, [asks], "refuse", reason="場所が重なるため。"))
    fee = f"¥{asks.application.computed_fee.total:,}"
    assert found[pays.pk] == ("waiting", "")
    assert found[asks.pk][0] == "waiting"
    assert f"They ask to be let off the fee of {fee}." in found[asks.pk][1]
    assert "decide this case by itself" in found[asks.pk][1]
    assert refused[asks.pk] == ("waiting", "")


def test_approval_carries_the_conditions_of_the_offices_that_were_asked(town: Any) -> None:
    worker = people.caseworker()
    plain = make.claimed_case(by=worker)
    demanded = make.opinions_on(
        make.consulted_case(by=worker).case, "with_conditions", "通路を空ける\n消火器を置く\n"
    )
    with translation.override("en"):
        run = _previewed(worker, [plain, demanded], "approve", conditions="清掃する\n消火器を置く")
    found = _results(run)
    assert found[plain.pk] == ("waiting", "")
    assert found[demanded.pk] == ("waiting", "+ 1 condition of consulted offices.")
    bulk.start(run=run)
    _work()
    conditions = dict(Decision.objects.values_list("case", "conditions"))
    assert conditions == {
        plain.pk: ["清掃する", "消火器を置く"],
        demanded.pk: ["清掃する", "消火器を置く", "通路を空ける"],
    }


def test_refusal_in_bulk_has_no_conditions(town: Any) -> None:
    worker = people.caseworker()
    case = make.opinions_on(make.consulted_case(by=worker).case, "with_conditions", "通路を空ける")
    run = bulk.start(run=_previewed(worker, [case], "refuse", reason="場所が重なるため。"))
    assert _results(run) == {case.pk: ("waiting", "")}
    _work()
    assert Decision.objects.get().conditions == []


def test_run_decides_with_ledger_and_notices_queued(town: Any) -> None:
    worker = people.caseworker()
    cases = [make.claimed_case(by=worker) for _ in range(3)]
    other = make.submitted_case()
    run = bulk.start(run=_previewed(worker, [*cases, other], "approve", conditions="一つ\n二つ"))
    assert run.state == "running"
    _work()
    run.refresh_from_db()
    assert (run.state, run.finished_at is not None) == ("done", True)
    assert bulk.counts(run) == {"waiting": 0, "done": 3, "refused": 1, "all": 4}
    assert {d.case_id for d in Decision.objects.filter(conditions=["一つ", "二つ"])} == {
        case.pk for case in cases
    }
    events = LedgerEntry.objects.filter(event="case.approved").values_list("object_id", flat=True)
    assert set(events) == {str(case.pk) for case in cases}
    assert OutboxRow.objects.filter(kind="cases.decided").count() == 3
    assert LedgerEntry.objects.get(event="cases.bulk_started").data == {
        "verb": "approve", "count": 3
    }  # fmt: skip


def test_a_chunk_done_twice_does_nothing_twice(town: Any) -> None:
    worker = people.caseworker()
    run = bulk.start(run=_previewed(worker, [make.claimed_case(by=worker)], "approve"))
    _work()
    _work()
    assert Decision.objects.count() == 1
    assert _results(run).popitem()[1] == ("done", "")


def test_a_worker_killed_in_the_middle_leaves_no_half(
    town: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = people.caseworker()
    cases = [make.claimed_case(by=worker) for _ in range(3)]
    monkeypatch.setattr(bulk, "CHUNK", 2)
    run = bulk.start(run=_previewed(worker, cases, "approve"))
    OutboxRow.objects.exclude(kind="cases.bulk").delete()
    decide, seen = actions.decide, []

    def killed(**given: Any) -> Decision:
        seen.append(given["case"].pk)
        if len(seen) == 2:
            raise SystemExit
        return decide(**given)

    monkeypatch.setattr(actions, "decide", killed)
    with pytest.raises(SystemExit):
        outbox.drain(limit=1)
    monkeypatch.setattr(actions, "decide", decide)
    assert Decision.objects.count() == 0
    assert bulk.counts(run)["waiting"] == 3
    OutboxRow.objects.filter(kind="cases.bulk").update(leased_until=None)
    _work()
    run.refresh_from_db()
    assert (run.state, bulk.counts(run)["done"]) == ("done", 3)


def test_what_changed_after_the_preview_is_left_alone_and_named(town: Any) -> None:
    worker, colleague = people.caseworker(), people.caseworker(name="小川 春")
    changed, same = make.claimed_case(by=worker), make.claimed_case(by=worker)
    run = bulk.start(run=_previewed(worker, [changed, same], "refuse", reason="重なるため。"))
    actions.claim_case(case=changed, by=colleague)
    _work()
    found = _results(run)
    assert found[changed.pk][0] == "refused"
    assert "変更" in found[changed.pk][1] or "Somebody changed" in found[changed.pk][1]
    assert found[same.pk] == ("done", "")
    assert not Decision.objects.filter(case=changed).exists()


def test_rights_are_those_at_the_moment_of_the_work(town: Any) -> None:
    worker = people.caseworker()
    run = bulk.start(run=_previewed(worker, [make.claimed_case(by=worker)], "approve"))
    StaffRole.objects.filter(user=worker).delete()
    _work()
    assert bulk.counts(run)["refused"] == 1
    assert Decision.objects.count() == 0


def test_a_fault_in_one_case_does_not_stop_the_others(
    town: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    worker = people.caseworker()
    bad, good = make.claimed_case(by=worker), make.claimed_case(by=worker)
    run = bulk.start(run=_previewed(worker, [bad, good], "approve"))
    decide = actions.decide

    def faulty(**given: Any) -> Decision:
        if given["case"].pk == bad.pk:
            raise KeyError("何か")
        return decide(**given)

    monkeypatch.setattr(actions, "decide", faulty)
    _work()
    found = _results(run)
    assert (found[bad.pk][0], found[good.pk]) == ("refused", ("done", ""))


def test_only_cases_one_works_on_can_be_chosen(town: Any) -> None:
    worker = people.caseworker()
    mine = make.submitted_case()
    foreign = make.submitted_case(of=make.offering("child_allowance"), resident=mine.resident)
    run = bulk.choose(by=worker, chosen=LIST, ids=[mine.pk, foreign.pk], query="")
    assert list(run.items.values_list("case_id", flat=True)) == [mine.pk]
    with pytest.raises(InvalidInput):
        bulk.choose(by=worker, chosen=LIST, ids=[foreign.pk], query="")
    with pytest.raises(NotFound):
        bulk.run_of(people.caseworker(), run.pk)


def test_whole_list_is_chosen_up_to_the_most(town: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    worker = people.caseworker()
    for _ in range(3):
        make.submitted_case()
    monkeypatch.setattr(bulk, "MOST", 2)
    run = bulk.choose(by=worker, chosen=LIST, ids=None, query="")
    assert run.items.count() == 2


def test_it_starts_once_and_not_without_a_preview(town: Any) -> None:
    worker = people.caseworker()
    run = bulk.choose(by=worker, chosen=LIST, ids=[make.submitted_case().pk], query="")
    with pytest.raises(Conflict):
        bulk.start(run=run)
    bulk.start(run=bulk.preview(run=run, verb="claim", options=bulk.options_of("claim", {})))
    for again in (
        lambda: bulk.start(run=run),
        lambda: bulk.preview(run=run, verb="claim", options=bulk.options_of("claim", {})),
    ):
        with pytest.raises(Conflict):
            again()
    assert OutboxRow.objects.filter(kind="cases.bulk").count() == 1


def test_hand_over_release_and_tag(town: Any) -> None:
    worker, colleague = people.caseworker(), people.caseworker(name="小川 春")
    case = make.claimed_case(by=worker)
    for verb, typed in (
        ("assign", {"to": str(colleague.pk)}),
        ("release", {}),
        ("tag", {"tag": "要確認"}),
    ):
        bulk.start(run=_previewed(worker, [case], verb, **typed))
        _work()
        case.refresh_from_db()
        expected = {"assign": colleague.pk, "release": None, "tag": None}[verb]
        assert case.assigned_to_id == expected
    assert list(case.tags.values_list("name", flat=True)) == ["要確認"]
    outsider = people.caseworker(at="child_welfare", name="外 の人")
    run = _previewed(worker, [case], "assign", to=str(outsider.pk))
    assert _results(run)[case.pk][0] == "refused"


def test_the_same_correction_for_all_of_one_form(town: Any) -> None:
    worker = people.caseworker()
    cases = [make.claimed_case(by=worker) for _ in range(2)]
    group = make.claimed_case(
        by=worker,
        answers={"for_organisation": True, "organisation_name": "会", "organisation_role": "長"},
    )
    fresh = make.submitted_case()
    with translation.override("en"):
        run = _asking(worker, [*cases, group, fresh], ["organisation_name"])
        found = _results(run)
    assert found[group.pk] == ("waiting", "")
    assert "Not asked in this application: " in found[cases[0].pk][1]
    assert found[fresh.pk][0] == "refused"
    due = timezone.localdate() + timedelta(days=9)
    run = bulk.start(run=_asking(worker, [*cases, group], ["purpose"], due_on=str(due)))
    _work()
    _work()
    assert bulk.counts(run)["done"] == 3
    asked = CorrectionRequest.objects.all()
    assert {each.case_id for each in asked} == {case.pk for case in [*cases, group]}
    assert {(*each.question_ids, each.message, each.due_on) for each in asked} == {
        ("purpose", "くわしく。", due)
    }
    assert OutboxRow.objects.filter(kind="cases.correction_requested").count() == 3


@pytest.mark.parametrize(
    ("ids", "typed", "field"),
    [
        ([], {}, "question_ids"),
        (["no_such"], {}, "question_ids"),
        (["purpose"], {"message": " \x00"}, "message"),
        (["purpose"], {"message": "x" * 4001}, "message"),
        (["purpose"], {"due_on": "あした"}, "due_on"),
        (["purpose"], {"due_on": "2020-01-01"}, "due_on"),
    ],
)
def test_a_correction_for_many_is_refused_at_its_field(
    town: Any, ids: list[str], typed: dict[str, str], field: str
) -> None:
    worker = people.caseworker()
    with pytest.raises(InvalidInput) as refused:
        _asking(worker, [make.claimed_case(by=worker)], ids, **typed)
    assert list(refused.value.errors) == [field]


def test_cases_of_two_forms_are_not_asked_the_same(town: Any) -> None:
    worker = people.caseworker()
    stalls = make.claimed_case(
        of=make.offering("street_stalls", department=people.department("permits")), by=worker
    )
    with pytest.raises(InvalidInput) as refused:
        _asking(worker, [make.claimed_case(by=worker), stalls], ["purpose"])
    assert list(refused.value.errors) == ["verb"]


def test_confirming_and_extending_many(town: Any) -> None:
    worker = people.caseworker()
    waiting = make.offering_with(lambda data: (_not_extendable(data), _completed_first(data)))
    cases = [make.claimed_case(of=waiting, by=worker) for _ in range(2)]
    bulk.start(run=_previewed(worker, cases, "complete"))
    _work()
    assert {Case.objects.get(pk=case.pk).stage for case in cases} == {"review"}
    with translation.override("en"):
        assert "not possible" in _results(_previewed(worker, cases, "complete"))[cases[0].pk][1]
    long = make.claimed_case(of=make.offering_with(_extendable), by=worker)
    told = {"days": "3", "reason": "現地の確認のため。"}
    with translation.override("en"):
        found = _results(_previewed(worker, [long], "extend", days="99", reason="?"))
        assert found[long.pk] == ("refused", "Write a number of days from 1 to 5.")
        found = _results(_previewed(worker, cases, "extend", **told))
        assert {state for state, _reason in found.values()} == {"refused"}
    before = long.due_on
    bulk.start(run=_previewed(worker, [long], "extend", **told))
    _work()
    after = Case.objects.get(pk=long.pk).due_on
    assert before is not None
    assert after is not None
    assert after > before


@pytest.mark.parametrize(
    ("verb", "typed", "field"),
    [
        ("extend", {"days": "三", "reason": "?"}, "days"),
        ("extend", {"days": "3"}, "reason"),
        ("fly", {}, "verb"),
        ("refuse", {"reason": "  "}, "reason"),
        ("assign", {"to": "nobody"}, "to"),
        ("tag", {"tag": "\x00"}, "tag"),
        ("tag", {"tag": "x" * 31}, "tag"),
        ("refuse", {"reason": "x" * 9000}, "reason"),
    ],
)
def test_what_is_missing_or_wrong_is_said_at_its_field(
    verb: str, typed: dict[str, str], field: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        bulk.options_of(verb, typed)
    assert list(refused.value.errors) == [field]


def test_statements_do_not_grow_faster_than_by_the_cases(town: Any) -> None:
    """What a case costs beyond its own action is nothing."""
    from django.test.utils import CaptureQueriesContext

    worker = people.caseworker()
    counts = []
    for number in (1, 3):
        cases = [make.claimed_case(by=worker) for _ in range(number)]
        bulk.start(run=_previewed(worker, cases, "refuse", reason="重なるため。"))
        row = OutboxRow.objects.filter(kind="cases.bulk").latest("id")
        with CaptureQueriesContext(connection) as caught:
            bulk.work_off(row.payload)
        counts.append(len(caught))
    assert (counts[1] - counts[0]) / 2 <= 12, counts


def test_two_chunks_at_once_close_the_run(
    own_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "CHUNK", 2)
    with municipality("shiomi"):
        worker = people.caseworker()
        cases = [make.claimed_case(by=worker) for _ in range(4)]
        run = bulk.start(run=_previewed(worker, cases, "approve"))
        payloads = [row.payload for row in OutboxRow.objects.filter(kind="cases.bulk")]
    gate, failed = threading.Barrier(2), []

    def work(payload: dict[str, Any]) -> None:
        try:
            gate.wait(30)
            with municipality("shiomi"):
                bulk.work_off(payload)
        except Exception as error:  # noqa: BLE001  handed to the test
            failed.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=(payload,)) for payload in payloads]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failed == []
    with municipality("shiomi"):
        run.refresh_from_db()
        assert (run.state, bulk.counts(run)["done"]) == ("done", 4)
        assert set(BulkItem.objects.values_list("state", flat=True)) == {"done"}
