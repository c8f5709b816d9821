"""Whoever is represented sees who acts for them and what was sent, and can end it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from audit.models import LedgerEntry
from cases import actions as cases
from cases import entering, represented
from cases.models import Case, TimelineEntry
from catalogue.models import Offering
from common import outbox
from common.actor import Actor
from identity import actions as identity
from identity.models import EidIdentity, Representation, User
from identity.representation import actions
from notifications.models import Message
from tests.factories import behalf, counter, people
from tests.factories import cases as make
from tests.portal.steps import marked
from tests.portal.test_weight import MOST_STATEMENTS, statements

FOR_ME = "/en/my-data/for-me/"
State = Representation.State


@pytest.fixture
def acting(resident: User) -> Representation:
    """Somebody holds a power of attorney of the resident."""
    return behalf.attorney_for(resident)


def _at(name: str, *ids: Any) -> str:
    with translation.override("en"):  # the last request's language may still be active
        return reverse(name, args=ids)


def _page(browser: Client, path: str = FOR_ME) -> str:
    answer = browser.get(path)
    assert answer.status_code == 200, path
    return str(answer.content.decode())


def _signs_in(user: User, **changes: Any) -> None:
    """`user` shows the eID, which tells name, date of birth and address; `changes` by claim."""
    told = {concept: entry["value"] for concept, entry in user.eid.claims.items()}
    address = told["person.address"]
    identity.link_resident(
        issuer=user.eid.issuer,
        subject=user.eid.subject,
        userinfo={
            "name": told["person.fullName"],
            "name#ja-Kana-JP": told["person.fullNameKana"],
            "birthdate": told["person.dateOfBirth"].replace("-", ""),
            "address": {"formatted": f"東京都{address['city']}{address['streetAddress']}"},
            **changes,
        },
        acr="aal2",
        concepts={
            "person.fullName", "person.fullNameKana", "person.dateOfBirth", "person.address",
        },
        language="ja",
    )  # fmt: skip


def _person_of(representation: Representation) -> User | None:
    return Representation.objects.select_related("person").get(pk=representation.pk).person


class TestWhoActs:
    def test_seen_with_ground_time_limits_and_state(
        self, offering: Offering, browser: Client, resident: User
    ) -> None:
        made = behalf.attorney_for(
            resident, services=["park-use"], valid_until=timezone.localdate() + timedelta(days=9)
        )
        actions.doubt(representation=made, reason="印がありません", by=people.caseworker())
        page = _page(browser)
        for words in ("鈴木 一郎", "Power of attorney", "until", "Park use permit"):
            assert words in page, words
        assert "We have a copy of the paper." in page
        assert "鈴木 一郎" in _page(browser, "/en/my-data/")
        # What the office asked the other, and the paper itself, are between those two.
        assert "印がありません" not in page
        assert "委任状.pdf" not in page
        document = _at("portal:representation_document", made.pk)
        assert browser.get(document).status_code == 404

    def test_found_at_the_sign_in_when_it_was_declared_before(
        self, offering: Offering, browser: Client, resident: User
    ) -> None:
        known = behalf.as_known(resident)
        EidIdentity.objects.filter(user=resident).update(claims={})
        made = behalf.attorney_of(people.resident(name="鈴木 一郎"), **known)
        outbox.drain()
        assert _person_of(made) is None
        page = _page(browser)
        assert "鈴木 一郎" not in page
        assert "nobody acts for you" in page
        _signs_in(resident)
        outbox.drain()
        assert "鈴木 一郎" in _page(browser)
        assert Message.objects.filter(recipient=resident, kind="acts_for_you").count() == 1

    def test_eid_is_asked_for_the_three_only_when_somebody_wants_to_know(
        self, offering: Offering, browser: Client, resident: User
    ) -> None:
        assert "Confirm with the eID" not in _page(browser)  # it has told them just now
        EidIdentity.objects.filter(user=resident).update(claims={})
        assert "Confirm with the eID" in _page(browser)
        answer = browser.post(FOR_ME)
        assert answer.headers["Location"].startswith("/en/eid/start/?next=%2Fen%2Fmy-data%2Ffor-me")
        # No browser follows a form to another house: a page of ours goes on by itself.
        onwards = _page(browser, answer.headers["Location"])
        goes = "/en/eid/start/?next=%2Fen%2Fmy-data%2Ffor-me%2F&amp;step_up=1"
        assert f'content="0;url={goes}"' in onwards
        assert f'href="{goes}"' in onwards
        assert browser.session["eid_concepts"] == [
            "person.address", "person.dateOfBirth", "person.fullName",
        ]  # fmt: skip

    @pytest.mark.parametrize(
        "typed",
        [
            {"streetAddress": "千代田１丁目１番"},
            {"streetAddress": "千代田一丁目1番地"},
            {"city": "", "prefecture": "", "streetAddress": "東京都 千代田区 千代田1－1"},
        ],
    )
    def test_an_address_typed_in_another_way_is_the_same(
        self, resident: User, typed: dict[str, str]
    ) -> None:
        known = behalf.as_known(resident)
        made = behalf.attorney_of(people.resident(name="鈴木 一郎"), **known)
        Representation.objects.filter(pk=made.pk).update(address={**known["address"], **typed})
        outbox.drain()
        assert _person_of(made) == resident

    @pytest.mark.parametrize(
        "changes",
        [
            {"birth_date": date(1985, 4, 13)},
            {"name": "山田 花代"},
            {"name_kana": "ヤマダ　カコ"},
            {"address": {"streetAddress": "千代田1-11"}},
            {"address": {"streetAddress": "千代田11"}},
            {"address": {"city": "中央区"}},
        ],
    )
    def test_one_of_the_three_is_another_and_nothing_is_shown(
        self, offering: Offering, browser: Client, resident: User, changes: dict[str, Any]
    ) -> None:
        known = behalf.as_known(resident)
        address = {**known["address"], **changes.get("address", {})}
        made = behalf.attorney_for(resident, **{**changes, "address": address})
        case = make.submitted_case(of=offering, acts_for=made)
        _signs_in(resident)
        assert "鈴木 一郎" not in _page(browser)
        assert not Message.objects.filter(recipient=resident, kind="acts_for_you").exists()
        for name in ("for_me_case", "for_me_letter"):
            assert browser.get(_at(f"portal:{name}", case.pk)).status_code == 404
        assert browser.post(_at("portal:for_me_end", made.pk)).status_code == 404

    def test_other_flats_of_one_house(self, resident: User) -> None:
        eid = resident.eid
        eid.claims["person.address"]["value"]["building"] = "コーポ潮風 203号"
        eid.save()
        address = behalf.as_known(resident)["address"]
        other = behalf.attorney_for(resident, address={**address, "building": "コーポ潮風 204号"})
        same = behalf.attorney_for(resident, address={**address, "building": "コーポ潮風203号"})
        assert (other.person, same.person) == (None, resident)

    @pytest.mark.parametrize("told", [{"address": None}, {"birthdate": None}])
    def test_without_an_address_or_a_birth_date_nobody_is_found(
        self, resident: User, told: dict[str, None]
    ) -> None:
        known = behalf.as_known(resident)
        EidIdentity.objects.filter(user=resident).update(claims={})
        made = behalf.attorney_of(people.resident(name="鈴木 一郎"), **known)
        _signs_in(resident, **told)
        outbox.drain()
        assert _person_of(made) is None

    def test_whoever_has_moved_is_found_by_the_new_address_only(self, resident: User) -> None:
        known = behalf.as_known(resident)
        _signs_in(resident, address={"formatted": "大阪府堺市堺区南瓦町3-1"})
        assert behalf.attorney_for(resident, **known).person is None
        moved = User.objects.get(pk=resident.pk)
        assert behalf.attorney_for(moved).person == resident

    def test_recognised_once_stays_after_a_move(
        self, offering: Offering, browser: Client, resident: User, acting: Representation
    ) -> None:
        _signs_in(resident, address={"formatted": "大阪府堺市堺区南瓦町3-1"})
        assert "鈴木 一郎" in _page(browser)

    def test_of_two_who_are_equal_neither_is_shown_anything(
        self,
        offering: Offering,
        browser: Client,
        resident: User,
        acting: Representation,
        client_for: Callable[..., Client],
        town: Any,
    ) -> None:
        assert acting.person == resident
        twin = people.resident()
        _signs_in(twin)
        outbox.drain()
        assert _person_of(acting) is None
        for either in (browser, client_for(town, twin)):
            assert "鈴木 一郎" not in _page(either)

    def test_closed_account_is_nobodys(self, resident: User) -> None:
        known = behalf.as_known(resident)
        User.objects.filter(pk=resident.pk).update(is_active=False)
        made = behalf.attorney_of(people.resident(name="鈴木 一郎"), **known)
        outbox.drain()
        assert _person_of(made) is None

    def test_another_town_knows_nothing_of_it(
        self,
        offering: Offering,
        browser: Client,
        resident: User,
        in_town: Any,
        client_for: Callable[..., Client],
    ) -> None:
        known = behalf.as_known(resident)
        with in_town("suginosawa"):
            twin = people.resident()
            made = behalf.attorney_for(twin, **known)
            case = make.submitted_case(acts_for=made)
            assert made.person == twin
        _signs_in(resident)
        assert "鈴木 一郎" not in _page(browser)
        for name, pk in (("for_me_case", case.pk), ("for_me_end", made.pk)):
            assert browser.get(_at(f"portal:{name}", pk)).status_code == 404
        assert "鈴木 一郎" in _page(client_for("suginosawa", twin))

    def test_organisation_is_no_person(self, resident: User) -> None:
        made = behalf.employee_of(people.resident(name="鈴木 一郎"), name=resident.name)
        outbox.drain()
        assert _person_of(made) is None


class TestWhatWasSent:
    @pytest.fixture
    def case(self, offering: Offering, acting: Representation) -> Case:
        return make.submitted_case(of=offering, acts_for=acting)

    def test_listed_without_what_was_only_begun(
        self, browser: Client, case: Case, acting: Representation, offering: Offering
    ) -> None:
        make.draft_ready_to_send(of=offering, acts_for=acting)
        page = _page(browser)
        number = case.application.receipt_number
        assert page.count(number) == 1
        assert page.count(_at("portal:for_me_case", case.pk)) == 1
        assert "by 鈴木 一郎" in page
        assert number not in _page(browser, "/en/applications/")

    def test_read_as_it_was_sent_without_how_to_reach_the_sender(
        self, browser: Client, case: Case
    ) -> None:
        page = _page(browser, _at("portal:for_me_case", case.pk))
        for words in (
            case.application.receipt_number, "噴水の北側の芝生", "位置図.pdf", "sent by 鈴木 一郎",
            "The office works on it", "How to reach whoever sent it is not shown here.",
        ):  # fmt: skip
            assert words in page, words
        sent = case.answers
        assert sent["phone"] not in page
        assert sent["email"] not in page
        assert _at("portal:attachment", sent["site_plan"][0]) not in page

    def test_nothing_can_be_done_with_it(self, browser: Client, case: Case) -> None:
        page = _page(browser, _at("portal:for_me_case", case.pk))
        main = page[page.index("<main") : page.index("</main")]
        assert "<form" not in main
        for name in ("case", "sent", "copy", "data", "withdraw", "threads", "thread_new", "fee"):
            assert browser.get(_at(f"portal:{name}", case.pk)).status_code == 404, name
        assert browser.post(_at("portal:withdraw", case.pk)).status_code == 404
        attachment = _at("portal:attachment", case.answers["site_plan"][0])
        assert browser.get(attachment).status_code == 404

    def test_decision_and_letter(self, browser: Client, case: Case) -> None:
        letter = _at("portal:for_me_letter", case.pk)
        assert browser.get(letter).status_code == 404
        worker = people.caseworker()
        decision = make.decision_on(cases.claim_case(case=case, by=worker), "refused", by=worker)
        outbox.drain()
        page = _page(browser, _at("portal:for_me_case", case.pk))
        assert "場所がほかの行事と重なるため。" in page
        assert letter in page
        paper = browser.get(letter)
        assert b"".join(paper.streaming_content).startswith(b"%PDF")
        decision.refresh_from_db()
        assert decision.letter is not None
        # The town wrote to whoever sent it: only their opening proves that it has arrived.
        assert decision.letter.opened_at is None

    def test_sender_and_strangers_have_no_such_page(
        self, case: Case, acting: Representation, town: Any, client_for: Callable[..., Client]
    ) -> None:
        for user in (acting.owner, people.resident(name="別の 人")):
            answer = client_for(town, user).get(_at("portal:for_me_case", case.pk))
            assert answer.status_code == 404

    @pytest.mark.parametrize("ending", ["revoked", "expired"])
    def test_what_was_sent_stays_readable_afterwards(
        self, browser: Client, case: Case, acting: Representation, ending: str
    ) -> None:
        if ending == "revoked":
            actions.revoke(representation=acting, by=Actor.of(acting.owner))
        else:
            before = timezone.localdate() - timedelta(days=1)
            Representation.objects.filter(pk=acting.pk).update(
                valid_from=before, valid_until=before
            )
        page = _page(browser)
        assert {"revoked": "Revoked", "expired": "Expired"}[ending] in page
        assert _at("portal:for_me_end", acting.pk) not in page
        assert "噴水の北側の芝生" in _page(browser, _at("portal:for_me_case", case.pk))

    def test_pages_cost_the_same_for_one_and_three(
        self, browser: Client, resident: User, case: Case, offering: Offering
    ) -> None:
        paths = [FOR_ME, "/en/my-data/"]
        _page(browser)
        before = [statements(lambda path=path: browser.get(path)) for path in paths]
        for name in ("二", "三"):
            owner = people.resident(name=name)
            make.submitted_case(
                of=offering, acts_for=behalf.attorney_for(resident, owner, services=["park-use"])
            )
        after = [statements(lambda path=path: browser.get(path)) for path in paths]
        assert [after[0] - 1, after[1]] == before  # once more for the names of services
        assert max(after) <= MOST_STATEMENTS

    def test_a_child_sees_what_its_guardian_sent(
        self, offering: Offering, town: Any, client_for: Callable[..., Client]
    ) -> None:
        child = people.resident(name="山田 空", born=behalf.years_ago(15).isoformat())
        parent = people.resident(name="山田 太郎", born="1980-01-01")
        guardian = behalf.guardian_of_a_child(parent, **behalf.as_known(child))
        outbox.drain()
        page = _page(client_for(town, child))
        assert "山田 太郎" in page
        assert "Guardian of a child" in page
        assert _at("portal:for_me_end", guardian.pk) not in page
        assert "office for children and families" in page


class TestEnding:
    @pytest.fixture
    def case(self, offering: Offering, acting: Representation) -> Case:
        return make.submitted_case(of=offering, acts_for=acting)

    def _url(self, acting: Representation) -> str:
        return _at("portal:for_me_end", acting.pk)

    def test_what_was_sent_since_is_named_before_it_ends(
        self, browser: Client, acting: Representation, offering: Offering
    ) -> None:
        fields = marked(browser.get(self._url(acting)))
        make.submitted_case(of=offering, acts_for=acting)
        answer = browser.post(self._url(acting), fields)
        assert answer.status_code == 409
        assert "1 application that was sent for you is still" in answer.content.decode()
        acting.refresh_from_db()
        assert acting.state == State.CLAIMED
        assert browser.post(self._url(acting), marked(answer)).headers["Location"] == FOR_ME

    def test_asked_once_then_ended_and_everybody_is_told(
        self,
        browser: Client,
        case: Case,
        acting: Representation,
        resident: User,
        town: Any,
        client_for: Callable[..., Client],
        offering: Offering,
    ) -> None:
        worker = people.caseworker()
        cases.claim_case(case=case, by=worker)
        draft = make.draft_ready_to_send(of=offering, acts_for=acting)
        page = _page(browser, self._url(acting))
        assert "Should 鈴木 一郎 act for you no more?" in page
        assert "1 application that was sent for you is still being worked on." in page
        acting.refresh_from_db()
        assert acting.state == State.CLAIMED
        assert browser.post(self._url(acting)).headers["Location"] == FOR_ME
        acting.refresh_from_db()
        assert (acting.state, acting.ended_by) == (State.REVOKED, "represented")
        assert "by you" in _page(browser)
        mail.outbox.clear()
        outbox.drain()
        # Whoever acted
        theirs = client_for(town, acting.owner)
        assert theirs.post(f"/en/drafts/{draft.pk}/check/").status_code == 409
        assert theirs.post("/en/apply/park-use/for/", {"whom": str(acting.pk)}).status_code == 422
        course = _page(theirs, _at("portal:case", case.pk))
        assert "The applicant ended that you act for them" in course
        told = Message.objects.get(recipient=acting.owner, kind="representation_ended")
        assert resident.name not in f"{told.subject}{told.body}"
        # The office
        Message.objects.get(recipient=worker, kind="applicant_ended_representation")
        desk = people.sign_in_staff(client_for(town), worker)
        at_desk = _page(desk, _at("desk:case", case.pk))
        assert "The represented person ended this on" in at_desk
        for letter in mail.outbox:
            for name in ("鈴木", "山田"):
                assert name not in letter.subject + str(letter.body), letter.subject

    def test_ended_twice_and_closed_cases(
        self, browser: Client, case: Case, acting: Representation
    ) -> None:
        cases.withdraw(case=case, by=Actor.of(acting.owner))
        assert "still being worked on" not in _page(browser, self._url(acting))
        browser.post(self._url(acting))
        again = browser.post(self._url(acting))
        assert (again.status_code, "This has ended already." in again.content.decode()) == (
            409,
            True,
        )
        assert not TimelineEntry.objects.filter(case=case, code="representation_ended").exists()
        assert LedgerEntry.objects.filter(event="representation.ended").count() == 1

    @pytest.mark.parametrize(("basis", "words"), [("adult_guardian", "only the court can end it")])
    def test_what_a_court_has_ordered_only_a_court_ends(
        self, offering: Offering, browser: Client, resident: User, basis: str, words: str
    ) -> None:
        made = behalf.attorney_for(resident, basis=basis)
        assert words in _page(browser)
        answer = browser.post(self._url(made))
        assert (answer.status_code, words in answer.content.decode()) == (409, True)
        made.refresh_from_db()
        assert made.state == State.CLAIMED

    def test_child_asks_the_office_instead(
        self, offering: Offering, town: Any, client_for: Callable[..., Client]
    ) -> None:
        child = people.resident(name="山田 空", born=behalf.years_ago(16).isoformat())
        guardian = behalf.guardian_of_a_child(
            people.resident(name="山田 太郎", born="1980-01-01"), **behalf.as_known(child)
        )
        outbox.drain()
        answer = client_for(town, child).post(self._url(guardian))
        assert answer.status_code == 409
        assert "office for children and families" in answer.content.decode()
        guardian.refresh_from_db()
        assert guardian.state == State.CLAIMED

    def test_of_others_there_is_nothing_to_end(
        self, acting: Representation, town: Any, client_for: Callable[..., Client]
    ) -> None:
        for user in (acting.owner, people.resident(name="別の 人")):
            assert client_for(town, user).post(self._url(acting)).status_code == 404
        acting.refresh_from_db()
        assert acting.state == State.CLAIMED

    def test_owner_who_revokes_is_named_as_such(
        self, browser: Client, acting: Representation, offering: Offering
    ) -> None:
        actions.revoke(representation=acting, by=Actor.of(acting.owner))
        assert "by whoever acted for you" in _page(browser)
        assert "鈴木 一郎 acts for you no more" in _page(browser, "/en/my-data/")


class TestTold:
    def test_a_power_of_attorney_is_told_at_once_and_names_nobody_outside(
        self, resident: User, town: Any
    ) -> None:
        mail.outbox.clear()
        behalf.attorney_for(resident)
        outbox.drain()
        told = Message.objects.get(recipient=resident, kind="acts_for_you")
        assert told.path == "/my-data/for-me/"
        (letter,) = mail.outbox
        assert letter.to == [resident.email]
        for name in ("鈴木", "山田", "委任状"):
            assert name not in letter.subject + str(letter.body)

    def test_guardians_and_organisations_are_not(self, resident: User, town: Any) -> None:
        child = people.resident(name="山田 空", born=behalf.years_ago(15).isoformat())
        behalf.guardian_of_a_child(resident, **behalf.as_known(child))
        behalf.employee_of(resident)
        outbox.drain()
        assert not Message.objects.filter(kind="acts_for_you").exists()

    def test_whoever_declares_learns_nothing_of_an_account(
        self, resident: User, town: Any, client_for: Callable[..., Client], offering: Offering
    ) -> None:
        acting = behalf.attorney_for(resident)
        stranger = behalf.attorney_of(acting.owner)
        page = _page(client_for(town, acting.owner), "/en/my-data/")
        start = page.index('id="representations"')
        mine = page[start : page.index("</dl>", start)]
        for one in (acting, stranger):
            mine = mine.replace(str(one.pk), "").replace(one.name, "")
        first, second = [
            part.split("<dd>")[1] for part in mine.split("<dt></dt>")[1:] if "<dd>" in part
        ]
        assert first.split("</dd>")[0] == second.split("</dd>")[0]


class TestAtTheCounter:
    @pytest.fixture
    def case(self, offering: Offering) -> Case:
        helper = counter.helper()
        helping = counter.helping_in_person(helper)
        draft = entering.open_draft(helping=helping, offering=offering)
        usual = make.park_use_answers(offering)
        draft.answers = {**usual, **draft.answers, "phone": "03-1111-2222", "email": "h@example.jp"}
        draft.answers["site_plan"] = [str(make.attachment(draft, "site_plan").pk)]
        draft.steps_done = [step.id for step in draft.form.steps]
        draft.save()
        made = cases.submit_application(
            draft=draft, by=Actor.of(helper), language="ja", read_back="read_back"
        )
        outbox.drain()
        return made

    def _later(self, **changes: str) -> User:
        user = people.resident(name="鈴木 ハル", name_kana="スズキ ハル", born="1945-05-01")
        eid = user.eid
        eid.claims["person.address"]["value"] = {**behalf.ADDRESS, **changes}
        eid.save()
        _signs_in(user)
        outbox.drain()
        return user

    def test_seen_once_they_sign_in(
        self, case: Case, town: Any, client_for: Callable[..., Client]
    ) -> None:
        browser = client_for(town, self._later())
        page = _page(browser)
        assert case.application.receipt_number in page
        assert "entered at the counter by 森 さくら" in page
        assert "nobody acts for you" in page
        shown = _page(browser, _at("portal:for_me_case", case.pk))
        assert "03-1111-2222" in shown  # their own
        assert not Message.objects.filter(kind="acts_for_you").exists()

    def test_not_with_another_address(
        self, case: Case, town: Any, client_for: Callable[..., Client]
    ) -> None:
        browser = client_for(town, self._later(streetAddress="新井9-9-9"))
        assert case.application.receipt_number not in _page(browser)
        assert browser.get(_at("portal:for_me_case", case.pk)).status_code == 404

    def test_joined_by_its_code_it_is_their_own(
        self, case: Case, town: Any, client_for: Callable[..., Client]
    ) -> None:
        from identity.counter import codes

        user = self._later()
        code = codes.make(resident=case.resident, purpose="join", by=Actor.of(user))[0]
        answer = client_for(town, user).post("/en/my-data/counter/join/", {"code": code})
        assert answer.status_code == 200
        record = User.objects.get(pk=case.resident_id)
        browser = client_for(town, record)
        assert case.application.receipt_number in _page(browser, "/en/applications/")
        assert case.application.receipt_number not in _page(browser)


class TestLedger:
    def test_the_represented_reads_who_sent_read_and_decided(
        self, offering: Offering, browser: Client, acting: Representation, resident: User
    ) -> None:
        case = make.submitted_case(of=offering, acts_for=acting)
        worker = people.caseworker()
        cases.open_case(case=case, by=Actor.of(worker))
        cases.open_authority(case=case, by=Actor.of(worker))
        cases.claim_case(case=case, by=worker)
        cases.check_representation(case=case, verdict="confirmed", reason="", by=worker)
        page = _page(browser, "/en/my-data/")
        for words in (
            "鈴木 一郎 sent the application",
            "山本 真理 opened the application and read it",
            "山本 真理 opened the paper on which somebody acts for you",
            "山本 真理 took over the application",
            "山本 真理 confirmed that somebody else may act for you",
        ):
            assert words in page, words
        assert _at("portal:for_me_case", case.pk) in page
        assert _at("portal:case", case.pk) not in page

    def test_looks_of_the_represented_are_theirs_alone(
        self,
        offering: Offering,
        browser: Client,
        acting: Representation,
        resident: User,
        town: Any,
        client_for: Callable[..., Client],
    ) -> None:
        case = make.submitted_case(of=offering, acts_for=acting)
        path = _at("portal:for_me_case", case.pk)
        browser.head(path)
        assert not LedgerEntry.objects.filter(event="represented.read").exists()
        browser.get(path)
        entry = LedgerEntry.objects.get(event="represented.read")
        assert (entry.about, entry.actor_id) == (resident.pk, str(resident.pk))
        assert "read what was sent for them" in _page(browser, "/en/my-data/?show=all")
        assert "read what was sent for them" not in _page(browser, "/en/my-data/")
        theirs = client_for(town, acting.owner)
        assert "read what was sent for them" not in _page(theirs, "/en/my-data/?show=all")

    def test_own_applications_are_noted_once(self, offering: Offering, resident: User) -> None:
        case = make.submitted_case(of=offering, resident=resident)
        cases.open_case(case=case, by=Actor.of(people.caseworker()))
        assert LedgerEntry.objects.filter(event="case.opened", object_id=str(case.pk)).count() == 1


def test_what_was_sent_for_me_is_found_by_an_index(acting: Representation, resident: User) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")  # as where there are many cases
    plan = represented.sent_for(resident).explain()
    assert "cases_application_representation_id" in plan
    assert "hashed SubPlan" not in plan


def test_the_office_sees_whether_the_represented_has_an_account(
    offering: Offering, acting: Representation, town: Any, client_for: Callable[..., Client]
) -> None:
    worker = people.caseworker()
    desk = people.sign_in_staff(client_for(town), worker)
    stranger = behalf.attorney_of(acting.owner)
    words = "has an account here, and can read this application"
    for whom, seen in ((acting, True), (stranger, False)):
        case = make.submitted_case(of=offering, acts_for=whom)
        assert (words in _page(desk, _at("desk:case", case.pk))) is seen
