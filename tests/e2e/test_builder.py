"""A member of staff changes a form, and a resident is asked the new question."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from playwright.sync_api import Page

from config.settings.test import SECRET_KEY
from sandbox import parts
from sandbox.visitor import Visitor
from tests.e2e.demo import QuickDemo
from tests.e2e.looking import Findings, violations

OpenBrowser = Callable[..., Visitor]
FORM = "/admin/forms/park-use/"


def test_a_new_question_with_a_condition_is_asked(
    open_browser: OpenBrowser, demo: QuickDemo
) -> None:
    staff = open_browser("suginosawa", "ja")
    page = staff.page
    parts.staff_sign_in(staff, "suginosawa", "hayashi", SECRET_KEY)
    page.goto(f"{demo.address('suginosawa')}{FORM}")
    staff.press(f'form[action="{FORM}begin/"] button')
    page.goto(f"{demo.address('suginosawa')}{FORM}part/1/")
    page.select_option("#new-type", "number")
    staff.press('.fb-add button[name="_do"]')
    page.fill('[name="id"]', "years_active")
    page.fill('[name="label-ja"]', "活動している年数")
    page.fill('[name="label-en"]', "Years of activity")
    staff.press('button[value="cond-add:show_when"]')
    with page.expect_navigation():  # a script presses the button that shows the values
        page.select_option('[name="show_when-0-name"]', "for_organisation")
    page.select_option('[name="show_when-0-value"]', "yes")
    page.frame_locator(".fb-preview iframe").get_by_text("活動している年数").wait_for()
    staff.press('.fb-actions button[value="save"]')
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


SMALL = "/admin/forms/child-allowance/"
TABLET = {"width": 768, "height": 1024}
#: 1280 px at 200 %.
ZOOMED = {"width": 640, "height": 450}
_WIDE = """() => [...document.querySelectorAll('.fb-page *')].filter(e => {
  const box = e.getBoundingClientRect();
  if (!e.checkVisibility() || !box.width || box.right <= innerWidth + 0.5) return false;
  for (let p = e.parentElement; p; p = p.parentElement)
    if (getComputedStyle(p).overflowX === 'auto') return false;
  return true;
}).slice(0, 4).map(e => `${e.tagName}.${e.className} to ${e.getBoundingClientRect().right}`)"""


class Clerk:
    """Builds a form in a browser without scripts, and has every page looked at."""

    def __init__(self, staff: Visitor, findings: Findings, base: str) -> None:
        self.staff, self.page, self.findings = staff, staff.page, findings
        self.base = base

    def open(self, path: str = "") -> Page:
        self.page.goto(f"{self.base}{SMALL}{path}")
        return self.page

    def do(self, value: str) -> None:
        """Press the button whose action begins so."""
        self.staff.press(f'.fb-page button[name="_do"][value^="{value}"]:not(.w-sr-only)')

    def fill(self, values: dict[str, str]) -> None:
        for name, value in values.items():
            field = self.page.locator(f'.fb-page [name="{name}"]')
            if field.evaluate("e => e.tagName") == "SELECT":
                field.select_option(value)
            else:
                field.fill(value)

    def words(self, name: str, ja: str, en: str) -> dict[str, str]:
        return {f"{name}-ja": ja, f"{name}-en": en}

    def look(self, name: str) -> None:
        """Wide, on a tablet, and at 200 %: what is ours of the page."""
        name = f"{name} [{self.staff.language}]"
        with self.findings.lifted(self.page):
            found = violations(self.page, ".fb-page")
            self.findings.problems += [f"{name}: {line}" for line in found]
            for size in (TABLET, ZOOMED):
                self.page.set_viewport_size(size)  # type: ignore[arg-type]
                for line in self.page.evaluate(_WIDE):
                    self.findings.problems.append(f"{name} at {size['width']}: {line}")
            self.page.set_viewport_size({"width": 1280, "height": 900})

    def question(self, step: int, kind: str, name: str, ja: str, en: str) -> None:
        self.open(f"part/{step}/")
        self.page.select_option("#new-type", kind)
        self.do("add:")
        self.fill({"id": name, **self.words("label", ja, en)})

    def compare(self, name: str, number: int, question: str) -> None:
        """One more comparison of a condition: with which question."""
        self.do(f"cond-add:{name}")
        self.fill({f"{name}-{number}-name": question})
        self.do("refresh")


@pytest.mark.parametrize("language", ["ja", "en"])
def test_a_small_form_is_built_from_nothing_and_stops_whom_it_should(
    open_browser: OpenBrowser, demo: QuickDemo, language: str
) -> None:
    town = {"ja": "suginosawa", "en": "shiomi"}[language]
    findings = Findings()
    staff = open_browser(town, language, script=False, findings=findings)
    parts.staff_sign_in(staff, town, "admin", SECRET_KEY)
    clerk = Clerk(staff, findings, demo.address(town))
    _build(clerk)
    _try_out(clerk)
    clerk.open("publish/")
    clerk.look("publish")
    clerk.fill({"note": "はじめの版"})
    clerk.do("publish")
    staff.page.get_by_text("はじめの版").first.wait_for()
    clerk.look("overview, published")
    _resident(open_browser, town, language)
    findings.none()


def _build(clerk: Clerk) -> None:
    page = clerk.open()
    clerk.look("overview")
    clerk.staff.press(f'form[action="{SMALL}begin/"] button')
    while page.locator('button[value^="remove:1:"]').count():
        clerk.do("remove:1:")
    for number, ja, en in ((1, "あなたについて", "About you"), (2, "確認", "Declaration")):
        clerk.open()
        clerk.do("step")
        clerk.fill({"id": f"part_{number}", **clerk.words("title", ja, en)})
        clerk.do("save")
    clerk.question(1, "date", "born", "生年月日", "Date of birth")
    clerk.do("save")
    clerk.question(1, "yes_no", "has_children", "お子さんがいますか", "Do you have children?")
    clerk.do("save")
    clerk.question(2, "number", "children", "お子さんの人数", "How many children?")
    clerk.compare("show_when", 0, "has_children")
    clerk.fill({"show_when-0-value": "yes", "min": "1"})
    clerk.look("question")
    clerk.do("save")
    # In the wrong step: it goes to the first one.
    clerk.fill({"step": "1:part_1"})
    clerk.do("to:")
    assert "/part/1-3/" in page.url
    clerk.question(2, "declaration", "agreed", "上の内容で申請します", "I apply")
    clerk.do("save")
    clerk.open("part/1/")
    clerk.look("step")

    clerk.open("part/")
    while page.locator('button[value="row-drop:eligibility:0"]').count():
        clerk.do("row-drop:eligibility:0")
    clerk.do("row-add:eligibility")
    clerk.compare("eligibility-0-rule", 0, "years_between(born, today)")
    clerk.fill({"eligibility-0-rule-0-op": "at_least", "eligibility-0-rule-0-value": "18"})
    clerk.fill(clerk.words("eligibility-0-message", "18歳以上の方が対象です。", ""))
    clerk.do("save")
    clerk.look("who may apply")
    clerk.open()
    clerk.look("overview with problems")
    clerk.staff.follow("#problems a")
    assert page.url.endswith("/part/#f-eligibility-0-message")
    clerk.open("translations/?step=0")
    clerk.look("translations")
    page.locator(".fb-texts__missing textarea[lang=en]").first.fill("You must be 18 or over.")
    clerk.staff.press(".fb-page .fb-actions button")
    clerk.open()
    assert not page.locator("#problems").count(), page.inner_text("#problems")
    clerk.look("overview, in order")


def _try_out(clerk: Clerk) -> None:
    page = clerk.page
    page.goto(f"{clerk.base}{SMALL}preview/form/?language=en")
    assert "You must be 18 or over." in page.inner_text("main")
    clerk.open("try/")
    young = date.today() - timedelta(days=365 * 10)  # noqa: DTZ011  near enough
    clerk.staff.fill_date("born", young.isoformat())
    clerk.staff.fill({"has_children": "yes"})
    clerk.staff.press('main button.button[value="next"]')
    assert page.locator(".pv-told").count() == 1
    clerk.staff.fill({"children": "2"})
    clerk.staff.press('main button.button[value="next"]')
    clerk.staff.fill({"agreed": "yes"})
    clerk.staff.press('main button.button[value="next"]')
    assert page.locator(".notice--ok").count() == 1


def _resident(open_browser: OpenBrowser, town: str, language: str) -> None:
    resident = open_browser(town, language, script=False)
    parts.begin(resident, "child-allowance")
    assert parts.step_of(resident) == "part_1"
    resident.fill_date("born", (date.today() - timedelta(days=3650)).isoformat())  # noqa: DTZ011
    resident.fill({"has_children": "yes"})
    resident.save()
    resident.fill({"children": "1"})
    resident.save()
    assert parts.step_of(resident) == "may-i-apply"
    resident.shows(resident.say("18歳以上の方が対象です。", "You must be 18 or over."))
