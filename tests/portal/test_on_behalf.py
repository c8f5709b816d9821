"""Applying for somebody else through the pages."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from cases import actions as cases
from cases.models import Application
from catalogue.models import Offering
from common.actor import Actor
from forms.models import Draft
from identity.models import Representation, User
from identity.representation import actions
from tests.factories import behalf, people
from tests.factories import cases as make
from tests.portal import steps

FOR = "/en/apply/park-use/for/"
NEW = "/en/my-data/acting/attorney/?service=park-use"


def _attorney_fields(**changes: Any) -> dict[str, Any]:
    return {
        "name": "鈴木 ハル",
        "name_kana": "すずき はる",
        "birth_date-year": "昭和20",
        "birth_date-month": "5",
        "birth_date-day": "1",
        "address-postalCode": "1650026",
        "address-prefecture": "東京都",
        "address-city": "中野区",
        "address-streetAddress": "新井1-2-3",
        "basis": "power_of_attorney",
        "services": "park-use",
        "document": steps.picture(),
        **changes,
    }


class TestDeclaring:
    def test_ways_are_those_of_the_service(self, offering: Offering, browser: Client) -> None:
        page = browser.get("/en/my-data/acting/?service=park-use").content.decode()
        assert "/en/my-data/acting/attorney/?service=park-use" in page
        assert "/acting/guardian/" not in page
        everything = browser.get("/en/my-data/acting/").content.decode()
        assert "/en/my-data/acting/guardian/" in everything

    def test_declared_and_back_to_the_question(
        self, offering: Offering, browser: Client, resident: User
    ) -> None:
        answer = browser.post(NEW, _attorney_fields())
        assert answer.headers["Location"] == FOR
        made = Representation.objects.get(owner=resident)
        assert (made.name_kana, str(made.birth_date)) == ("スズキ ハル", "1945-05-01")
        assert (made.services, made.address["postalCode"]) == (["park-use"], "165-0026")
        assert made.document_type == "image/png"
        page = browser.get(FOR).content.decode()
        assert "For 鈴木 ハル" in page
        assert str(made.pk) in page

    @pytest.mark.parametrize(
        ("changes", "anchor"),
        [
            ({"document": ""}, "#document"),
            ({"document": SimpleUploadedFile("x.pdf", b"MZ no pdf")}, "#document"),
            ({"name": ""}, "#f-name"),
            ({"birth_date-year": "2999"}, "#f-birth_date"),
            ({"basis": "family_register"}, "#f-basis"),
            ({"basis": ""}, "#f-basis"),
        ],
    )
    def test_what_is_wrong_is_said_at_its_place(
        self, offering: Offering, browser: Client, resident: User, changes: Any, anchor: str
    ) -> None:
        answer = browser.post(NEW, _attorney_fields(**changes))
        assert answer.status_code == 422
        page = answer.content.decode()
        assert f'href="{anchor}' in page
        assert "新井1-2-3" in page
        assert not Representation.objects.filter(owner=resident).exists()

    def test_number_of_an_organisation_is_checked(
        self, offering: Offering, browser: Client, resident: User
    ) -> None:
        fields = _attorney_fields(
            organisation_number="7000012050003", basis="authorisation", document=""
        )
        path = "/en/my-data/acting/organisation/"
        answer = browser.post(path, fields)
        assert (answer.status_code, 'href="#f-organisation_number"' in answer.content.decode()) == (
            422,
            True,
        )
        fields["organisation_number"] = "７０００-０１２０-５０００２"
        assert browser.post(path, fields).status_code == 302
        made = Representation.objects.get(owner=resident)
        assert made.organisation_number == behalf.CORPORATE_NUMBER

    def test_postal_code_is_looked_up_without_saving(
        self, offering: Offering, browser: Client, resident: User
    ) -> None:
        answer = browser.post(
            NEW, {"address-postalCode": "1650026", "name": "鈴木", "_do": "lookup:address"}
        )
        page = answer.content.decode()
        assert "中野区" in page
        assert "鈴木" in page
        assert not Representation.objects.filter(owner=resident).exists()

    def test_same_twice_is_refused_in_words(
        self, offering: Offering, browser: Client, resident: User
    ) -> None:
        browser.post(NEW, _attorney_fields())
        answer = browser.post(NEW, _attorney_fields())
        assert answer.status_code == 422
        assert "You have declared this already." in answer.content.decode()

    def test_made_up_kind_and_service(self, offering: Offering, browser: Client) -> None:
        assert browser.get("/en/my-data/acting/counter/").status_code == 404
        assert browser.get("/en/my-data/acting/x/").status_code == 404
        assert browser.get("/en/my-data/acting/?service=../../x").status_code == 200
        limited = browser.post(NEW, _attorney_fields(services="flying-carpet"))
        assert limited.status_code == 302
        assert Representation.objects.get().services == []


class TestMyData:
    def test_seen_with_state_and_doubt(
        self, offering: Offering, browser: Client, resident: User
    ) -> None:
        made = behalf.attorney_of(resident)
        actions.doubt(representation=made, reason="印がありません", by=people.caseworker())
        page = browser.get("/en/my-data/").content.decode()
        assert "鈴木 ハル" in page
        assert "印がありません" in page
        assert reverse("portal:representation_document", args=[made.pk]) in page

    def test_revoked_after_asking_once(
        self, offering: Offering, browser: Client, resident: User
    ) -> None:
        made = behalf.attorney_of(resident)
        path = f"/en/my-data/acting/{made.pk}/revoke/"
        assert "Act for 鈴木 ハル no more?" in browser.get(path).content.decode()
        assert browser.post(path).headers["Location"] == "/en/my-data/#representations"
        made.refresh_from_db()
        assert made.state == "revoked"
        page = browser.get(FOR).content.decode()
        assert str(made.pk) not in page

    def test_paper_is_the_owners_alone(
        self, offering: Offering, browser: Client, resident: User
    ) -> None:
        own = behalf.attorney_of(resident)
        other = behalf.attorney_of(people.resident(name="別の 人"))
        path = "portal:representation_document"
        answer = browser.get(reverse(path, args=[own.pk]))
        assert b"".join(answer.streaming_content) == behalf.Paper().data
        assert "attachment" in answer.headers["Content-Disposition"]
        assert browser.get(reverse(path, args=[other.pk])).status_code == 404
        assert (
            browser.post(reverse("portal:representation_revoke", args=[other.pk])).status_code
            == 404
        )

    def test_page_costs_the_same_for_one_and_three(
        self, offering: Offering, browser: Client, resident: User
    ) -> None:
        from tests.portal.test_weight import MOST_STATEMENTS, statements

        behalf.attorney_of(resident)
        browser.get("/my-data/")
        one = statements(lambda: browser.get("/my-data/"))
        for name in ("二", "三"):
            behalf.attorney_of(resident, name=name)
        assert statements(lambda: browser.get("/my-data/")) == one
        assert one <= MOST_STATEMENTS


class TestChoosing:
    def test_start_page_asks(self, offering: Offering, browser: Client, visitor: Client) -> None:
        for client in (browser, visitor):
            page = client.get("/en/apply/park-use/").content.decode()
            assert "Who is this application for?" in page
            assert FOR in page

    def test_service_without_it_does_not_ask(
        self, offering: Offering, browser: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        service = offering.template.service
        monkeypatch.setattr(
            offering.template, "service", service.model_copy(update={"on_behalf": ()})
        )
        assert FOR not in browser.get("/en/apply/park-use/").content.decode()
        assert browser.get(FOR).headers["Location"] == "/en/apply/park-use/begin/"

    def test_visitor_signs_in_first(self, offering: Offering, visitor: Client) -> None:
        answer = visitor.get(FOR)
        assert answer.headers["Location"].startswith("/en/sign-in/?next=")

    def test_myself(self, offering: Offering, browser: Client) -> None:
        answer = browser.post(FOR, {"whom": "myself"})
        assert answer.headers["Location"] == "/en/apply/park-use/begin/"

    def test_somebody_else(self, offering: Offering, browser: Client, resident: User) -> None:
        made = behalf.attorney_of(resident)
        answer = browser.post(FOR, {"whom": str(made.pk)})
        draft = Draft.objects.get(resident=resident)
        assert (draft.representation, draft.answers["name"]) == (made, "鈴木 ハル")
        page = browser.get(answer.headers["Location"]).content.decode()
        assert "This application is for 鈴木 ハル." in page
        assert (
            browser.post(FOR, {"whom": str(made.pk)}).headers["Location"]
            == (answer.headers["Location"])
        )
        browser.get("/en/apply/park-use/begin/")
        assert Draft.objects.filter(resident=resident).count() == 2
        page = browser.get("/en/applications/").content.decode()
        assert page.count("For 鈴木 ハル") == 1

    @pytest.mark.parametrize(
        ("changes", "words"),
        [
            ({"services": ["child-allowance"]}, "limited to other services"),
            ({"valid_from": timezone.localdate() + timedelta(days=900)}, "it begins later"),
        ],
    )
    def test_who_cannot_be_chosen_is_shown_with_the_reason(
        self, offering: Offering, browser: Client, resident: User, changes: Any, words: str
    ) -> None:
        made = behalf.attorney_of(resident, **changes)
        assert words in browser.get(FOR).content.decode()
        answer = browser.post(FOR, {"whom": str(made.pk)})
        assert (answer.status_code, words in answer.content.decode()) == (422, True)
        assert not Draft.objects.filter(resident=resident).exists()

    def test_forged_ids(
        self, offering: Offering, browser: Client, resident: User, in_town: Any
    ) -> None:
        other = behalf.attorney_of(people.resident(name="別の 人"))
        with in_town("suginosawa"):
            elsewhere = behalf.attorney_of()
        for wrong in (str(other.pk), str(elsewhere.pk), "x", "x\x00", "0" * 99):
            assert browser.post(FOR, {"whom": wrong}).status_code == 404
        assert browser.post(FOR, {}).status_code == 422
        assert not Draft.objects.filter(resident=resident).exists()


class TestSending:
    @pytest.fixture
    def draft(self, offering: Offering, resident: User) -> Draft:
        return make.draft_ready_to_send(of=offering, acts_for=behalf.attorney_of(resident))

    def test_check_page_says_who_applies_for_whom(self, browser: Client, draft: Draft) -> None:
        page = browser.get(f"/en/drafts/{draft.pk}/check/").content.decode()
        assert "This application is for 鈴木 ハル." in page
        assert "You send it as 山田 花子." in page
        assert 'name="keep"' not in page

    def test_sent_receipt_and_progress_name_whom(self, browser: Client, draft: Draft) -> None:
        answer = browser.post(f"/en/drafts/{draft.pk}/check/")
        for path in (answer.headers["Location"], answer.headers["Location"][: -len("receipt/")]):
            assert "For 鈴木 ハル" in browser.get(path).content.decode()
        case = Application.objects.get(idempotency_key=draft.pk).case
        page = browser.get(f"/en/applications/{case.pk}/sent/").content.decode()
        assert "For 鈴木 ハル, sent by 山田 花子" in page
        assert "For 鈴木 ハル" in browser.get("/en/applications/").content.decode()

    def test_revoked_meanwhile_is_said_and_nothing_is_sent(
        self, browser: Client, draft: Draft, resident: User
    ) -> None:
        assert draft.representation is not None
        actions.revoke(representation=draft.representation, by=Actor.of(resident))
        page = browser.get(f"/en/drafts/{draft.pk}/check/").content.decode()
        assert "You do not act for 鈴木 ハル any more" in page
        assert "Send the application" not in page
        answer = browser.post(f"/en/drafts/{draft.pk}/check/")
        assert answer.status_code == 409
        assert "it was revoked" in answer.content.decode()
        assert not Application.objects.filter(idempotency_key=draft.pk).exists()

    def test_doubt_is_shown_on_the_progress_page(self, browser: Client, draft: Draft) -> None:
        case = cases.submit_application(draft=draft, by=Actor.of(draft.resident), language="ja")
        cases.check_representation(
            case=case, verdict="doubted", reason="印がありません", by=people.caseworker()
        )
        page = browser.get(f"/en/applications/{case.pk}/").content.decode()
        assert "Please show that you may act for the applicant" in page
        assert "印がありません" in page

    def test_withdrawing_after_a_revocation_is_refused_in_words(
        self, browser: Client, draft: Draft, resident: User
    ) -> None:
        case = cases.submit_application(draft=draft, by=Actor.of(resident), language="ja")
        assert draft.representation is not None
        actions.revoke(representation=draft.representation, by=Actor.of(resident))
        answer = browser.post(f"/en/applications/{case.pk}/withdraw/")
        assert answer.status_code == 409
        assert "it was revoked" in answer.content.decode()

    def test_correction_after_a_revocation_is_refused_in_words(
        self, browser: Client, draft: Draft, resident: User
    ) -> None:
        case = cases.submit_application(draft=draft, by=Actor.of(resident), language="ja")
        case = cases.claim_case(case=case, by=people.caseworker())
        make.correction_of(case)
        assert draft.representation is not None
        actions.revoke(representation=draft.representation, by=Actor.of(resident))
        answer = browser.post(f"/en/applications/{case.pk}/correction/send/")
        assert answer.status_code == 409
        assert "it was revoked" in answer.content.decode()
