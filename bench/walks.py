"""The journey, walked over HTTP: start, four steps, check, submit, read the case, two moves.

A walk knows pages, not code: it opens, fills in what the page offers, sends, follows the redirect.
Every request is timed under the name of its step.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta

from bench.browser import Answer, Browser, Form, Upload, WalkError, forms

Values = dict[str, str | list[str]]


@dataclass
class Times:
    """Seconds of each request by the step it belongs to, in the order of the journey."""

    steps: dict[str, float] = field(default_factory=dict)

    def note(self, step: str, answer: Answer) -> Answer:
        self.steps[step] = answer.seconds
        return answer


def expect(answer: Answer, *statuses: int) -> Answer:
    if answer.status not in statuses:
        text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.text))
        raise WalkError(f"{answer.path} answered {answer.status}: {text[:800]}")
    return answer


def only_form(answer: Answer, *wanted: str) -> Form:
    """The form of the page that offers all fields `wanted`."""
    found = [form for form in forms(answer.text) if set(wanted) <= form.names]
    if not found:
        names = [sorted(form.names) for form in forms(answer.text)]
        raise WalkError(f"{answer.path} has no form with {wanted}: {names}")
    return found[0]


def _next_month() -> tuple[str, str]:
    first = date.today() + timedelta(days=30)  # noqa: DTZ011  any day far enough ahead
    return first.isoformat(), (first + timedelta(days=1)).isoformat()


FLOOR_STEPS: dict[str, Values] = {
    "applicant": {
        "name": "公園 花子", "name_kana": "コウエン ハナコ", "birth_date": "1985-04-12",
        "postal_code": "100-0001", "prefecture": "東京都", "city": "千代田区",
        "street_address": "千代田1-1", "building": "", "phone": "090-0000-0000",
        "email": "hanako@example.jp", "for_organisation": "no",
    },
    "place": {
        "park": "central", "place_detail": "北側の芝生広場", "area_m2": "120",
        "use_from": _next_month()[0], "use_to": _next_month()[1], "hours": "9時から16時",
    },
    "activity": {
        "act_type": "photography", "purpose": "観光案内のための写真を撮影します。",
        "crew": "6", "cameras": "2", "fee_waiver": "no",
    },
    "documents": {},
    "declaration": {"agreed": "on"},
}  # fmt: skip


def floor_walk(resident: Browser, staff: Browser, plan: Upload) -> Times:
    """The journey at the floor."""
    times = Times()
    draft = floor_fill_in(resident, plan, times)
    page = times.note("check.open", expect(resident.get(draft), 200))
    sent = resident.post(draft, only_form(page).fields)
    receipt = expect(times.note("submit", sent), 302).location
    page = times.note("receipt", expect(resident.get(receipt), 200))
    case = receipt.replace("/receipts/", "/applications/")
    times.note("case.read", expect(resident.get(case), 200))
    desk = receipt.replace("/receipts/", "/desk/cases/")
    page = times.note("desk.open", expect(staff.get(desk), 200))
    form = only_form(page)
    page = expect(times.note("desk.claim", staff.post(form.action, form.fields)), 302)
    page = times.note("desk.claimed", expect(staff.get(desk), 200))
    form = only_form(page, "conditions")
    fields = form.filled({"conditions": "原状に回復すること。", "outcome": "approved"})
    expect(times.note("desk.decide", staff.post(form.action, fields)), 302)
    page = times.note("desk.decided", expect(staff.get(desk), 200))
    if "手数料の納付待ち" not in page.text:
        raise WalkError("the floor's case was not decided")
    return times


def floor_fill_in(resident: Browser, plan: Upload, times: Times) -> str:
    """From the start to the check page; returns its path."""
    page = times.note("start.open", expect(resident.get("/apply/"), 200))
    answer = times.note("start", resident.post("/apply/", only_form(page).fields))
    for number, (step, values) in enumerate(FLOOR_STEPS.items(), 1):
        path = expect(answer, 302).location
        page = times.note(f"step{number}.open", expect(resident.get(path), 200))
        uploads = {"site_plan": plan} if step == "documents" else None
        form = only_form(page)
        sent = resident.post(path, form.filled(values), uploads, multipart=form.multipart)
        answer = times.note(f"step{number}.save", sent)
    return expect(answer, 302).location


Walk = Callable[[Browser, Browser, Upload], Times]


# --- Madoguchi --------------------------------------------------------------------------------

# By question; the walk sends those that the page at hand asks for.
ANSWERS: Values = {}
