"""Applying for somebody else in a real browser: a guardian, who needs another signature; and with
the help of a member of staff at the counter."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest

from config.settings.test import SECRET_KEY
from sandbox import parts
from sandbox.visitor import Visitor
from tests.e2e.conftest import DESKTOP, PHONE
from tests.e2e.demo import QuickDemo, quick_demo
from tests.e2e.looking import Findings

TOWN = "shiomi"
CHILD = "佐藤 空"


@pytest.fixture(scope="module")
def demo() -> Iterator[QuickDemo]:
    """With a service that asks for the signature of a land owner."""
    with quick_demo(more={"DJANGO_SETTINGS_MODULE": "tests.e2e.joint"}) as running:
        running.manage("adopt_service", TOWN, "joint_event", "--department", "permits")
        yield running


def test_guardian_applies_and_somebody_else_signs(
    open_browser: Callable[..., Visitor], demo: QuickDemo
) -> None:
    findings = Findings()
    guardian = open_browser(TOWN, "ja", size=PHONE, findings=findings)
    owner = open_browser(TOWN, "en", size=PHONE, findings=findings)
    office = open_browser(TOWN, "ja", size=DESKTOP, findings=findings)
    declares_a_child(guardian)
    draft = fills_in_for_the_child(guardian)
    asks_for_a_signature(guardian)
    signs_by_the_mailed_link(owner, f"http://localhost:{demo.ports.web}")
    case = sends_when_signed(guardian, draft)
    checks_the_ground(office, case)
    guardian.go(f"/applications/{case}/")
    guardian.shows("代理", CHILD)
    guardian.look("for others: progress")
    guardian.go("/my-data/")
    guardian.look("for others: my data")
    guardian.follow('main a[href$="/revoke/"]')
    guardian.look("for others: revoke")
    findings.none()


def declares_a_child(guardian: Visitor) -> None:
    guardian.go("/apply/joint-event/")
    guardian.look("for others: start")
    guardian.follow('main a[href$="/apply/joint-event/for/"]')
    guardian.follow(parts.START)
    parts.choose_persona(guardian, "adult")
    guardian.look("for others: for whom, nobody yet")
    guardian.follow('main a[href*="/my-data/acting/"]')
    guardian.look("for others: as what")
    guardian.follow('main a[href*="/my-data/acting/guardian/"]')
    guardian.save()
    guardian.look("for others: guardian, with errors")
    guardian.fill({"name": CHILD, "name_kana": "サトウ　ソラ"})
    guardian.fill_date("birth_date", parts.in_days(-8 * 365))
    guardian.fill(
        {
            "address-postalCode": "248-0012",
            "address-prefecture": "神奈川県",
            "address-city": "鎌倉市",
            "address-streetAddress": "御成町12-40",
            "basis": "family_register",
        }
    )
    guardian.look("for others: guardian")
    guardian.save()
    assert guardian.page.url.endswith("/for/"), guardian.text[:600]
    guardian.look("for others: for whom")


def fills_in_for_the_child(guardian: Visitor) -> str:
    guardian.page.locator("label", has_text=CHILD).click()
    guardian.save()
    guardian.shows(CHILD)
    guardian.fill({"people": "12"})
    guardian.fill_date("use_day", parts.in_days(20))
    guardian.look("for others: step")
    guardian.save()
    assert parts.step_of(guardian) == "check", guardian.text[:600]
    guardian.look("for others: check")
    return parts.draft_id(guardian)


def asks_for_a_signature(guardian: Visitor) -> None:
    guardian.follow('main .actions a[href$="/cosigners/"]')
    guardian.look("for others: cosigners, nobody yet")
    guardian.page.locator('[name="address"]').first.fill("megumi@")
    guardian.save()
    guardian.look("for others: cosigners, with errors")
    guardian.page.locator('[name="address"]').first.fill("owner@example.test")
    guardian.save()
    guardian.look("for others: cosigners, asked")


def signs_by_the_mailed_link(owner: Visitor, platform: str) -> None:
    owner.wait_for(f"{platform}/sandbox/mail/?lang=en", 'main a[href*="/sandbox/mail/"]')
    owner.follow('main a[href*="/sandbox/mail/"]')
    owner.look("for others: mail")
    owner.follow('main a[href*="?text"]')
    link = re.search(r"https?://\S+/cosign/[^\s\"<]+", owner.page.content())
    assert link is not None, owner.text[:600]
    owner.page.goto(link[0])
    owner.follow(parts.START)
    parts.choose_persona(owner, "single_parent")
    owner.shows(CHILD)
    owner.look("for others: cosign")
    owner.fill({"answer": "refuse"})
    owner.save()
    owner.look("for others: cosign, refused without a reason")
    owner.fill({"answer": "sign"})
    owner.save()
    owner.look("for others: cosigned")
    owner.page.goto(link[0])
    owner.look("for others: link used")


def sends_when_signed(guardian: Visitor, draft: str) -> str:
    guardian.go(f"/drafts/{draft}/check/")
    guardian.look("for others: check, signed")
    case, _number = parts.send(guardian)
    guardian.shows(CHILD)
    guardian.look("for others: receipt")
    return case


def checks_the_ground(office: Visitor, case: str) -> None:
    parts.staff_sign_in(office, TOWN, "yamamoto", SECRET_KEY)
    office.go(f"/desk/cases/{case}/")
    office.shows(CHILD)
    office.look("for others: case")
    parts.act(office, "representation")
    office.look("for others: ground")
    office.fill({"verdict": "doubted"})
    office.press("#representation form .button")
    office.look("for others: ground, without a reason")
    office.fill({"verdict": "confirmed"})
    office.press("#representation form .button")
    office.look("for others: ground confirmed")


def test_helped_at_the_counter(open_browser: Callable[..., Visitor]) -> None:
    findings = Findings()
    resident = open_browser(TOWN, "ja", size=PHONE, findings=findings)
    helper = open_browser(TOWN, "ja", size=DESKTOP, findings=findings)
    code = shows_a_code(resident)
    begins_to_help(helper, code)
    case = fills_in_with_them(helper)
    resident.go(f"/applications/{case}/")
    resident.look("counter: progress")
    resident.go("/my-data/")
    resident.shows("森 さくら")
    helps_without_an_account(helper)
    findings.none()


def shows_a_code(resident: Visitor) -> str:
    resident.go("/my-data/counter/")
    resident.follow(parts.START)
    parts.choose_persona(resident, "adult")
    resident.look("counter: before the code")
    resident.save()
    resident.look("counter: code")
    return resident.page.inner_text(".confirm__number")


def begins_to_help(helper: Visitor, code: str) -> None:
    parts.staff_sign_in(helper, TOWN, "mori", SECRET_KEY, ends="/desk/counter/")
    helper.look("counter: desk")
    helper.follow('main a[href$="/counter/code/"]')
    helper.save()
    helper.look("counter: code form with errors")
    helper.fill({"code": code, "basis": "my_number_card"})
    helper.fill_date("birth_date", "1986-05-14")
    helper.look("counter: code form")
    helper.save()
    helper.shows("佐藤 恵")
    helper.look("counter: helping")


def fills_in_with_them(helper: Visitor) -> str:
    helper.fill({"service": "joint-event"})
    helper.save()
    helper.fill({"people": "12"})
    helper.fill_date("use_day", parts.in_days(20))
    helper.look("counter: step")
    helper.page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    helper.look("counter: step on a tablet held upright")
    helper.page.set_viewport_size(DESKTOP)  # type: ignore[arg-type]
    helper.go("/desk/counter/")
    helper.fill({"service": "park-use"})
    helper.save()
    # The eID was asked for the name only: the rest is on the paper.
    helper.fill(
        {
            "address-postalCode": "248-0012",
            "address-prefecture": "神奈川県",
            "address-city": "鎌倉市",
            "address-streetAddress": "御成町12-40",
        }
    )
    parts.fill_all(helper, script=True)
    helper.look("counter: check")
    helper.save()
    helper.look("counter: check, not read back")
    helper.fill({"read_back": "read_back"})
    helper.save()
    helper.look("counter: sent")
    return parts.case_id(helper)


def helps_without_an_account(helper: Visitor) -> None:
    helper.go("/desk/counter/person/")
    helper.press("main form .button:not([name])")
    helper.look("counter: person form with errors")
    helper.fill({"name": "鈴木 ハル", "name_kana": "スズキ　ハル"})
    helper.fill_date("birth_date", "1945-05-01")
    helper.fill(
        {
            "address-postalCode": "165-0026",
            "address-prefecture": "東京都",
            "address-city": "中野区",
            "address-streetAddress": "新井1-2-3",
            "basis": "other_papers",
            "papers": ["health_insurance", "pension"],
        }
    )
    helper.look("counter: person form")
    helper.press("main form .button:not([name])")
    helper.shows("鈴木 ハル")
    helper.press('main form[action$="/end/"] .button')
    helper.look("counter: ended")
