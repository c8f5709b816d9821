"""Where the money goes: bank and branch looked up by name, without scripts, and shown by name."""

from __future__ import annotations

from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.template.loader import render_to_string
from django.test import Client
from django.urls import reverse
from django.utils import translation

from cases import copies
from cases.actions import submit_application
from cases.models import Case
from catalogue.models import Offering
from common.actor import Actor
from forms.models import Draft
from identity.models import Role, User
from tests.factories import cases as make
from tests.factories import people
from tests.portal import steps
from tests.portal.test_weight import MOST_BYTES, MOST_STATEMENTS, statements, weight

ACCOUNT = {
    "account_kind": "bank", "account-accountType": "ordinary", "account-number": "1234567",
    "account-holder": "ヤマダ ハナコ",
}  # fmt: skip


@pytest.fixture
def allowance(town: Any) -> Offering:
    return make.offering("child_allowance")


@pytest.fixture
def draft(allowance: Offering, resident: User) -> Draft:
    return make.draft_ready_to_send(of=allowance, resident=resident)


def page_of(answer: Any) -> BeautifulSoup:
    return BeautifulSoup(answer.content, "html.parser")


def send(browser: Client, draft: Draft, fields: dict[str, Any], language: str = "/en") -> Any:
    path = language + steps.step_url(draft, "account")
    page = browser.get(path).context["page"]
    return browser.post(path, {"_seen": page.seen, "_shown": page.shown + " account", **fields})


def press(answer: Any, words: str) -> str:
    """What the button says that has these words on it."""
    (button,) = [one for one in page_of(answer).select("button[name=_do]") if words in one.text]
    assert button.has_attr("formnovalidate")
    return str(button["value"])


def value(answer: Any, field: str) -> str:
    return str(page_of(answer).select_one(f"#f-account-{field}")["value"])


def told(answer: Any, field: str) -> str:
    found = page_of(answer).select_one(f"#f-account-{field}-said")
    return " ".join(found.get_text().split()) if found else ""


def test_bank_and_branch_are_found_by_name_without_a_script(browser: Client, draft: Draft) -> None:
    fields = ACCOUNT | {"account-bankCode": "みずほ銀行"}
    first = send(browser, draft, fields)
    assert first.status_code == 422
    assert "Choose the bank from those below" in first.content.decode()
    found = send(browser, draft, fields | {"_do": press(first, "Look up the bank")})
    assert found.status_code == 200
    assert page_of(found).select(".f-error") == []
    assert value(found, "number") == "1234567"
    chosen = send(browser, draft, fields | {"_do": press(found, "みずほ (Mizuho) – 0001")})
    assert (value(chosen, "bankCode"), told(chosen, "bankCode")) == (
        "0001", "みずほ (Mizuho) ミズホ",
    )  # fmt: skip
    fields |= {"account-bankCode": "0001", "account-branchCode": "しんじゅく"}
    several = send(browser, draft, fields | {"_do": press(chosen, "Look up the branch")})
    assert "Several were found" in several.content.decode()
    done = send(browser, draft, fields | {"_do": press(several, "新宿西口")})
    assert (value(done, "branchCode"), told(done, "branchCode")[:4]) == ("353", "新宿西口")
    fields |= {"account-branchCode": "353", "account_proof": steps.picture()}
    assert send(browser, draft, fields).status_code == 302
    draft.refresh_from_db()
    assert draft.answers["account"] == {
        "bankCode": "0001", "branchCode": "353", "accountType": "ordinary", "number": "1234567",
        "holder": "ヤマダ　ハナコ",
    }  # fmt: skip
    check = browser.get("/en" + reverse("portal:check", args=[draft.pk])).content.decode()
    assert "Bank みずほ (Mizuho) – 0001, branch 新宿西口" in check


def test_the_only_one_that_fits_is_filled_in(browser: Client, draft: Draft) -> None:
    fields = ACCOUNT | {"account-bankCode": "ﾕｳﾁｮ", "_do": "lookup:account-bankCode"}
    answer = send(browser, draft, fields, "")
    assert value(answer, "bankCode") == "9900"
    assert "ゆうちょ" in told(answer, "bankCode")
    answer = send(browser, draft, fields | {"account-bankCode": "００01"}, "")
    assert value(answer, "bankCode") == "0001"


def test_no_match_says_what_to_do_and_keeps_what_was_typed(browser: Client, draft: Draft) -> None:
    fields = ACCOUNT | {"account-bankCode": "どこにもない", "account-branchCode": "本店"}
    answer = send(browser, draft, fields | {"_do": "lookup:account-bankCode"})
    assert "No bank with this name was found" in told(answer, "bankCode")
    assert "Choose the bank first" in told(answer, "branchCode")
    assert (value(answer, "bankCode"), value(answer, "branchCode")) == ("どこにもない", "本店")
    empty = send(browser, draft, ACCOUNT | {"_do": "lookup:account-bankCode"})
    assert "Write how the name of the bank begins" in empty.content.decode()


@pytest.mark.parametrize(
    ("codes", "part", "mark"),
    [
        ({"account-bankCode": "9998", "account-branchCode": "001"}, "bankCode", "9998"),
        ({"account-bankCode": "0001", "account-branchCode": "999"}, "branchCode", "0001-999"),
    ],
)
def test_code_that_is_not_listed_is_asked_about_and_believed(
    browser: Client, draft: Draft, codes: dict[str, str], part: str, mark: str
) -> None:
    fields = ACCOUNT | codes
    asked = send(browser, draft, fields | {"account_proof": steps.picture()})
    assert asked.status_code == 200
    assert page_of(asked).select(".f-error, .f-summary") == []
    assert "is not in the list" in told(asked, part)
    assert value(asked, part) == codes[f"account-{part}"]
    box = page_of(asked).select_one(f"#f-account-{part}-sure")
    assert (box["value"], box.has_attr("checked")) == (mark, False)
    draft.refresh_from_db()
    assert draft.answers["account"][part] == codes[f"account-{part}"]
    assert "account" not in draft.steps_done
    # Another code than the one that was said to be right is asked about again.
    other = {f"account-{part}-sure": "7777"}
    assert send(browser, draft, fields | other).status_code == 200
    sure = send(browser, draft, fields | {f"account-{part}-sure": mark})
    assert sure.status_code == 302
    check = browser.get("/en" + reverse("portal:check", args=[draft.pk])).content.decode()
    assert "is not in the list" in check


@pytest.mark.parametrize(
    "typed", ["a\x00b", "みず\x00ほ", "\u202eほずみ", "あ" * 10_000, "9" * 10_000, "<b>", "\ud800"]
)
def test_hostile_names_break_nothing(browser: Client, draft: Draft, typed: str) -> None:
    typed = typed.encode("utf-8", "replace").decode()
    fields = ACCOUNT | {"account-bankCode": typed, "account-branchCode": typed}
    chosen = (f":{typed[:50]}", ":../1")
    looked_up = [f"lookup:account-bankCode{code}" for code in ("", *chosen)]
    for do in ("", "refresh", "lookup:account-branchCode", *looked_up):
        answer = send(browser, draft, fields | {"_do": do})
        assert answer.status_code in {200, 422}
        assert "<b>" not in answer.content.decode().split('id="f-step"')[1]
    draft.refresh_from_db()
    assert "account" not in draft.steps_done


def test_step_stays_light_with_its_matches(browser: Client, draft: Draft) -> None:
    path = "/en" + steps.step_url(draft, "account")
    fields = ACCOUNT | {"account-bankCode": "あ", "_shown": "account_kind account"}
    fields |= {"_do": "lookup:account-bankCode"}
    answer = browser.post(path, fields)
    assert len(page_of(answer).select(".f-found li")) == 10
    assert statements(lambda: browser.post(path, fields)) <= MOST_STATEMENTS
    assert weight(browser, answer) <= MOST_BYTES


@pytest.fixture
def case(allowance: Offering, resident: User) -> Case:
    account = {"bankCode": "0001", "branchCode": "999", "accountType": "ordinary",
               "number": "1234567", "holder": "ヤマダ　ハナコ"}  # fmt: skip
    answers = {"account_kind": "bank", "account": account}
    draft = make.draft_ready_to_send(of=allowance, resident=resident, answers=answers)
    draft.answers["account_proof"] = [str(make.attachment(draft, "account_proof").pk)]
    draft.save(update_fields=["answers"])
    return submit_application(draft=draft, by=Actor.of(resident), language="ja")


def test_desk_and_copy_show_the_name_and_what_is_not_listed(case: Case, client_for: Any) -> None:
    clerk = people.staff(Role.CASEWORKER, at=case.department)
    desk = people.sign_in_staff(client_for("shiomi"), clerk)
    page = desk.get("/en" + reverse("desk:case", args=[case.pk])).content.decode()
    assert "みずほ (Mizuho) – 0001" in page
    assert "999 is not in the list of this bank&#x27;s branches" in page
    with translation.override("ja"):
        context = copies._context(case.application, "title", "ja")
        assert "みずほ（0001）" in render_to_string("cases/copy.html", context)
