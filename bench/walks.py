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
        raise WalkError(f"{answer.path} answered {answer.status} {answer.location}: {text[:800]}")
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


def _date_fields(name: str, day: str) -> Values:
    year, month, of_month = day.split("-")
    return {f"{name}-year": year, f"{name}-month": month, f"{name}-day": of_month}


FLOOR_STEPS: dict[str, Values] = {
    "applicant": {
        "name": "公園 花子", "name_kana": "コウエン ハナコ", "birth_date": "1985-04-12",
        "postal_code": "100-0001", "prefecture": "東京都", "city": "千代田区",
        "street_address": "千代田1-1", "building": "", "phone": "090-0000-0000",
        "email": "hanako@example.jp", "for_organisation": "no",
    },
    "place": {
        "park": "central", "place_detail": "北側の芝生広場", "place_coordinates": "",
        "area_m2": "120", "use_from": _next_month()[0], "use_to": _next_month()[1],
        "hours": "9時から16時",
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
    page = times.note("desk.decide", expect(staff.post(form.action, fields), 200))
    fields = only_form(page, "confirmed").filled({"confirmed": "1"})
    expect(times.note("desk.confirm", staff.post(form.action, fields)), 302)
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


# --- Madoguchi --------------------------------------------------------------------------------

SERVICE = "park-use"

# By field; the walk sends those that the page at hand offers. What the eID filled in stays.
ANSWERS: Values = {
    "phone": "090-0000-0000", "email": "hanako@example.jp", "for_organisation": "no",
    "park": "", "place_detail-description": "北側の芝生広場", "area_m2": "120",
    **_date_fields("use_from", _next_month()[0]), **_date_fields("use_to", _next_month()[1]),
    "hours": "9時から16時",
    "act_type": "photography", "purpose": "観光案内のための写真を撮影します。",
    "crew": "6", "cameras": "2", "fee_waiver": "no",
    "agreed": "yes",
}  # fmt: skip


def madoguchi_walk(resident: Browser, staff: Browser, plan: Upload) -> Times:
    """The journey at Madoguchi."""
    times = Times()
    check = fill_in(resident, plan, times)
    page = times.note("check.open", expect(resident.get(check), 200))
    sent = times.note("submit", resident.post(check, main_form(page).fields))
    receipt = expect(sent, 302).location
    times.note("receipt", expect(resident.get(receipt), 200))
    case = receipt.removesuffix("receipt/")
    times.note("case.read", expect(resident.get(case), 200))
    desk = case.replace("/applications/", "/desk/cases/")
    page = times.note("desk.open", expect(staff.get(desk), 200))
    claim = form_to(page, f"{desk}claim/")
    expect(times.note("desk.claim", staff.post(claim.action, claim.fields)), 302)
    page = times.note("desk.claimed", expect(staff.get(desk), 200))
    approve = form_to(page, f"{desk}approve/")
    fields = approve.filled({"own": "原状に回復すること。"})
    page = times.note("desk.decide", expect(staff.post(approve.action, fields), 200))
    fields = form_to(page, approve.action).filled({"confirmed": "1"})
    expect(times.note("desk.confirm", staff.post(approve.action, fields)), 302)
    page = times.note("desk.decided", expect(staff.get(desk), 200))
    if any(form.action == approve.action for form in forms(page.text)):
        raise WalkError("Madoguchi's case was not decided")
    return times


def fill_in(resident: Browser, plan: Upload, times: Times) -> str:
    """From the start to the check page; returns its path."""
    start = f"/apply/{SERVICE}/"
    times.note("start.open", expect(resident.get(start), 200))
    answer = times.note("start", expect(resident.get(f"{start}begin/"), 302))
    for number in range(1, 12):
        path = answer.location
        if path.endswith("/check/"):
            return path
        page = times.note(f"step{number}.open", expect(resident.get(path), 200))
        answer = times.note(f"step{number}.save", _save_step(resident, page, plan))
        if answer.status == 200:
            # Without JavaScript, an answer that leads to further questions shows them next.
            again = _save_step(resident, answer, plan)
            answer = times.note(f"step{number}.more", again)
        expect(answer, 302)
    raise WalkError("the form has no end")


def _save_step(resident: Browser, page: Answer, plan: Upload) -> Answer:
    form = main_form(page)
    values = {name: value for name, value in ANSWERS.items() if name in form.names}
    if "park" in values:
        values["park"] = _first_choice(page, "park")
    uploads = {"site_plan": plan} if "site_plan" in form.names else None
    return resident.post(page.path, form.filled(values), uploads, multipart=form.multipart)


def _first_choice(page: Answer, name: str) -> str:
    """The first answer offered for `name`: each municipality has its own."""
    found = re.search(rf'<input\b[^>]*name="{name}"[^>]*value="([^"]+)"', page.text) or re.search(
        rf'<select\b[^>]*name="{name}".*?<option value="([^"]+)"', page.text, re.DOTALL
    )
    if found is None:
        raise WalkError(f"{page.path} offers nothing for {name}")
    return found[1]


def main_form(page: Answer) -> Form:
    """The form that is sent to the page's own address."""
    found = [form for form in forms(page.text) if form.action in ("", page.path)]
    if len(found) != 1:
        actions = [form.action for form in forms(page.text)]
        raise WalkError(f"{page.path} has no form of its own: {actions}")
    return found[0]


def form_to(page: Answer, action: str) -> Form:
    """The form that is sent to `action`."""
    found = [form for form in forms(page.text) if form.action == action]
    if not found:
        actions = [form.action for form in forms(page.text)]
        raise WalkError(f"{page.path} has no form to {action}: {actions}")
    return found[0]


Walk = Callable[[Browser, Browser, Upload], Times]
