"""Several incomes of several people, on a small phone: entries within entries, and their files."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest
from playwright.sync_api import Page, Route, expect

from sandbox import parts
from sandbox.visitor import Visitor
from tests.e2e.conftest import PHONE
from tests.e2e.demo import QuickDemo
from tests.e2e.looking import Findings
from tests.portal import steps

OpenBrowser = Callable[..., Visitor]
SLIP = {"name": "明細.jpg", "mimeType": "image/jpeg", "buffer": steps.picture().read()}


@pytest.fixture(autouse=True, scope="module")
def _offered(demo: QuickDemo) -> None:
    demo.offer("shiomi", "tax_exempt_household")


def on_incomes(visitor: Visitor, persona: str) -> None:
    """The step that asks for incomes, everything before it answered."""
    parts.begin(visitor, "tax-exempt-household", persona)
    visitor.fill({"phone": "090-1234-5678", "email": "a@example.jp", "answer": "receive",
                  "by_proxy": "no", "confirmation_no": "12"})  # fmt: skip
    visitor.save()
    visitor.fill({"members-0-member_name": "山田 空", "members-0-dependant": "no"})
    visitor.fill_date("members-0-member_born", "1990-01-01")
    visitor.fill({"basis": "income_loss", "received_elsewhere": "no"})
    visitor.save()
    assert parts.step_of(visitor) == "income", visitor.text[:600]
    visitor.fill({"loss_reason": "job"})
    today = date.today()  # noqa: DTZ011
    visitor.fill({"income_month-year": str(today.year), "income_month-month": str(today.month)})
    visitor.fill({"earners-0-earner_name": "山田 空"})


def button(page: Page, action: str) -> None:
    page.locator(f'button[value="{action}"]').click()


def income(place: str, amount: str, kind: str = "wages") -> dict[str, str]:
    return {f"{place}-income_kind": kind, f"{place}-month_income": amount}


def settled(visitor: Visitor) -> None:
    """Leave the field: the sums of the page are worked out anew."""
    with visitor.refreshed():
        visitor.page.keyboard.press("Tab")


def is_focused(page: Page, place: str) -> None:
    expect(page.locator(f"#f-{place}")).to_be_focused(timeout=20_000)


def listed(page: Page, place: str) -> int:
    return page.locator(f'[name="{place}-income_proof-kept"]:not([value=""])').count()


class Held:
    """Pieces of files do not get through until `let_go`."""

    def __init__(self, page: Page) -> None:
        self.holding = True
        self.waiting: list[Route] = []
        page.route("**/uploads/*/", self._on_route)

    def _on_route(self, route: Route) -> None:
        if self.holding and route.request.method == "PATCH":
            self.waiting.append(route)
        else:
            route.continue_()

    def let_go(self) -> None:
        self.holding = False
        for route in self.waiting:
            route.continue_()
        self.waiting.clear()


def send(visitor: Visitor, place: str) -> None:
    with visitor.page.expect_response("**/finish/"):
        visitor.page.locator(f'[name="{place}-income_proof"]').set_input_files(SLIP)
    item = visitor.page.locator(".f-file__item").filter(
        has=visitor.page.locator(f'[name="{place}-income_proof-kept"]')
    )
    # The small picture has come before anybody removes the file it shows.
    picture = item.first.locator("img")
    picture.scroll_into_view_if_needed()
    expect(picture).to_have_js_property("complete", True)


def test_incomes_of_two_people_with_scripts(open_browser: OpenBrowser) -> None:
    findings = Findings()
    resident = open_browser("shiomi", "ja", size=PHONE, findings=findings)
    page = resident.page
    on_incomes(resident, "adult")
    page.wait_for_load_state("networkidle")
    first, second = "earners-0-incomes-0", "earners-0-incomes-1"
    settled(resident)
    resident.fill(income(first, "80000"))
    settled(resident)
    with resident.refreshed():
        button(page, "add:earners-0-incomes")
    is_focused(page, second)
    resident.fill(income(second, "65000", "business"))
    expect(page.locator(f"#f-{second}-month_expenses")).to_be_visible()
    resident.fill({f"{second}-month_expenses": "5000"})
    settled(resident)
    with resident.refreshed():
        button(page, "add:earners")
    is_focused(page, "earners-1")
    resident.fill({"earners-1-earner_name": "山田 海"})
    settled(resident)
    resident.fill(income("earners-1-incomes-0", "30000"))
    settled(resident)
    send(resident, first)
    send(resident, "earners-1-incomes-0")
    resident.look("incomes of two people")
    # A file is still on its way to the second income when the first one is removed.
    held = Held(page)
    page.locator(f'[name="{second}-income_proof"]').set_input_files(SLIP)
    page.get_by_role("progressbar").wait_for()
    with resident.refreshed():
        button(page, "remove:earners-0-incomes:0")
    is_focused(page, "earners-0-incomes")
    page.get_by_role("progressbar").wait_for()
    held.let_go()
    page.locator(f'[name="{first}-income_proof-kept"]:not([value=""])').wait_for(state="attached")
    assert (listed(page, first), listed(page, "earners-1-incomes-0")) == (1, 1)
    assert page.locator(f'[name="{first}-month_income"]').input_value() == "65000"
    # One whose entry is removed is given up.
    with resident.refreshed():
        button(page, "add:earners-0-incomes")
    held.holding = True
    page.locator(f'[name="{second}-income_proof"]').set_input_files(SLIP)
    page.get_by_role("progressbar").wait_for()
    with resident.refreshed():
        button(page, "remove:earners-0-incomes:1")
    page.get_by_role("progressbar").wait_for(state="detached")
    resident.save()
    assert parts.step_of(resident) == "account", resident.text[:900]
    resident.fill({"account_choice": "keep_account"})
    resident.save()
    resident.fill({"consent_tax": "yes", "agreed": "yes"})
    resident.save()
    resident.shows("収入のある方 1、収入 1", "65,000", "収入のある方 2、収入 1", "1,140,000")
    resident.look("check page with incomes")
    findings.none()


def test_incomes_without_scripts(open_browser: OpenBrowser) -> None:
    findings = Findings()
    resident = open_browser("shiomi", "en", script=False, size=PHONE, findings=findings)
    page = resident.page
    on_incomes(resident, "guardian")
    first, second = "earners-0-incomes-0", "earners-0-incomes-1"
    resident.fill({**income(first, "80000"), f"{first}-income_proof": SLIP})
    resident.press('button[value="add:earners-0-incomes"]')
    assert listed(page, first) == 1
    resident.fill(income(second, "lots", "pension"))
    resident.save()
    resident.look("errors within entries")
    link = page.locator(f'.f-summary a[href="#f-{second}-month_income"]')
    assert link.count() == 1
    assert page.locator(f'[name="{second}-month_income"]').input_value() == "lots"
    assert page.locator(f'[name="{first}-month_income"]').input_value().replace(",", "") == "80000"
    resident.fill({f"{second}-month_income": "65000", f"{second}-income_proof": SLIP})
    resident.press('button[value="remove:earners-0-incomes:0"]')
    assert page.locator(f'[name="{first}-month_income"]').input_value().replace(",", "") == "65000"
    assert listed(page, first) == 1
    resident.save()
    assert parts.step_of(resident) == "account", resident.text[:900]
    findings.none()
