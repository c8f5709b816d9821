"""What comes between: a session that ends, a second tab, the back button, a slow line."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Dialog, Route, expect

from sandbox import parts
from sandbox.visitor import Visitor
from tests.e2e.looking import Findings

OpenBrowser = Callable[..., Visitor]


@pytest.fixture
def resident(open_browser: OpenBrowser, request: pytest.FixtureRequest) -> Iterator[Visitor]:
    """On the second step of the park use permit; each test is somebody else."""
    findings = Findings()
    visitor = open_browser("shiomi", "ja", findings=findings)
    parts.begin(visitor, "park-use", persona=request.param)
    parts.fill_applicant(visitor)
    visitor.save()
    assert parts.step_of(visitor) == "place"
    yield visitor
    findings.none()


def somebody(persona: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("resident", [persona], indirect=True, ids=[persona])


@somebody("adult")
def test_what_was_typed_is_there_after_signing_in_again(resident: Visitor) -> None:
    parts.fill_place(resident)
    with resident.refreshed():  # else a script asks once more, and notices before anybody presses
        resident.page.locator('[name="use_to-day"]').dispatch_event("change")
    resident.context.clear_cookies(name="sessionid")
    resident.save()
    assert parts.step_of(resident) != "activity"
    resident.look("signed out in the middle")
    resident.follow(parts.START)
    parts.choose_persona(resident, "adult")
    assert parts.step_of(resident) == "place", resident.page.url
    resident.look("signed in again")
    assert resident.page.locator(".f-notice").count()
    assert resident.page.input_value('[name="place_detail-description"]') == "芝生"
    assert resident.page.input_value('[name="area_m2"]') == "25"
    resident.save()
    assert parts.step_of(resident) == "activity", resident.text[:600]


@somebody("rare_kanji")
def test_a_session_that_ends_while_somebody_types(resident: Visitor) -> None:
    """A script notices it, and leads to the sign-in without asking whether to lose anything."""
    warnings: list[str] = []

    def note(dialog: Dialog) -> None:
        warnings.append(dialog.type)
        dialog.accept()

    resident.page.on("dialog", note)
    resident.fill({"place_detail-description": "池のほとり"})
    day = parts.in_days(30)
    resident.fill_date("use_from", day)
    resident.page.keyboard.press("Tab")
    resident.is_quiet()
    resident.context.clear_cookies(name="sessionid")
    with resident.page.expect_navigation(url="**/sign-in/**"):
        # Another one than there was, whatever today is.
        resident.fill({"use_from-day": "27" if day.endswith("28") else "28"})
        resident.page.keyboard.press("Tab")
    resident.follow(parts.START)
    parts.choose_persona(resident, "rare_kanji")
    assert parts.step_of(resident) == "place", resident.page.url
    assert resident.page.locator(".f-notice").count()
    assert not resident.page.locator(".f-error:visible").count()
    resident.page.reload()
    assert resident.page.input_value('[name="place_detail-description"]') == "池のほとり"
    assert warnings == []


@somebody("single_parent")
def test_the_second_of_two_tabs_is_told_and_loses_nothing(resident: Visitor) -> None:
    address = resident.page.url
    other = Visitor(
        resident.context,
        resident.context.new_page(),
        resident.base,
        resident.language,
        resident.eye,
    )
    other.page.goto(address)
    for tab, words in ((resident, "噴水の前"), (other, "花壇の横")):
        parts.fill_place(tab)
        tab.fill({"place_detail-description": words})
    resident.save()
    assert parts.step_of(resident) == "activity"
    other.save()
    assert parts.step_of(other) == "place"
    assert other.page.locator(".f-notice--conflict").count()
    other.look("saved in another tab")
    # What was just typed is shown, what was saved is still saved.
    assert other.page.input_value('[name="place_detail-description"]') == "花壇の横"
    resident.page.goto(address)
    assert resident.page.input_value('[name="place_detail-description"]') == "噴水の前"
    other.save()
    assert parts.step_of(other) == "activity", other.text[:600]
    resident.page.goto(address)
    assert resident.page.input_value('[name="place_detail-description"]') == "花壇の横"


@somebody("foreign_resident")
def test_back_and_forth_with_the_buttons_of_the_browser(resident: Visitor) -> None:
    parts.fill_place(resident)
    resident.save()
    assert parts.step_of(resident) == "activity"
    resident.page.go_back()
    assert parts.step_of(resident) == "place"
    resident.fill({"place_detail-description": "木かげ"})
    resident.save()
    assert parts.step_of(resident) == "activity", resident.text[:600]
    resident.page.go_back()
    resident.page.reload()
    assert resident.page.input_value('[name="place_detail-description"]') == "木かげ"
    resident.page.go_forward()
    _finish(resident)
    _case, number = parts.send(resident)
    # After sending, "back" leads to the receipt and never to a form that could be sent again.
    resident.page.go_back()
    resident.page.reload()
    assert parts.receipt_number(resident) == number


def _finish(resident: Visitor) -> None:
    parts.fill_activity(resident, script=True)
    resident.save()
    resident.fill({"site_plan": parts.PLAN})
    resident.save()
    resident.fill({"agreed": "yes"})
    resident.save()
    assert parts.step_of(resident) == "check", resident.text[:600]


# --- a slow line --------------------------------------------------------------------------------


@contextmanager
def slow(visitor: Visitor) -> Iterator[Callable[[], None]]:
    """Answers to what a script asks wait until the function is called; then they come in order."""
    held: list[Route] = []

    def hold(route: Route) -> None:
        if route.request.headers.get("hx-request"):
            held.append(route)
        else:
            route.continue_()

    def let_go() -> None:
        while held:
            route = held.pop(0)
            with visitor.page.expect_event(
                "requestfinished", lambda one, of=route: one == of.request
            ):
                route.continue_()

    visitor.page.route("**/drafts/**", hold)
    yield let_go
    let_go()
    visitor.page.unroute("**/drafts/**")


def _choose(visitor: Visitor, name: str, value: str) -> None:
    """Without waiting for what follows from it."""
    field = visitor.page.locator(f'main [name="{name}"][value="{value}"]')
    visitor.page.locator(f'label[for="{field.get_attribute("id")}"]').click()


@pytest.fixture
def parent(open_browser: OpenBrowser) -> Iterator[Visitor]:
    """On the step of the child allowance that asks about the children."""
    findings = Findings()
    visitor = open_browser("shiomi", "ja", findings=findings)
    parts.begin(visitor, "child-allowance", persona="guardian")
    if parts.step_of(visitor) == "claimant":
        visitor.fill({"phone": "090-1234-5678", "email": "a@example.test"})
        visitor.fill({"claim_reason": "other", "public_servant": "no", "pension_type": "national"})
        visitor.save()
        visitor.fill({"has_spouse": "no"})
        visitor.save()
    assert parts.step_of(visitor) == "children"
    yield visitor
    findings.none()


def test_a_button_pressed_before_the_answer_came_wipes_nothing(parent: Visitor) -> None:
    before = parent.page.locator(".f-group__item").count()
    with slow(parent) as let_go:
        _choose(parent, "children-0-lives_together", "no")
        parent.fill({"children-0-child_name": "空"})
        parent.page.locator('button[value="add:children"]').click()
        let_go()
    expect(parent.page.locator(".f-group__item")).to_have_count(before + 1)
    expect(parent.page.locator('[name="children-0-child_name"]')).to_have_value("空")
    assert parent.page.locator('[name="children-0-apart_reason"]').count()


def test_typing_on_while_a_child_is_added_is_no_conflict(parent: Visitor) -> None:
    before = parent.page.locator(".f-group__item").count()
    parent.fill({"children-0-child_name": "空"})
    parent.page.wait_for_function("() => typeof htmx !== 'undefined'")
    with slow(parent) as let_go:
        parent.page.locator('button[value="add:children"]').click()
        parent.fill({"children-0-child_name": "海"})
        with parent.page.expect_request("**/children/"):  # it asks once more, by itself
            let_go()
    parent.page.locator(f'[name="children-{before}-child_name"]').wait_for(state="attached")
    assert parent.page.input_value('[name="children-0-child_name"]') == "海"
    assert not parent.page.locator(".f-notice--conflict").count(), parent.text[:600]
