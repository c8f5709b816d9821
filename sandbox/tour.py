"""The walk of `sandbox.screenshots`: past every kind of page, looking at each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from sandbox import parts
from sandbox.story import verification_path
from sandbox.visitor import Visitor

_OTHERS = ("single_parent", "foreign_resident", "rare_kanji", "guardian")
_CONDITION = ("花壇に入らないこと。", "Keep off the flower beds.")


@dataclass
class Tour:
    """`open_at` gives a browser without a past at a town."""

    open_at: Callable[[str], Visitor]
    town: str
    towns: Sequence[str]
    platform: str
    secret_key: str
    case: str = ""
    resident: Visitor = field(init=False)
    office: Visitor = field(init=False)

    def all(self) -> None:
        """In the order in which it happens."""
        self.resident = self.open_at(self.town)
        self.office = self.open_at(self.town)
        self.public_pages()
        self.empty_inbox()
        self.apply()
        self.claim_allowance()
        self.fill_the_inbox()
        self.review()
        self.correct()
        self.approve()
        self.pay()
        self.afterwards()
        self.for_others()
        self.at_the_counter()
        self.finance()
        self.editors()

    def _staff(self, browser: Visitor, username: str, *, looks: bool = False) -> None:
        parts.staff_sign_in(browser, self.town, username, self.secret_key, looks=looks)

    def _look_at(self, browser: Visitor, pages: dict[str, str], status: int = 200) -> None:
        for name, path in pages.items():
            browser.go(path, status=status)
            browser.look(name)

    # --- before anybody signs in --------------------------------------------------------------

    def public_pages(self) -> None:
        for town in self.towns:
            visitor = self.open_at(town)
            self._look_at(visitor, {f"home {town}": "/"})
            visitor.context.close()
        resident = self.resident
        words, nothing = resident.say("公園", "park"), resident.say("飛行場", "airport")
        self._look_at(
            resident,
            {
                "services": "/services/",
                "search": f"/search/?q={words}",
                "search without result": f"/search/?q={nothing}",
                "verify": "/verify/",
                "your data": "/your-data/",
            },
        )
        self._look_at(resident, {"not found": "/nothing-here/"}, status=404)
        self._look_at(resident, {"platform": f"{self.platform}/?lang={resident.language}"})
        self._look_at(resident, {"guide": f"{self.platform}/sandbox/?lang={resident.language}"})

    def empty_inbox(self) -> None:
        self._staff(self.office, "yamamoto", looks=True)
        self.office.look("inbox empty")

    # --- a permit -----------------------------------------------------------------------------

    def apply(self) -> None:
        resident = self.resident
        resident.go(f"/search/?q={resident.say('公園', 'park')}")
        resident.follow('main a[href*="park-use"]')
        resident.look("service")
        resident.follow('main a[href*="/apply/park-use/"]')
        resident.look("start")
        resident.follow(parts.START)
        resident.look("eid provider")
        parts.choose_persona(resident, "adult")
        resident.look("step")
        resident.save()
        resident.look("step with errors")
        parts.fill_applicant(resident)
        resident.look("step filled in")
        resident.save()
        resident.look("step place, empty")
        resident.save()
        resident.look("step place with errors")
        parts.fill_place(resident)
        resident.look("step place")
        resident.save()
        resident.look("step activity, empty")
        parts.fill_activity(resident, script=True)
        resident.look("step activity")
        resident.save()
        resident.look("step documents, empty")
        resident.fill({"site_plan": parts.PLAN})
        resident.save()
        resident.look("step declaration")
        resident.go("/applications/")
        resident.look("my applications, a draft")
        resident.page.go_back()
        resident.page.goto(resident.page.url.replace("/declaration/", "/documents/"))
        resident.look("step documents")
        resident.save()
        resident.fill({"agreed": "yes"})
        resident.save()
        resident.fill({"keep": "yes"})
        resident.look("check")
        resident.save()
        self.case = parts.case_id(resident)
        resident.look("receipt")
        self._look_at(
            resident,
            {"my applications": "/applications/", "progress received": self._path},
        )
        self._mail("mail")

    @property
    def _path(self) -> str:
        return f"/applications/{self.case}/"

    @property
    def _desk(self) -> str:
        return f"/desk/cases/{self.case}/"

    def _mail(self, name: str) -> None:
        resident = self.resident
        url = f"{self.platform}/sandbox/mail/?lang={resident.language}"
        resident.wait_for(url, 'main a[href*="/sandbox/mail/"]')
        resident.look(f"{name} list")
        resident.follow('main a[href*="/sandbox/mail/"]')
        resident.look(name)

    # --- a benefit ----------------------------------------------------------------------------

    def claim_allowance(self) -> None:
        parent = self.open_at(self.town)
        parent.go(f"/search/?q={parent.say('児童手当', 'child')}")
        parent.follow('main a[href*="child-allowance"]')
        parent.look("allowance service")
        parts.begin(parent, "child-allowance", "single_parent")
        parent.fill({"claim_reason": "other", "public_servant": "no", "pension_type": "employee"})
        parent.look("allowance step claimant")
        parent.save()
        parent.fill({"has_spouse": "no"})
        parent.look("allowance step spouse")
        parent.save()
        parent.look("allowance step children, empty")
        self._child(parent, 0, "田中 空", "2024-04-01")
        parent.look("allowance step children")
        parent.page.locator(".f-group__add button").click()
        self._child(parent, 1, "田中 海", "2019-08-20")
        parent.look("allowance step children, two")
        parent.save()
        parent.fill({"account_kind": "bank"})
        parent.look("allowance step account")
        parent.save()
        parent.look("allowance step account with errors")
        parent.context.close()

    @staticmethod
    def _child(parent: Visitor, number: int, name: str, born: str) -> None:
        one = f"children-{number}-"
        parent.fill({f"{one}child_name": name})
        parent.fill_date(f"{one}child_birth_date", born)
        parent.fill(
            {
                f"{one}relation": "child",
                f"{one}lives_together": "yes",
                f"{one}livelihood": "shared",
                f"{one}custody": "yes",
            }
        )

    # --- the office ---------------------------------------------------------------------------

    def fill_the_inbox(self) -> None:
        for persona in _OTHERS:
            other = self.open_at(self.town)
            parts.begin(other, "park-use", persona)
            parts.fill_all(other, script=True)
            parts.send(other)
            other.context.close()

    def review(self) -> None:
        office = self.office
        self._look_at(office, {"inbox": "/desk/", "case new": self._desk})
        parts.press_in(office, "claim")
        office.look("case claimed")
        parts.act(office, "consult")
        question = office.say("この日程で芝生は空いていますか。", "Is the lawn free on these days?")
        office.fill({"department": "parks", "question": question})
        office.look("case consulting")
        parts.press_in(office, "consult")
        parks = self.open_at(self.town)
        self._staff(parks, "ueda")
        self._look_at(parks, {"inbox consulted": "/desk/", "case consulted": self._desk})
        parks.fill({"opinion": "with_conditions", "text": office.say(*_CONDITION)})
        parts.press_in(parks, "opinion")
        parks.context.close()
        self._look_at(office, {"case": self._desk})
        self._look_at(self.resident, {"progress in review": self._path})

    def correct(self) -> None:
        office, resident = self.office, self.resident
        office.go(self._desk)
        parts.act(office, "correct")
        parts.press_in(office, "correct")
        office.look("case with errors")
        words = office.say(
            "機材を含めた面積をご確認ください。", "Please give the area with the equipment."
        )
        office.fill({"question_ids": ["area_m2"], "message": words})
        parts.press_in(office, "correct")
        office.look("case waiting")
        self._look_at(resident, {"progress correction": self._path})
        resident.follow('main a[href*="/correction/"]')
        resident.look("correction")
        resident.fill({"area_m2": "40"})
        resident.save()
        resident.look("correction before sending")
        resident.save()
        resident.look("correction sent")
        self._look_at(resident, {"what was sent": self._path + "sent/"})
        self._look_at(office, {"case corrected": self._desk})

    def approve(self) -> None:
        office = self.office
        office.go(self._desk)
        parts.act(office, "approve")
        office.fill({"standard": ["0"], "own": office.say(*_CONDITION)}, within="details#approve")
        office.look("case approving")
        parts.press_in(office, "approve")
        office.look("decision")
        office.press('button[name="confirmed"]')
        office.look("case approved")

    def pay(self) -> None:
        resident = self.resident
        resident.wait_for(self._path, 'main a[href*="/pay/"]')
        resident.look("progress fee due")
        for outcome in ("declined", "paid"):
            resident.go(self._path)
            resident.follow('main a[href*="/pay/"]')
            resident.look("payment")
            resident.save()
            resident.look("payment provider")
            resident.press(f'button[name="outcome"][value="{outcome}"]')
            resident.look(f"payment {outcome}")

    def afterwards(self) -> None:
        resident = self.resident
        resident.wait_for(self._path, 'main a[href*="/documents/"]')
        resident.look("progress")
        letter = parts.download(resident, 'main a[href*="/documents/"]')
        self._look_at(
            resident,
            {
                "messages": "/messages/",
                "message settings": "/messages/settings/",
                "my data": "/my-data/",
                "my applications, decided": "/applications/",
                "verification": verification_path(letter),
                "verification unknown": "/verify/AAAAA-AAAAA-AAAAA-AAAAA/",
            },
        )
        resident.go("/messages/")
        resident.follow("main .list a")
        resident.look("message")
        self.ask_once()
        self._look_at(
            self.office,
            {
                "case decided": self._desk,
                "letters of a case": f"{self._desk}letters/",
                "letter replaced": f"{self._desk}letters/replace/",
                "case team": f"{self._desk}team/",
                "inbox later": "/desk/",
                "printing": "/desk/printing/",
                "absences": "/desk/absences/",
                "waivers": "/desk/waivers/",
                "office": "/desk/office/",
            },
        )
        self._look_at(
            resident,
            {
                "decision": f"{self._path}decision/",
                "fee": f"{self._path}fee/",
                "register": "/register/",
                "register of a service": "/register/park-use/",
            },
        )

    def ask_once(self) -> None:
        resident = self.resident
        resident.go("/my-data/")
        resident.follow('main a[href*="/kept/"]:not([href$="/delete/"])')
        resident.look("kept answer")
        resident.go("/my-data/")
        resident.follow('main a[href*="/kept/"][href$="/delete/"]')
        resident.look("kept answer, deleting")
        resident.go("/apply/park-use/begin/")
        resident.look("kept answers offered")
        resident.save()
        resident.look("kept answers filled in")

    # --- for somebody else, and with help ------------------------------------------------------

    def for_others(self) -> None:
        resident = self.resident
        self._look_at(
            resident,
            {
                "for whom": "/apply/park-use/for/",
                "acting as what": "/my-data/acting/",
                "acting for an organisation": "/my-data/acting/organisation/?service=park-use",
                "acting as an attorney": "/my-data/acting/attorney/",
            },
        )

    def at_the_counter(self) -> None:
        """The resident shows a code, and a member of staff opens the form with it."""
        resident, helper = self.resident, self.open_at(self.town)
        resident.go("/my-data/counter/")
        resident.look("help at the counter")
        resident.save()
        resident.look("code for the counter")
        code = resident.page.inner_text(".confirm__number")
        parts.staff_sign_in(helper, self.town, "mori", self.secret_key, ends="/desk/counter/")
        helper.look("counter")
        self._look_at(helper, {"counter person": "/desk/counter/person/"})
        helper.go("/desk/counter/code/")
        helper.fill({"code": code, "basis": "my_number_card"})
        helper.fill_date("birth_date", "1986-05-14")
        helper.look("counter code")
        helper.save()
        helper.look("counter helping")
        helper.fill({"service": "park-use"})
        helper.save()
        helper.look("counter step")
        helper.context.close()

    def editors(self) -> None:
        editor = self.open_at(self.town)
        self._staff(editor, "admin")
        self._look_at(
            editor,
            {
                "operations": "/desk/operations/",
                "forms": "/desk/forms/",
                "export": "/desk/export/",
                "reports, none": "/desk/reports/",
                "retention": "/desk/retention/",
                "bodies": "/desk/bodies/",
                "closing days": "/desk/closing-days/",
            },
        )
        self.reports(editor)
        editor.page.goto(editor.base + "/admin/")
        editor.look("editors home")
        editor.page.goto(editor.base + "/admin/pages/")
        editor.look("editors pages")
        self.forms(editor)
        editor.context.close()

    def reports(self, editor: Visitor) -> None:
        editor.go("/desk/reports/")
        editor.press('form[action$="/count/"] button')
        editor.wait_for("/desk/reports/", "main svg.chart")
        editor.look("reports")

    def finance(self) -> None:
        """The till: what is due, a bank's file, the day's report."""
        clerk = self.open_at(self.town)
        parts.staff_sign_in(clerk, self.town, "sasaki", self.secret_key, ends="/desk/fees/")
        self._look_at(
            clerk,
            {
                "fees": "/desk/fees/?state=all",
                "bank": "/desk/bank/",
                "bank lines": "/desk/bank/lines/",
                "fees report": "/desk/fees/report/",
                "fees settings": "/desk/fees/settings/",
            },
        )
        clerk.go("/desk/fees/?state=all")
        if clerk.page.locator("main .table tbody a").count():
            clerk.follow("main .table tbody a")
            clerk.look("fee at the till")
        clerk.context.close()

    def forms(self, editor: Visitor) -> None:
        """The form builder: something is changed and published, and the change is looked at."""
        builder = editor.base + "/admin/forms/park-use/"
        editor.page.goto(builder)
        editor.press('form[action$="/begin/"] button')
        editor.look("builder")
        editor.page.goto(builder + "part/2-2/")
        editor.page.fill('[name="hint-ja"]', "例：噴水の北側の芝生")
        editor.page.fill('[name="hint-en"]', "For example: the lawn north of the fountain")
        editor.look("builder question")
        editor.press('.fb-actions button[value="save"]')
        for name in ("part", "translations", "publish"):
            editor.page.goto(f"{builder}{name}/")
            editor.look(f"builder {name}")
        editor.page.fill("#note", editor.say("場所の例を追加", "An example for the place"))
        editor.press('button[value="publish"]')
        editor.go("/desk/forms/")
        park = editor.say("公園内行為", "Park use")
        editor.page.locator("main .table tr", has_text=park).locator("a").first.click()
        editor.look("form versions")
        editor.follow('main a[href*="/compare/"]')
        editor.look("form compared")
