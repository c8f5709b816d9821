"""The child allowance in a real browser, for two children: on a telephone in Japanese, and at a
desk in English without scripts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from config.settings.test import SECRET_KEY
from sandbox import parts
from sandbox.visitor import Visitor
from tests.e2e import letter
from tests.e2e.conftest import DESKTOP, PHONE
from tests.e2e.looking import Findings

PAPER = {**parts.PLAN, "name": "書類.png"}


@pytest.mark.parametrize(
    ("town", "language", "script", "size"),
    [
        pytest.param("suginosawa", "ja", True, PHONE, id="phone-japanese-script"),
        pytest.param("shiomi", "en", False, DESKTOP, id="desktop-english-no-script"),
    ],
)
def test_allowance_from_search_to_letter(
    open_browser: Callable[..., Visitor],
    town: str,
    language: str,
    script: bool,
    size: dict[str, int],
) -> None:
    findings = Findings()
    how: dict[str, Any] = {"script": script, "findings": findings}
    resident = open_browser(town, language, size=size, **how)
    office = open_browser(town, language, size=DESKTOP, **how)
    _finds_the_service(resident)
    _says_who_claims(resident)
    _enters_two_children(resident)
    _gives_an_account(resident)
    _adds_what_that_makes_necessary(resident)
    number = _sends(resident)
    case = parts.case_id(resident)
    _office_grants(office, town, case, number)
    _gets_the_letter(resident, case, number)
    findings.none()


def _finds_the_service(resident: Visitor) -> None:
    resident.go(resident.say("/search/?q=子育て", "/search/?q=child"))
    resident.follow('main a[href*="child-allowance"]')
    resident.look("allowance: service page")
    resident.follow('main a[href*="/apply/child-allowance/"]')
    resident.look("allowance: before you start")
    resident.follow(parts.START)
    parts.choose_persona(resident, "adult")


def _says_who_claims(resident: Visitor) -> None:
    assert parts.step_of(resident) == "claimant"
    resident.shows("佐藤 恵", "サトウ メグミ", resident.say("昭和61年", "1986"))
    answers = {"phone": "090-1234-5678", "email": "megumi@example.test", "pension_type": "employee",
               "claim_reason": "other"}  # fmt: skip
    resident.fill({**answers, "public_servant": "yes"})
    resident.save()
    assert resident.page.url.endswith("/may-i-apply/")
    resident.shows(resident.say("公務員ですか", "public servant"))
    resident.look("allowance: a public servant probably cannot apply")
    resident.follow('main a[href$="/claimant/"]')
    resident.fill({"public_servant": "no"})
    resident.save()
    assert parts.step_of(resident) == "spouse"
    assert not resident.page.locator('[name="spouse_name"]').count()
    resident.fill({"has_spouse": "no"})
    resident.look("allowance: spouse")
    resident.save()


def _enters_two_children(resident: Visitor) -> None:
    assert parts.step_of(resident) == "children"
    _child(resident, 0, "佐藤 空", parts.in_days(-600), together=True)
    _press(resident, "add:children")
    _child(resident, 1, "まちがい", parts.in_days(-700), together=True)
    _press(resident, "add:children")
    _child(resident, 2, "佐藤 海", parts.in_days(-16 * 365), together=False)
    _press(resident, "remove:children:1")
    assert resident.page.locator(".f-group__item").count() == 2
    assert resident.page.input_value('[name="children-0-child_name"]') == "佐藤 空"
    assert resident.page.input_value('[name="children-1-child_name"]') == "佐藤 海"
    if not resident.scripts:
        resident.save()  # shows the questions that follow from the answers
        resident.look("allowance: children, what follows")
    # Only the one who lives apart has an address and a declaration.
    assert not resident.page.locator('[name="children-0-separate_custody"]').count()
    resident.fill(
        {
            "children-1-child_address-postalCode": "100-0001",
            "children-1-apart_reason": "school",
        }
    )
    _press(resident, "lookup:children-1-child_address")
    assert resident.page.input_value('[name="children-1-child_address-city"]') == "千代田区"
    resident.fill({"children-1-child_address-streetAddress": "千代田1-1"})
    resident.save()
    assert resident.page.locator(".f-summary a").count() == 1, resident.text[:600]
    resident.look("allowance: children, a paper is missing")
    resident.fill({"children-1-separate_custody": PAPER})
    resident.save()


def _press(resident: Visitor, what: str) -> None:
    """A button that stays on the page."""
    css = f'button[value="{what}"]'
    if not resident.scripts:
        resident.press(css)
        return
    with resident.refreshed():
        resident.page.locator(css).click()


def _child(resident: Visitor, index: int, name: str, born: str, *, together: bool) -> None:
    place = f"children-{index}-"
    resident.fill({f"{place}child_name": name})
    resident.fill_date(f"{place}child_birth_date", born)
    resident.fill(
        {
            f"{place}relation": "child",
            f"{place}lives_together": "yes" if together else "no",
            f"{place}livelihood": "shared",
            f"{place}custody": "yes",
        }
    )


def _gives_an_account(resident: Visitor) -> None:
    assert parts.step_of(resident) == "account", resident.text[:600]
    assert not resident.page.locator('[name^="account-"], [name="account_proof"]').count()
    resident.fill({"account_kind": "bank"})
    if not resident.scripts:
        resident.save()
    resident.fill(
        {
            "account-bankCode": "9900",
            "account-branchCode": "018",
            "account-accountType": "ordinary",
            "account-number": "1234567",
            "account-holder": "サトウ　メグミ",
            "account_proof": PAPER,
        }
    )
    resident.look("allowance: account")
    resident.save()


def _adds_what_that_makes_necessary(resident: Visitor) -> None:
    """An employee with a child under three proves the insurance; nobody was abroad."""
    assert parts.step_of(resident) == "documents", resident.text[:600]
    resident.fill({"insurance_proof": PAPER, "abroad_on_january_first": "no"})
    assert not resident.page.locator('[name="passport"]').count()
    resident.look("allowance: documents")
    resident.save()
    resident.fill({"consent_tax": "yes", "agreed": "yes"})
    resident.look("allowance: declaration")
    resident.save()


def _sends(resident: Visitor) -> str:
    assert parts.step_of(resident) == "check", resident.text[:600]
    resident.shows("佐藤 空", "佐藤 海", "9900", "千代田1-1", "書類.png")
    assert "まちがい" not in resident.text
    resident.look("allowance: check answers")
    _case, number = parts.send(resident)
    resident.look("allowance: receipt")
    return number


def _office_grants(office: Visitor, town: str, case: str, number: str) -> None:
    parts.staff_sign_in(office, town, "kobayashi", SECRET_KEY)
    office.follow(f'main a[href*="{case}"]')
    office.shows(number, "佐藤 空", "佐藤 海", "書類.png")
    office.look("allowance: case")
    parts.press_in(office, "claim")
    parts.tick_needed(office)
    office.look("allowance: checklist ticked")
    parts.act(office, "approve")
    parts.press_in(office, "approve")
    office.look("allowance: confirm")
    office.press('button[name="confirmed"]')
    office.look("allowance: granted")


def _gets_the_letter(resident: Visitor, case: str, number: str) -> None:
    resident.wait_for(f"/applications/{case}/", 'main a[href*="/documents/"]')
    resident.look("allowance: progress, granted")
    words = letter.words(parts.download(resident, 'main a[href*="/documents/"]'))
    for part in ("児童手当認定通知書", "佐藤 恵", "佐藤 空", "佐藤 海", number, "審査請求"):
        assert part in words, part
    assert "1234567" not in words  # the letter needs no account
