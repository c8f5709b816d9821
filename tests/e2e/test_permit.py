"""The main job in a real browser: a park use permit, from search to PDF."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import expect

from config.settings.test import SECRET_KEY
from sandbox import parts
from sandbox.visitor import Visitor
from tests.e2e import letter
from tests.e2e.conftest import DESKTOP, PHONE
from tests.e2e.demo import QuickDemo
from tests.e2e.looking import Findings

OpenBrowser = Callable[..., Visitor]


@pytest.mark.parametrize(
    ("town", "language", "script", "size"),
    [
        pytest.param("shiomi", "en", True, PHONE, id="phone-english-script"),
        pytest.param("suginosawa", "ja", False, DESKTOP, id="desktop-japanese-no-script"),
    ],
)
def test_permit_from_search_to_pdf(
    open_browser: OpenBrowser,
    demo: QuickDemo,
    town: str,
    language: str,
    script: bool,
    size: dict[str, int],
) -> None:
    findings = Findings()
    how: dict[str, Any] = {"script": script, "size": size, "findings": findings}
    story = Story(lambda: open_browser(town, language, **how), demo, town, script)
    story.finds_the_service()
    story.fills_in()
    story.goes_on_in_another_browser()
    story.sends_twice()
    story.gets_a_mail()
    story.caseworker_asks_parks()
    story.caseworker_asks_for_a_correction()
    story.resident_corrects()
    story.caseworker_approves()
    story.resident_pays()
    story.resident_gets_the_permit()
    story.anybody_verifies_it()
    story.resident_sees_who_looked()
    findings.none()


class Story:
    def __init__(
        self, browser: Callable[[], Visitor], demo: QuickDemo, town: str, script: bool
    ) -> None:
        self.browser = browser
        self.demo = demo
        self.town = town
        self.script = script
        self.resident = browser()
        self.caseworker = browser()
        self.case = ""
        self.number = ""
        self.letter = b""

    # --- applying -----------------------------------------------------------------------------

    def finds_the_service(self) -> None:
        resident = self.resident
        resident.go("/")
        resident.look("home")
        for words in ("公園", "park"):
            resident.go("/")
            resident.page.locator('form[action*="/search/"] input[name="q"]').first.fill(words)
            resident.press('form[action*="/search/"] button')
            assert quote(words) in resident.page.url
            assert resident.page.locator('main a[href*="park-use"]').count(), resident.text[:400]
        resident.look("search")
        resident.follow('main a[href*="park-use"]')
        resident.look("service page")
        resident.follow('main a[href*="/apply/park-use/"]')
        resident.look("before you start")
        resident.follow(parts.START)
        resident.look("eID provider")
        parts.choose_persona(resident, "adult")

    def fills_in(self) -> None:
        resident = self.resident
        assert parts.step_of(resident) == "applicant"
        resident.shows("佐藤 恵", "サトウ メグミ")
        assert not resident.page.locator('input[name="name"]').count()  # verified: read only
        assert resident.page.locator(".f-badge--verified").count() >= 4
        resident.save()
        assert resident.page.locator(".f-summary").count()
        resident.look("step with errors")
        parts.fill_applicant(resident)
        resident.look("step: applicant")
        resident.save()
        assert parts.step_of(resident) == "place"
        parts.fill_place(resident)
        resident.look("step: place")
        resident.save()
        assert parts.step_of(resident) == "activity"
        parts.fill_activity(resident, script=self.script)
        resident.look("step: activity")
        resident.save()
        assert parts.step_of(resident) == "documents"
        resident.look("step: documents")

    def goes_on_in_another_browser(self) -> None:
        self.resident.context.close()
        resident = self.resident = self.browser()
        parts.begin(resident, "park-use")
        assert parts.step_of(resident) == "documents"
        resident.fill({"site_plan": parts.PLAN})
        resident.save()
        assert parts.step_of(resident) == "declaration", resident.text[:400]
        resident.look("step: declaration")
        resident.fill({"agreed": "yes"})
        resident.save()
        assert parts.step_of(resident) == "check", resident.text[:400]
        resident.look("check answers")
        resident.shows("佐藤 恵", "案内図.png", "090-1234-5678")
        # Two cameras on two days; each town has its own rate.
        assert re.search(r"[1-9][\d,]* ?円|¥ ?[1-9]|[1-9][\d,]* yen", resident.text), resident.text

    def sends_twice(self) -> None:
        resident = self.resident
        check = resident.page.url
        button = resident.page.locator("main form .actions > button.button")
        # The second press may abort the navigation of the first, which a test that waits for
        # "the" navigation takes for a failure: what counts is where the resident arrives.
        button.dblclick(no_wait_after=True)
        expect(resident.page).to_have_url(re.compile("/receipt/"))
        resident.page.wait_for_load_state()
        self.case, self.number = parts.case_id(resident), parts.receipt_number(resident)
        resident.look("receipt")
        resident.page.goto(check)
        assert parts.case_id(resident) == self.case
        resident.go("/applications/")
        assert len(set(parts.RECEIPT.findall(resident.text))) == 1
        resident.look("my applications")

    def gets_a_mail(self) -> None:
        resident = self.resident
        for _try in range(80):
            resident.page.goto(f"{self.demo.base}/sandbox/mail/?lang={resident.language}")
            if self.number in resident.page.inner_text("body"):
                break
            resident.page.wait_for_timeout(250)
        else:
            pytest.fail(f"no mail about {self.number}")
        resident.look("mail")
        resident.go("/messages/")
        resident.look("messages")
        resident.follow("main .list a")
        resident.shows(self.number)
        resident.look("message")

    # --- the office ---------------------------------------------------------------------------

    def caseworker_asks_parks(self) -> None:
        office = self.caseworker
        parts.staff_sign_in(office, self.town, "yamamoto", SECRET_KEY, looks=True)
        office.look("inbox")
        office.follow(f'main a[href*="{self.case}"]')
        office.shows(self.number, "佐藤 恵", "案内図.png")
        office.look("case, new")
        parts.press_in(office, "claim")
        parts.act(office, "consult")
        office.fill(
            {"department": "parks", "question": office.say("空いていますか。", "Is it free?")}
        )
        office.look("case, consulting")
        parts.press_in(office, "consult")
        parks = self.browser()
        parts.staff_sign_in(parks, self.town, "ueda", SECRET_KEY)
        parks.go(f"/desk/cases/{self.case}/")
        assert "佐藤" not in parks.text  # they need not know who applies
        parks.look("case, consulted")
        parks.fill({"opinion": "with_conditions", "text": "花壇に入らないこと。"})
        parts.press_in(parks, "opinion")
        parks.context.close()

    def caseworker_asks_for_a_correction(self) -> None:
        office = self.caseworker
        office.go(f"/desk/cases/{self.case}/")
        office.shows("花壇に入らないこと。")
        parts.act(office, "correct")
        parts.press_in(office, "correct")  # nothing chosen, nothing said
        assert office.page.locator(".field__error").count()
        office.look("case with errors")
        office.fill({"question_ids": ["area_m2"], "message": "面積を確認してください。"})
        parts.press_in(office, "correct")
        office.look("case, waiting for the correction")

    def resident_corrects(self) -> None:
        resident = self.resident
        resident.go(f"/applications/{self.case}/")
        resident.shows("面積を確認してください。")
        # The clock stands still: no date by which a decision is due.
        assert not resident.page.locator("aside time, aside .due").count()
        resident.look("progress, correction asked for")
        resident.follow('main a[href*="/correction/"]')
        names = resident.page.locator("main form [name]:not([type=hidden]):not(button)")
        assert [names.nth(i).get_attribute("name") for i in range(names.count())] == ["area_m2"]
        resident.look("correction")
        resident.fill({"area_m2": "40"})
        resident.save()
        resident.look("correction, before sending")
        resident.save()
        resident.go(f"/applications/{self.case}/sent/")
        resident.shows("40")
        resident.look("what was sent")

    def caseworker_approves(self) -> None:
        office = self.caseworker
        office.go(f"/desk/cases/{self.case}/")
        assert office.page.locator("td.changed ins", has_text="40").count()
        office.look("case, corrected")
        parts.act(office, "approve")
        office.fill({"standard": ["0"], "own": "花壇に入らないこと。"}, within="details#approve")
        parts.press_in(office, "approve")
        office.shows("花壇に入らないこと。")
        office.look("confirm the approval")
        office.press('button[name="confirmed"]')
        office.shows("花壇に入らないこと。")
        office.look("case, approved")

    # --- the decision -------------------------------------------------------------------------

    def resident_pays(self) -> None:
        resident = self.resident
        path = f"/applications/{self.case}/"
        resident.wait_for(path, 'main a[href*="/pay/"]')
        resident.look("progress, fee due")
        for outcome in ("declined", "paid"):
            resident.go(path)
            resident.follow('main a[href*="/pay/"]')
            resident.look(f"fee, before it is {outcome}")
            resident.save()
            resident.look("payment provider")
            resident.press(f'button[name="outcome"][value="{outcome}"]')
            assert self.case in resident.page.url
            resident.look(f"after the payment was {outcome}")

    def resident_gets_the_permit(self) -> None:
        resident = self.resident
        resident.wait_for(f"/applications/{self.case}/", 'main a[href*="/documents/"]')
        resident.shows("花壇に入らないこと。")
        resident.look("progress, permit issued")
        self.letter = parts.download(resident, 'main a[href*="/documents/"]')
        assert self.letter.startswith(b"%PDF-")

    def anybody_verifies_it(self) -> None:
        words = letter.words(self.letter)
        assert "佐藤 恵" in words
        assert "審査請求" in words
        assert "花壇に入らないこと。" in words
        code = (
            next(link for link in letter.links(self.letter) if "/verify/" in link)
            .rstrip("/")
            .rsplit("/", 1)[1]
        )
        stranger = self.browser()
        stranger.go(f"/verify/{code}/")
        assert stranger.page.locator(".confirm--ok, .confirm--warn").count()
        page = stranger.page.content()
        assert not [word for word in ("佐藤", "サトウ", "鎌倉", self.number) if word in page]
        stranger.look("verification")
        stranger.go("/verify/AAAAA-AAAAA-AAAAA-AAAAA/")
        assert stranger.page.locator(".confirm--bad").count()
        stranger.look("verification, unknown")
        for address in (f"/applications/{self.case}/", f"/desk/cases/{self.case}/"):
            stranger.go(address)
            assert self.number not in stranger.text
        stranger.context.close()

    def resident_sees_who_looked(self) -> None:
        resident = self.resident
        resident.go("/my-data/")
        resident.shows("山本 真理", "上田 緑", self.number)
        resident.look("my data")
        for path in ("/your-data/", "/messages/settings/", "/verify/"):
            resident.go(path)
            resident.look(path)
