"""Two windows disagree about a step: files that came with entries of groups are not lost."""

from __future__ import annotations

from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from forms import drafts
from forms.definitions import load
from forms.models import Attachment, Draft
from identity.models import User
from tests.forms.nested import FAMILY, POSTED
from tests.forms.support import a_draft, save
from tests.forms.test_entry_files import KEYS, picture
from tests.portal import steps

FORM = load(FAMILY)
SLIP = "members-0-incomes-1-slip"


@pytest.fixture
def draft(town: Any, resident: User) -> Draft:
    made = a_draft(FORM, resident)
    assert save(made, "members", POSTED | KEYS).ok
    return made


def slip(name: str = "明細.jpg", shade: int = 9) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, picture(shade), "image/jpeg")


def page_of(answer: Any) -> BeautifulSoup:
    return BeautifulSoup(answer.content, "html.parser")


def fields_of(page: BeautifulSoup) -> dict[str, Any]:
    """What a browser without scripts would send of the page as it is."""
    form = page.select_one('form[enctype="multipart/form-data"]')
    assert form is not None
    found: dict[str, Any] = {}
    for box in form.select("input[name], select[name]"):
        kind = box.get("type")
        if kind == "file" or (kind in {"radio", "checkbox"} and not box.has_attr("checked")):
            continue
        chosen = box.select_one("option[selected]") if box.name == "select" else box
        found.setdefault(str(box["name"]), []).append(
            str(chosen.get("value") or "") if chosen else ""
        )
    found.pop("csrfmiddlewaretoken", None)
    return found


def both_windows(browser: Client, draft: Draft, other: dict[str, Any], mine: dict[str, Any]) -> Any:
    """This window was opened, the other one saves, this one sends."""
    url = steps.step_url(draft, "members")
    fields = fields_of(page_of(browser.get(url)))
    browser.post(url, fields | other)
    answer = browser.post(url, fields | mine)
    assert answer.context["page"].conflict
    return answer


def slips(draft: Draft) -> dict[str, list[str]]:
    """The names of the files of each income, by its amount."""
    draft.refresh_from_db()
    names = {str(file.pk): file.filename for file in Attachment.objects.filter(draft=draft)}
    return {
        str(income.get("amount")): [names[item] for item in income.get("slip", [])]
        for member in draft.answers["members"]
        for income in member.get("incomes", [])
    }


def test_file_of_an_inner_entry_is_kept_in_its_entry(browser: Client, draft: Draft) -> None:
    answer = both_windows(
        browser,
        draft,
        {"members-1-called": "山"},
        {"members-1-called": "川", SLIP: slip()},
    )
    # What the other window saved stands, and the file is where it was chosen.
    assert draft.prepared
    assert slips(draft) == {"200000": [], "30000": ["明細.jpg"]}
    assert draft.answers["members"][1]["called"] == "山"
    page = page_of(answer)
    assert page.select_one(f'input[name="{SLIP}-kept"]:not([value=""])')
    assert not page.select_one("#f-unplaced")
    assert browser.post(steps.step_url(draft, "members"), fields_of(page)).status_code == 302
    assert slips(draft) == {"200000": [], "30000": ["明細.jpg"]}
    assert draft.answers["members"][1]["called"] == "川"


def test_file_stays_when_the_other_answers_are_chosen(browser: Client, draft: Draft) -> None:
    both_windows(
        browser, draft, {"members-1-called": "山"}, {"members-1-called": "川", SLIP: slip()}
    )
    page = page_of(browser.get(steps.step_url(draft, "members")))
    assert "山" in str(page)
    assert page.select_one(f'input[name="{SLIP}-kept"]:not([value=""])')


def test_entries_moved_by_the_other_window(browser: Client, draft: Draft) -> None:
    both_windows(
        browser,
        draft,
        {"_do": "up:members-0-incomes:1"},
        {"members-1-called": "川", SLIP: slip()},
    )
    assert slips(draft) == {"30000": ["明細.jpg"], "200000": []}


def test_removed_entry_comes_back_with_its_file(browser: Client, draft: Draft) -> None:
    answer = both_windows(browser, draft, {"_do": "remove:members-0-incomes:1"}, {SLIP: slip()})
    assert slips(draft) == {"200000": []}
    page = page_of(answer)
    box = page.select_one("#f-unplaced")
    assert box is not None
    assert "明細.jpg" in box.text
    assert not box.select("select")  # it is shown below, in the entry as it was typed
    browser.post(steps.step_url(draft, "members"), fields_of(page))
    assert slips(draft) == {"200000": [], "30000": ["明細.jpg"]}
    assert not Attachment.objects.filter(draft=draft, without_place=True).exists()


def test_file_of_a_removed_entry_is_offered_and_given_a_place(
    browser: Client, draft: Draft
) -> None:
    both_windows(browser, draft, {"_do": "remove:members-0-incomes:1"}, {SLIP: slip()})
    url = steps.step_url(draft, "members")
    page = page_of(browser.get(url))  # the resident prefers what the other window saved
    file = Attachment.objects.get(draft=draft)
    box = page.select_one(f'select[name="_place-{file.pk}"]')
    assert box is not None
    options = {str(option["value"]): option.text for option in box.select("option")}
    assert options["members-0-incomes-0-slip"] == "方 1、収入 1"
    checked = page_of(browser.get(reverse("portal:check", args=[draft.pk])))
    assert "明細.jpg" in checked.text
    fields = fields_of(page) | {f"_place-{file.pk}": "members-0-incomes-0-slip"}
    assert browser.post(url, fields).status_code == 302
    assert slips(draft) == {"200000": ["明細.jpg"]}
    assert not page_of(browser.get(url)).select_one("#f-unplaced")


def test_whole_outer_entry_removed_by_the_other_window(browser: Client, draft: Draft) -> None:
    both_windows(browser, draft, {"_do": "remove:members:0"}, {SLIP: slip()})
    assert slips(draft) == {}
    url = steps.step_url(draft, "members")
    file = Attachment.objects.get(draft=draft)
    page = page_of(browser.get(url))
    box = page.select_one("#f-unplaced")
    assert box is not None
    assert not box.select("select")  # nobody with an income is left
    fields = fields_of(page) | {"_do": f"remove-file:{file.pk}"}
    again = page_of(browser.post(url, fields))
    assert not again.select_one("#f-unplaced")
    assert not Attachment.objects.filter(draft=draft).exists()


def test_entry_that_is_full_meanwhile_offers_the_file(browser: Client, draft: Draft) -> None:
    answer = both_windows(
        browser,
        draft,
        {SLIP: [slip("a.jpg", 1), slip("b.jpg", 2)], "members-1-called": "山"},
        {SLIP: slip("c.jpg", 3), "members-1-called": "川"},
    )
    # It was not even stored: the reason stands at the field.
    assert answer.status_code == 422
    assert "2" in page_of(answer).select_one(f"#f-{SLIP}-error").text  # type: ignore[union-attr]
    assert slips(draft)["30000"] == ["a.jpg", "b.jpg"]


def test_refused_file_is_named_on_the_page_of_the_conflict(browser: Client, draft: Draft) -> None:
    broken = SimpleUploadedFile("壊れ.jpg", b"no picture", "image/jpeg")
    answer = both_windows(
        browser, draft, {"members-1-called": "山"}, {"members-1-called": "川", SLIP: broken}
    )
    assert answer.status_code == 422
    assert "壊れ.jpg" in page_of(answer).select_one("#f-summary").text  # type: ignore[union-attr]


def test_file_of_an_entry_that_the_answers_leave_out_is_offered(
    browser: Client, draft: Draft
) -> None:
    """The other window added an entry with a file; this one saves what it has typed."""
    added = {
        "members-0-incomes-n": "3", "members-0-incomes-2-_row": "d0",
        "members-0-incomes-2-source": "wages", "members-0-incomes-2-amount": "7",
    }  # fmt: skip
    answer = both_windows(
        browser,
        draft,
        {**added, "members-0-incomes-2-slip": slip("七.jpg")},
        {"members-1-called": "川"},
    )
    assert slips(draft)["7"] == ["七.jpg"]
    browser.post(steps.step_url(draft, "members"), fields_of(page_of(answer)))
    box = page_of(browser.get(steps.step_url(draft, "members"))).select_one("#f-unplaced")
    assert box is not None
    assert "七.jpg" in box.text


def test_files_without_a_place_are_not_sent_and_go(browser: Client, draft: Draft) -> None:
    both_windows(browser, draft, {"_do": "remove:members-0-incomes:1"}, {SLIP: slip()})
    draft.refresh_from_db()
    assert drafts.review(draft).files == []
    drafts.close(draft)
    assert not Attachment.objects.filter(draft=draft).exists()


def test_a_place_takes_no_file_of_another_draft_or_question(
    browser: Client, draft: Draft, town: Any
) -> None:
    both_windows(browser, draft, {"_do": "remove:members-0-incomes:1"}, {SLIP: slip()})
    file = Attachment.objects.get(draft=draft)
    foreign = a_draft(FORM)  # somebody else's
    save(foreign, "members", POSTED | KEYS)
    place = {f"_place-{file.pk}": "members-0-incomes-0-slip"}
    save(foreign, "members", POSTED | KEYS | place)
    assert "30000" in slips(foreign)
    assert not any(slips(foreign).values())
    Attachment.objects.filter(pk=file.pk).update(question_id="other")
    url = steps.step_url(draft, "members")
    browser.post(url, fields_of(page_of(browser.get(url))) | place)
    assert slips(draft) == {"200000": []}
