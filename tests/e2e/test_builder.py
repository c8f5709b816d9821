"""A member of staff changes a form, and a resident is asked the new question."""

from __future__ import annotations

from collections.abc import Callable

from config.settings.test import SECRET_KEY
from sandbox import parts
from sandbox.visitor import Visitor
from tests.e2e.demo import QuickDemo

OpenBrowser = Callable[..., Visitor]
FORM = "/admin/forms/park-use/"


def test_a_new_question_with_a_condition_is_asked(
    open_browser: OpenBrowser, demo: QuickDemo
) -> None:
    staff = open_browser("suginosawa", "ja")
    page = staff.page
    parts.staff_sign_in(staff, "suginosawa", "hayashi", SECRET_KEY)
    page.goto(f"{demo.address('suginosawa')}{FORM}")
    page.click(f'form[action="{FORM}begin/"] button')
    page.goto(f"{demo.address('suginosawa')}{FORM}part/1/")
    page.select_option("#new-type", "number")
    page.click('.fb-add button[name="_do"]')
    page.fill('[name="id"]', "years_active")
    page.fill('[name="label-ja"]', "活動している年数")
    page.fill('[name="label-en"]', "Years of activity")
    page.click('button[value="cond-add:show_when"]')
    with page.expect_navigation():  # a script presses the button that shows the values
        page.select_option('[name="show_when-0-name"]', "for_organisation")
    page.select_option('[name="show_when-0-value"]', "yes")
    page.frame_locator(".fb-preview iframe").get_by_text("活動している年数").wait_for()
    page.click('.fb-actions button[value="save"]')
    assert page.locator("#f-label .fb-error").count() == 0
    page.goto(f"{demo.address('suginosawa')}{FORM}publish/")
    page.fill("#note", "活動年数の質問を追加")
    page.click('button[value="publish"]')
    page.get_by_text("活動年数の質問を追加").first.wait_for()

    resident = open_browser("suginosawa", "ja", script=False)
    parts.begin(resident, "park-use")
    assert parts.step_of(resident) == "applicant"
    assert not resident.page.locator('[name="years_active"]').count()
    parts.fill_applicant(resident)
    resident.fill({"for_organisation": "yes"})
    resident.save()
    assert resident.page.locator('[name="years_active"]').count() == 1
    resident.shows("活動している年数")
