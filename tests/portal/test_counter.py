"""Help at the counter, from the code to the receipt, and everything that must not go."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.template.loader import render_to_string
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from audit.models import LedgerEntry
from cases import actions as cases
from cases import copies, entering, policies
from cases.models import Application, Case
from catalogue.models import Offering
from common.actor import Actor
from common.errors import NotAllowed
from forms.models import Draft
from identity.counter import actions, codes
from identity.models import (
    CounterCode,
    Helping,
    Representation,
    Role,
    StaffRole,
    User,
    WrongCode,
)
from tests.factories import behalf, counter, people
from tests.factories import cases as make
from tests.portal import steps

DESK = "/en/desk/counter/"
CODE, PERSON, BEGIN, END = f"{DESK}code/", f"{DESK}person/", f"{DESK}begin/", f"{DESK}end/"
MINE = "/en/my-data/counter/"


@pytest.fixture
def helper(town: Any) -> User:
    return counter.helper()


@pytest.fixture
def desk(town: Any, client_for: Callable[..., Client], helper: User) -> Client:
    return people.sign_in_staff(client_for(town), helper)


@pytest.fixture
def at_desk(town: Any, client_for: Callable[..., Client]) -> Callable[[User], Client]:
    return lambda user: people.sign_in_staff(client_for(town), user)


def at(name: str, *args: Any) -> str:
    """An English address."""
    with translation.override("en"):
        return reverse(name, args=args)


def begun(desk: Client, resident: User) -> Draft:
    """A helping session with the form of the park use permit open."""
    assert desk.post(CODE, counter.code_fields(counter.code_of(resident))).status_code == 302
    answer = desk.post(BEGIN, {"service": "park-use"})
    draft = Draft.objects.get(resident=resident, representation__kind="counter", state="open")
    assert answer.headers["Location"] == at("portal:draft", draft.pk)
    return draft


def completed(draft: Draft) -> Draft:
    """Every answer given; what is not typed by hand here is tested elsewhere."""
    of = Offering.objects.get(slug=draft.subject)
    ready = make.draft_ready_to_send(of=of, resident=people.resident(name="別の 人"))
    answers = {
        name: value
        for name, value in ready.answers.items()
        if name not in draft.answers and name != "site_plan"
    }
    Draft.objects.filter(pk=draft.pk).update(
        answers=draft.answers
        | answers
        | {"site_plan": [str(make.attachment(draft, "site_plan").pk)]}
        | {"phone": "090-1111-2222"}
    )
    draft.refresh_from_db()
    return draft


def events_of(resident: User) -> list[str]:
    return list(
        LedgerEntry.objects.filter(about=resident.pk, actor_kind="staff").values_list(
            "event", flat=True
        )
    )


class TestWithAnAccount:
    def test_from_the_code_to_the_receipt(
        self, offering: Offering, browser: Client, resident: User, desk: Client, helper: User
    ) -> None:
        page = browser.post(MINE)
        code = page.context["code"]
        assert (len(code), code in page.content.decode()) == (9, True)
        assert not CounterCode.objects.filter(code_hash__contains=code[:4] + code[5:]).exists()
        assert desk.get(CODE).status_code == 200
        assert desk.post(CODE, counter.code_fields(code)).headers["Location"] == DESK
        home = desk.get(DESK).content.decode()
        assert "You are helping 山田 花子" in home
        assert "park-use" in home
        answer = desk.post(BEGIN, {"service": "park-use"})
        draft = Draft.objects.get(resident=resident, representation__kind="counter")
        step = desk.get(answer.headers["Location"], follow=True)
        shown = step.content.decode()
        assert "You are helping 山田 花子" in shown
        assert "/en/applications/" not in shown
        first = draft.form.steps[0].id
        saved = steps.post_step(desk, draft, first, steps.APPLICANT)
        assert saved.status_code == 302
        draft.refresh_from_db()
        draft = completed(draft)
        check = at("portal:check", draft.pk)
        assert "How did the applicant confirm the answers?" in desk.get(check).content.decode()
        version = {"_version": str(draft.version_id)}
        unread = desk.post(check, version)
        assert (unread.status_code, Application.objects.exists()) == (422, False)
        assert "read-back-error" in unread.content.decode()
        sent = desk.post(check, version | {"read_back": "signed"})
        case = Case.objects.get(application__resident=resident)
        done = at("desk:counter_done", case.pk)
        assert sent.headers["Location"] == done
        # A second press, after the session has ended by the first.
        assert desk.post(check, version | {"read_back": "signed"}).headers["Location"] == done
        assert Application.objects.filter(resident=resident).count() == 1
        receipt = desk.get(done).content.decode()
        assert case.application.receipt_number in receipt
        assert "地域の紹介番組の撮影" in receipt
        assert "位置図.pdf" in receipt

        kept = case.application.helped
        assert kept is not None
        assert case.application.represented is None
        assert (kept.helper, kept.helper_name) == (str(helper.pk), "森 さくら")
        assert (kept.basis, kept.consent, kept.confirmed) == ("my_number_card", "code", "signed")
        origins = case.provenance
        assert origins["purpose"] == {"source": "counter", "by": "森 さくら"}
        assert Helping.objects.get().ending == "sent"

        progress = browser.get(at("portal:case", case.pk)).content.decode()
        assert "A member of staff entered this for you at the counter" in progress
        assert "Entered with you at the counter by 森 さくら" in progress
        what = browser.get(at("portal:sent", case.pk)).content.decode()
        assert "Entered at the counter by 森 さくら" in what
        mine = browser.get("/en/my-data/").content.decode()
        assert "森 さくら entered the application with you at the counter and sent it" in mine
        assert sorted(set(events_of(resident))) == [
            "application.entered", "counter.begun", "counter.draft", "counter.ended",
            "counter.receipt", "draft.autofilled",
        ]  # fmt: skip

    def test_code_works_once_and_a_new_one_replaces_it(
        self, offering: Offering, resident: User, desk: Client
    ) -> None:
        old = counter.code_of(resident)
        code = counter.code_of(resident)
        assert desk.post(CODE, counter.code_fields(old)).status_code == 422
        assert desk.post(CODE, counter.code_fields(code)).status_code == 302
        desk.post(END)
        assert desk.post(CODE, counter.code_fields(code)).status_code == 422

    def test_code_runs_out(self, offering: Offering, resident: User, desk: Client) -> None:
        code = counter.code_of(resident)
        CounterCode.objects.update(expires_at=timezone.now())
        assert desk.post(CODE, counter.code_fields(code)).status_code == 422
        assert not Helping.objects.exists()

    def test_code_of_another_town_is_none(
        self, offering: Offering, desk: Client, in_town: Any
    ) -> None:
        with in_town("suginosawa"):
            code = counter.code_of(people.resident())
        assert desk.post(CODE, counter.code_fields(code)).status_code == 422
        assert not Helping.objects.exists()

    def test_guessing_is_stopped(
        self, offering: Offering, resident: User, desk: Client, helper: User
    ) -> None:
        code = counter.code_of(resident)
        wrong = "00000000" if code != "0000 0000" else "11111111"
        for _try in range(codes.MOST_WRONG):
            assert desk.post(CODE, counter.code_fields(wrong)).status_code == 422
        right = desk.post(CODE, counter.code_fields(code))
        assert (right.status_code, Helping.objects.exists()) == (422, False)
        assert "Too many wrong codes" in right.content.decode()
        assert (
            LedgerEntry.objects.filter(
                event="counter.code_refused", actor_id=str(helper.pk)
            ).count()
            == codes.MOST_WRONG
        )
        WrongCode.objects.update(at=timezone.now() - codes.WINDOW - timedelta(seconds=1))
        assert desk.post(CODE, counter.code_fields(code)).status_code == 302

    @pytest.mark.parametrize(
        ("changes", "anchor"),
        [
            ({"code": ""}, "#f-code"),
            ({"code": "12"}, "#f-code"),
            ({"code": "x' or 1=1"}, "#f-code"),
            ({"basis": ""}, "#f-basis"),
            ({"basis": "family_register"}, "#f-basis"),
            ({"basis": "other_papers"}, "#f-papers"),
            ({"basis": "other_papers", "papers": ["pension", "pension"]}, "#f-papers"),
            ({"birth_date-year": ""}, "#f-birth_date"),
            ({"birth_date-year": "1986"}, "#f-birth_date"),
        ],
    )
    def test_what_is_wrong_is_said_at_its_place(
        self, offering: Offering, resident: User, desk: Client, changes: Any, anchor: str
    ) -> None:
        answer = desk.post(CODE, counter.code_fields(counter.code_of(resident), **changes))
        assert (answer.status_code, Helping.objects.exists()) == (422, False)
        assert f'href="{anchor}' in answer.content.decode()

    def test_nobody_helps_themselves(self, offering: Offering, desk: Client) -> None:
        oneself = people.resident(name="森　さくら")
        answer = desk.post(CODE, counter.code_fields(counter.code_of(oneself)))
        assert (answer.status_code, Helping.objects.exists()) == (422, False)
        assert "This would be your own application" in answer.content.decode()

    def test_one_at_a_time(
        self, offering: Offering, resident: User, desk: Client, helper: User
    ) -> None:
        counter.helping(helper, resident)
        other = people.resident(name="別の 人")
        answer = desk.post(CODE, counter.code_fields(counter.code_of(other)))
        assert (answer.status_code, Helping.objects.count()) == (422, 1)

    def test_weak_papers_are_not_enough_for_a_service_of_high_assurance(
        self,
        offering: Offering,
        resident: User,
        helper: User,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        from catalogue.template import Assurance

        service = offering.template.service
        monkeypatch.setattr(
            offering.template, "service", service.model_copy(update={"assurance": Assurance.HIGH})
        )
        weak = counter.helping_in_person(helper)
        with pytest.raises(NotAllowed) as refusal:
            entering.open_draft(helping=weak, offering=offering)
        assert refusal.value.code == "assurance"
        actions.end_all_of(helper, "helper")
        strong = counter.helping(helper, resident)
        assert entering.open_draft(helping=strong, offering=offering).is_open


class TestWithoutAnAccount:
    def test_recorded_and_sent(self, offering: Offering, desk: Client, helper: User) -> None:
        assert desk.post(PERSON, counter.person_fields()).headers["Location"] == DESK
        helping = Helping.objects.get()
        person = helping.resident
        assert (person.name, person.kind, person.has_usable_password()) == (
            "鈴木 ハル", "resident", False,
        )  # fmt: skip
        assert (helping.consent, helping.papers) == ("present", ["health_insurance", "pension"])
        desk.post(BEGIN, {"service": "park-use"})
        draft = completed(Draft.objects.get(resident=person))
        sent = desk.post(
            at("portal:check", draft.pk),
            {"_version": str(draft.version_id), "read_back": "read_back"},
        )
        case = Case.objects.get(application__resident=person)
        page = desk.get(sent.headers["Location"]).content.decode()
        assert "By post to the address on the paper" in page
        code = desk.post(sent.headers["Location"]).context["join_code"]
        assert len(code) == 14
        assert case.application.helped is not None
        assert case.application.helped.address["city"] == "中野区"

    def test_found_again_only_by_the_helpers_word(
        self, offering: Offering, desk: Client, helper: User
    ) -> None:
        first = counter.helping_in_person(helper).resident
        actions.end_all_of(helper, "helper")
        asked = desk.post(PERSON, counter.person_fields())
        assert (asked.status_code, Helping.objects.count()) == (422, 1)
        assert "東京都中野区新井1-2-3" in asked.content.decode()
        assert "counter.looked_up" in events_of(first)
        desk.post(PERSON, counter.person_fields(same_as=str(first.pk)))
        assert Helping.objects.latest("opened_at").resident == first
        desk.post(END)
        desk.post(PERSON, counter.person_fields(same_as="new"))
        assert Helping.objects.latest("opened_at").resident != first

    def test_another_residents_record_cannot_be_named(
        self, offering: Offering, desk: Client, helper: User, resident: User
    ) -> None:
        counter.helping_in_person(helper)
        actions.end_all_of(helper, "helper")
        for forged in (str(resident.pk), "x", "None", str(helper.pk)):
            answer = desk.post(PERSON, counter.person_fields(same_as=forged))
            assert (answer.status_code, Helping.objects.count()) == (422, 1)

    def test_record_with_an_eid_is_never_a_candidate(
        self, offering: Offering, desk: Client
    ) -> None:
        people.resident(name="鈴木 ハル", born="1945-05-01")
        assert desk.post(PERSON, counter.person_fields()).status_code == 302

    @pytest.mark.parametrize(
        ("changes", "anchor"),
        [
            ({"name": ""}, "#f-name"),
            ({"address-city": ""}, "#f-address"),
            ({"papers": ["pension"]}, "#f-papers"),
            ({"papers": ["made_up", "pension"]}, "#f-papers"),
            ({"email": "no address"}, "#f-email"),
        ],
    )
    def test_what_is_wrong_is_said_at_its_place(
        self, offering: Offering, desk: Client, changes: Any, anchor: str
    ) -> None:
        answer = desk.post(PERSON, counter.person_fields(**changes))
        assert (answer.status_code, User.objects.filter(name="鈴木 ハル").exists()) == (422, False)
        assert f'href="{anchor}' in answer.content.decode()


class TestWhatAHelperMayNot:
    def test_residents_other_things_do_not_exist(
        self, offering: Offering, resident: User, desk: Client, helper: User
    ) -> None:
        own = make.draft_ready_to_send(of=offering, resident=resident)
        file = own.attachments.first()
        case = make.submitted_case(of=offering, resident=people.resident(name="別の 人"))
        draft = begun(desk, resident)
        assert draft.pk != own.pk
        for name, pk in (
            ("draft", own.pk), ("check", own.pk), ("discard", own.pk), ("uploads", own.pk),
            ("screening", own.pk), ("cosigners", own.pk), ("attachment", file.pk),  # type: ignore[union-attr]
            ("draft", case.application.idempotency_key), ("draft", draft.resident_id),
        ):  # fmt: skip
            path = at(f"portal:{name}", pk)
            assert desk.get(path).status_code == 404, name
        for name in ("applications", "my_data", "messages", "counter", "join"):
            assert desk.get(at(f"portal:{name}")).status_code == 403, name
        assert desk.get(at("portal:reuse", draft.pk)).status_code == 403
        assert desk.get(at("portal:begin", "park-use")).status_code == 403

    def test_another_helpers_session(
        self,
        offering: Offering,
        resident: User,
        desk: Client,
        at_desk: Callable[[User], Client],
    ) -> None:
        draft = begun(desk, resident)
        other = counter.helper(name="二人目 係")
        colleague = at_desk(other)
        check = at("portal:check", draft.pk)
        assert colleague.get(check).status_code == 403
        counter.helping_in_person(other)
        assert colleague.get(check).status_code == 404
        assert colleague.post(check, {"read_back": "signed"}).status_code == 404
        with pytest.raises(NotAllowed):
            cases.submit_application(
                draft=draft, by=Actor.of(other), language="ja", read_back="signed"
            )

    @pytest.mark.parametrize("how", ["expired", "ended", "role", "revoked", "signed_out"])
    def test_after_the_end(
        self,
        offering: Offering,
        resident: User,
        browser: Client,
        desk: Client,
        helper: User,
        how: str,
    ) -> None:
        draft = completed(begun(desk, resident))
        step = at("portal:step", draft.pk, draft.form.steps[0].id)
        assert desk.get(step).status_code == 200
        helping = Helping.objects.get()
        if how == "expired":
            Helping.objects.update(expires_at=timezone.now())
        elif how == "ended":
            desk.post(END)
        elif how == "role":
            StaffRole.objects.filter(user=helper).delete()
        elif how == "revoked":
            assert "森 さくら is helping you now" in browser.get(MINE).content.decode()
            browser.post(MINE, {"end": str(helping.pk)})
        else:
            desk.post(at("identity:sign_out"))
            people.sign_in_staff(desk, helper)
        assert desk.get(step).status_code == 403
        check = at("portal:check", draft.pk)
        version = {"_version": str(draft.version_id), "read_back": "signed"}
        assert desk.post(check, version).status_code == 403
        assert desk.post(BEGIN, {"service": "park-use"}).status_code in {302, 403}
        draft.refresh_from_db()
        with pytest.raises(NotAllowed):
            cases.submit_application(
                draft=draft,
                by=Actor.of(User.objects.get(pk=helper.pk)),
                language="ja",
                read_back="signed",
            )
        assert not Application.objects.filter(resident=resident).exists()
        # Nothing is lost: the resident goes on, and sends it.
        own = browser.get(check).content.decode()
        assert "began this with you at the counter" in own
        assert browser.post(check, {"_version": str(draft.version_id)}).status_code == 302
        kept = Application.objects.get(resident=resident).helped
        assert kept is not None
        assert (kept.helper, kept.confirmed) == (str(helper.pk), "")

    def test_unsent_draft_goes_on_in_the_next_session(
        self, offering: Offering, resident: User, desk: Client, at_desk: Callable[[User], Client]
    ) -> None:
        first = begun(desk, resident)
        desk.post(END)
        assert begun(at_desk(counter.helper(name="二人目 係")), resident).pk == first.pk

    def test_of_another_department(
        self, offering: Offering, resident: User, at_desk: Callable[[User], Client]
    ) -> None:
        other = counter.helper(at="child_welfare")
        browser = at_desk(other)
        counter.helping(other, resident)
        assert "park-use" not in browser.get(DESK).content.decode()
        assert browser.post(BEGIN, {"service": "park-use"}).headers["Location"] == DESK
        assert not Draft.objects.filter(resident=resident).exists()

    def test_of_another_town(
        self,
        offering: Offering,
        resident: User,
        helper: User,
        in_town: Any,
        client_for: Callable[..., Client],
    ) -> None:
        counter.helping(helper, resident)
        draft = entering.open_draft(helping=Helping.objects.get(), offering=offering)
        with in_town("suginosawa") as other:
            stranger = counter.helper()
            counter.helping_in_person(stranger)
            browser = people.sign_in_staff(client_for(other), stranger)
        assert browser.get(at("portal:check", draft.pk)).status_code == 404

    def test_without_the_role(
        self, offering: Offering, resident: User, at_desk: Callable[[User], Client]
    ) -> None:
        worker = at_desk(people.caseworker())
        code = counter.code_of(resident)
        assert worker.get(DESK).status_code == 403
        assert worker.post(CODE, counter.code_fields(code)).status_code == 403
        assert worker.post(PERSON, counter.person_fields()).status_code == 403
        assert not Helping.objects.exists()

    def test_end_of_somebody_elses_help(
        self, offering: Offering, resident: User, helper: User, browser: Client
    ) -> None:
        other = counter.helping(helper, people.resident(name="別の 人"))
        for forged in (str(other.pk), "x", str(resident.pk)):
            assert browser.post(MINE, {"end": forged}).status_code == 409
        other.refresh_from_db()
        assert other.is_open

    def test_four_eyes(
        self, offering: Offering, resident: User, desk: Client, helper: User
    ) -> None:
        StaffRole.objects.create(user=helper, role=Role.CASEWORKER, department=offering.department)
        draft = completed(begun(desk, resident))
        case = cases.submit_application(
            draft=draft, by=Actor.of(helper), language="ja", read_back="read_back"
        )
        with pytest.raises(NotAllowed) as refusal:
            policies.check_not_entered(case, helper)
        options = policies.options(case, User.objects.get(pk=helper.pk))
        assert {(option.allowed, option.reason) for option in options} == {
            (False, str(refusal.value))
        }
        with pytest.raises(NotAllowed):
            cases.claim_case(case=case, by=helper)
        with pytest.raises(NotAllowed):
            cases.decide(case=case, outcome="refused", conditions=[], reason="x", by=helper)
        page = desk.get(at("desk:case", case.pk)).content.decode()
        assert "You entered this application at the counter" in page
        assert "My Number card" in page
        assert cases.claim_case(case=case, by=people.caseworker()).assigned_to is not None

    def test_receipt_is_shown_to_who_entered_it_and_for_an_hour(
        self,
        offering: Offering,
        resident: User,
        desk: Client,
        helper: User,
        at_desk: Callable[[User], Client],
    ) -> None:
        draft = completed(begun(desk, resident))
        case = cases.submit_application(
            draft=draft, by=Actor.of(helper), language="ja", read_back="read_back"
        )
        path = at("desk:counter_done", case.pk)
        assert desk.get(path).status_code == 200
        assert at_desk(counter.helper(name="二人目 係")).get(path).status_code == 404
        Helping.objects.update(ended_at=timezone.now() - entering.PRINTABLE)
        assert desk.get(path).status_code == 404


class TestJoining:
    PATH = "/en/my-data/counter/join/"

    def _entered(self, offering: Offering, helper: User) -> tuple[Case, str]:
        helping = counter.helping_in_person(helper)
        draft = completed(entering.open_draft(helping=helping, offering=offering))
        case = cases.submit_application(
            draft=draft, by=Actor.of(helper), language="ja", read_back="read_back"
        )
        code = codes.make(resident=case.resident, purpose="join", by=Actor.of(helper))[0]
        return case, code

    def test_eid_moves_to_the_record(
        self, offering: Offering, helper: User, town: Any, client_for: Callable[..., Client]
    ) -> None:
        case, code = self._entered(offering, helper)
        fresh = people.resident(name="鈴木　ハル", born="1945-05-01")
        browser = client_for(town, fresh)
        assert browser.get(self.PATH).status_code == 200
        assert browser.post(self.PATH, {"code": code.lower()}).status_code == 200
        assert browser.get(self.PATH).status_code == 302  # signed out
        fresh.refresh_from_db()
        assert not fresh.is_active
        record = User.objects.get(pk=case.resident_id)
        assert record.eid.claims["person.fullName"]["value"] == "鈴木　ハル"
        theirs = client_for(town, record).get("/en/applications/").content.decode()
        assert case.application.receipt_number in theirs

    @pytest.mark.parametrize(
        "who", [{"name": "鈴木 ハル"}, {"name": "鈴木 ナツ", "born": "1945-05-01"}]
    )
    def test_code_alone_or_name_alone_joins_nothing(
        self,
        offering: Offering,
        helper: User,
        town: Any,
        client_for: Callable[..., Client],
        who: dict[str, str],
    ) -> None:
        case, code = self._entered(offering, helper)
        other = people.resident(**who)
        browser = client_for(town, other)
        assert browser.post(self.PATH, {"code": code}).status_code == 422
        assert not hasattr(User.objects.get(pk=case.resident_id), "eid")
        right = client_for(town, people.resident(name="鈴木 ハル", born="1945-05-01"))
        assert right.post(self.PATH, {"code": code}).status_code == 422  # it was used up
        assert not hasattr(User.objects.get(pk=case.resident_id), "eid")

    def test_account_that_has_applied_is_not_joined(
        self, offering: Offering, helper: User, town: Any, client_for: Callable[..., Client]
    ) -> None:
        case, code = self._entered(offering, helper)
        user = people.resident(name="鈴木 ハル", born="1945-05-01")
        make.submitted_case(of=offering, resident=user)
        assert client_for(town, user).post(self.PATH, {"code": code}).status_code == 422
        assert not hasattr(User.objects.get(pk=case.resident_id), "eid")

    def test_help_code_is_no_join_code(
        self, offering: Offering, helper: User, browser: Client
    ) -> None:
        code = counter.code_of(people.resident(name="別の 人"))
        answer = browser.post(self.PATH, {"code": code})
        assert answer.status_code == 422
        assert 'id="code-error"' in answer.content.decode()


class TestActingForAnother:
    """A guardian at the counter: for whom, on what ground, and who helped, all three are known."""

    DOGS = "/en/desk/counter/for/dog-registration/"
    PARK = "/en/desk/counter/for/park-use/"

    @pytest.fixture
    def dogs(self, town: Any) -> Offering:
        found = make.offering("dog_registration")
        found.is_published = True
        found.save(update_fields=["is_published"])
        return found

    def _chosen(self, desk: Client, resident: User, whom: Representation) -> Draft:
        desk.post(CODE, counter.code_fields(counter.code_of(resident)))
        answer = desk.post(BEGIN, {"service": "park-use", "whom": "other"})
        assert answer.headers["Location"] == self.PARK
        page = desk.get(self.PARK).content.decode()
        assert "For 鈴木 ハル" in page
        assert "Power of attorney" in page
        answer = desk.post(self.PARK, {"whom": str(whom.pk)})
        draft = Draft.objects.get(resident=resident, on_behalf=whom)
        assert answer.headers["Location"] == at("portal:draft", draft.pk)
        return draft

    def test_from_the_choice_to_staff_resident_copy_and_ledger(
        self, offering: Offering, browser: Client, resident: User, desk: Client, helper: User,
        at_desk: Callable[[User], Client],
    ) -> None:  # fmt: skip
        whom = behalf.attorney_of(resident)
        draft = self._chosen(desk, resident, whom)
        first = desk.get(at("portal:step", draft.pk, draft.form.steps[0].id)).content.decode()
        assert "This application is for 鈴木 ハル." in first
        assert "山田 花子 acts for them, and you enter it." in first
        assert "You are helping 山田 花子" in first
        draft = completed(draft)
        check = at("portal:check", draft.pk)
        sent = desk.post(check, {"_version": str(draft.version_id), "read_back": "read_back"})
        case = Case.objects.get(application__idempotency_key=draft.pk)
        done = at("desk:counter_done", case.pk)
        assert sent.headers["Location"] == done
        kept = case.application
        assert kept.represented is not None
        assert kept.helped is not None
        assert (kept.represented.name, kept.represented.kind, kept.represented.basis) == (
            "鈴木 ハル", "attorney", "power_of_attorney",
        )  # fmt: skip
        assert (kept.helped.helper, kept.helped.confirmed) == (str(helper.pk), "read_back")
        assert kept.applicant_name == "鈴木 ハル"
        assert "鈴木 ハル" in desk.get(done).content.decode()

        for page in ("portal:case", "portal:receipt", "portal:sent"):
            shown = browser.get(at(page, case.pk)).content.decode()
            assert "For 鈴木 ハル" in shown, page
            assert "Entered with you at the counter by 森 さくら" in shown, page
        with translation.override("en"):
            copy = render_to_string("cases/copy.html", copies._context(kept, "Copy", "en"))
        assert "For 鈴木 ハル, sent by 山田 花子" in copy
        assert "Entered with you at the counter by 森 さくら" in copy
        worker = people.staff(Role.CASEWORKER, at=offering.department.key, name="係 一郎")
        worker.language = "en"
        worker.save()
        desk_page = at_desk(worker).get(at("desk:case", case.pk)).content.decode()
        assert "Sent on behalf of the applicant" in desk_page
        assert "Entered at the counter" in desk_page
        assert "森 さくら" in desk_page
        (entry,) = LedgerEntry.objects.filter(event="application.entered")
        assert entry.data["on_behalf"] == str(whom.pk)
        assert entry.data["representation"] == str(draft.representation_id)
        assert entry.actor_id == str(helper.pk)
        # The ground is checked like any other; help says nothing about it.
        assert policies.ground(case) == "claimed"
        checked = cases.check_representation(case=case, verdict="confirmed", reason="", by=worker)
        assert checked.verdict == "confirmed"
        whom.refresh_from_db()
        assert whom.state == "confirmed"
        Representation.objects.filter(pk=whom.pk).update(state="revoked")
        with pytest.raises(NotAllowed):
            policies.check_still_acts(Case.objects.get(pk=case.pk))

    def test_noted_at_the_counter_and_seen_by_the_resident(
        self, dogs: Offering, browser: Client, resident: User, desk: Client
    ) -> None:
        desk.post(CODE, counter.code_fields(counter.code_of(resident)))
        ways = desk.get("/en/my-data/acting/?service=dog-registration").content.decode()
        new = "/en/my-data/acting/guardian/?service=dog-registration"
        assert new in ways
        child = {
            "name": "山田 空", "name_kana": "ヤマダ　ソラ", "basis": "family_register",
            "birth_date-year": str(timezone.localdate().year - 7),
            "birth_date-month": "6", "birth_date-day": "15",
            "address-postalCode": "1650026", "address-prefecture": "東京都",
            "address-city": "中野区", "address-streetAddress": "新井1-2-3",
        }  # fmt: skip
        assert desk.post(new, child | {"name": "森 さくら"}).status_code == 422  # the helper
        answer = desk.post(new, child)
        assert answer.headers["Location"] == self.DOGS
        made = Representation.objects.get(owner=resident)
        assert (made.kind, made.state) == ("guardian", "claimed")
        assert "For 山田 空" in desk.get(self.DOGS).content.decode()
        mine = browser.get("/en/my-data/").content.decode()
        assert "山田 空" in mine
        assert "森 さくら noted at the counter that you act for somebody else" in mine

    def test_nobody_elses_ground_and_no_choice(
        self, dogs: Offering, resident: User, desk: Client
    ) -> None:
        other = behalf.guardian_of_a_child(people.resident(name="別の 人"))
        desk.post(CODE, counter.code_fields(counter.code_of(resident)))
        assert desk.post(self.DOGS, {"whom": str(other.pk)}).status_code == 404
        assert desk.post(self.DOGS, {"whom": "x"}).status_code == 404
        unchosen = desk.post(self.DOGS)
        assert unchosen.status_code == 422
        assert "Choose for whom the application is." in unchosen.content.decode()
        assert not Draft.objects.filter(resident=resident).exists()
        assert desk.post(self.DOGS, {"whom": "myself"}).status_code == 302
        assert Draft.objects.get(resident=resident).on_behalf is None

    def test_what_has_ended_is_shown_with_its_reason_and_not_sent(
        self, offering: Offering, resident: User, desk: Client
    ) -> None:
        whom = behalf.attorney_of(resident)
        draft = self._chosen(desk, resident, whom)
        Representation.objects.filter(pk=whom.pk).update(
            valid_from=timezone.localdate() - timedelta(days=9),
            valid_until=timezone.localdate() - timedelta(days=1),
        )
        assert "the time has run out" in desk.get(self.PARK).content.decode()
        page = desk.get(at("portal:check", draft.pk)).content.decode()
        assert "You cannot send this" in page
        draft = completed(draft)
        sent = desk.post(
            at("portal:check", draft.pk),
            {"_version": str(draft.version_id), "read_back": "signed"},
        )
        assert sent.status_code == 409
        assert not Application.objects.filter(resident=resident).exists()

    def test_a_later_session_goes_on_for_the_same_person_only(
        self, offering: Offering, resident: User, desk: Client
    ) -> None:
        whom = behalf.attorney_of(resident)
        draft = self._chosen(desk, resident, whom)
        desk.post(END)
        desk.post(CODE, counter.code_fields(counter.code_of(resident)))
        desk.post(BEGIN, {"service": "park-use"})
        assert Draft.objects.filter(resident=resident).count() == 2  # for themselves
        answer = desk.post(self.PARK, {"whom": str(whom.pk)})
        assert answer.headers["Location"] == at("portal:draft", draft.pk)

    def test_without_a_session_the_pages_are_closed(self, dogs: Offering, desk: Client) -> None:
        assert desk.get(self.DOGS).headers["Location"] == DESK
        assert desk.get("/en/my-data/acting/guardian/").status_code == 403
