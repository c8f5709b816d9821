"""Lists kept under a name, lists by person, and mails that did not arrive: over HTTP."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from audit.models import LedgerEntry
from cases import desk_actions, saved
from cases.desk import InboxFilter
from cases.models import Case
from cases.models_desk import FirstFilter, SavedFilter
from cases.tasks import note_mail_that_came_back
from identity.models import Role, StaffRole, User
from notifications import tasks as notifying
from notifications.models import DeadAddress, Delivery, Message
from tests.factories import cases as make
from tests.factories import people

Desk = Callable[[User], Client]
INBOX = "/en/desk/"
KEPT = "/en/desk/filters/"


@pytest.fixture(autouse=True)
def _no_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("common.outbox._wake_worker", lambda: None)


def _numbers(response: Any) -> list[str]:
    return re.findall(r"data-row[^>]*>([\dA-Z-]+)</a>", response.content.decode())


def _kept(client: Client, address: str = f"{INBOX}?view=closed") -> dict[str, int | None]:
    return {tab.title: tab.count for tab in client.get(address).context["kept"]}


class TestKeeping:
    def test_list_is_kept_counted_and_opens_first(self, town: Any, desk: Desk) -> None:
        worker = people.caseworker()
        make.claimed_case(by=worker)
        new = make.submitted_case()
        client = desk(worker)
        answer = client.post(f"{KEPT}?view=unassigned&service=park-use", {"name": " 公園  新着 "})
        assert answer["Location"] == f"{INBOX}?view=unassigned&service=park-use"
        page = client.get(answer["Location"])
        assert "The list is kept as “公園 新着”." in page.content.decode()
        assert [(tab.title, tab.current, tab.count) for tab in page.context["kept"]] == [
            ("公園 新着", True, 1)
        ]
        kept = SavedFilter.objects.get()
        assert client.post(f"{KEPT}{kept.pk}/", {"do": "first"}).status_code == 302
        first = client.get(INBOX, follow=True)
        assert first.redirect_chain == [(answer["Location"], 302)]
        assert _numbers(first) == [new.application.receipt_number]
        # An address that says something stays what it says.
        assert len(_numbers(client.get(f"{INBOX}?view=open"))) == 2
        assert [chip.url for chip in first.context["chips"]] == [f"{INBOX}?view=unassigned"]
        client.post(f"{KEPT}{kept.pk}/", {"do": "not_first"})
        assert client.get(INBOX).status_code == 200
        assert not FirstFilter.objects.exists()
        assert list(LedgerEntry.objects.filter(event="filter.saved").values_list("data")) == [
            ({"department": ""},)
        ]

    def test_rename_and_delete(self, town: Any, desk: Desk) -> None:
        worker = people.caseworker()
        client = desk(worker)
        for name in ("一", "二"):
            client.post(f"{KEPT}?view=overdue", {"name": name})
        one = SavedFilter.objects.get(name="一")
        taken = client.post(f"{KEPT}{one.pk}/", {"do": "rename", "name": "二"})
        assert taken.status_code == 422
        page = taken.content.decode()
        assert "There is a list of this name already." in page
        assert re.search(f'<input[^>]* id="name-{one.pk}"[^>]* value="二"', page)
        client.post(f"{KEPT}{one.pk}/", {"do": "rename", "name": "三"})
        assert set(_kept(client)) == {"二", "三"}
        client.post(f"{KEPT}{one.pk}/", {"do": "delete"})
        assert set(_kept(client)) == {"二"}
        assert client.post(f"{KEPT}{one.pk}/", {"do": "delete"}).status_code == 404

    @pytest.mark.parametrize(
        ("name", "said"),
        [
            ("", "Write a name for it."),
            ("\x00 ", "Write a name for it."),
            ("x" * 61, "Use at most 60 characters."),
            ("一", "There is a list of this name already."),
        ],
    )
    def test_bad_name_is_said_at_the_field_and_the_list_stays(
        self, town: Any, desk: Desk, name: str, said: str
    ) -> None:
        case = make.submitted_case()
        client = desk(people.caseworker())
        client.post(KEPT, {"name": "一"})
        answer = client.post(f"{KEPT}?view=unassigned", {"name": name})
        assert answer.status_code == 422
        page = answer.content.decode()
        assert said in page
        assert '<details class="kept__new" open>' in page
        assert _numbers(answer) == [case.application.receipt_number]

    def test_no_more_than_fit_beside_the_lists(
        self, town: Any, desk: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(saved, "MOST", 1)
        client = desk(people.caseworker())
        client.post(KEPT, {"name": "一"})
        page = client.post(KEPT, {"name": "二"}).content.decode()
        assert "1 lists are kept already. Delete one first." in page

    def test_statements_stay_the_same_with_more_lists(self, town: Any, desk: Desk) -> None:
        worker = people.caseworker()
        client = desk(worker)
        counts = []
        for number in range(4):
            if number:
                saved.save_filter(
                    chosen=InboxFilter(view="open", stage="received", who=str(worker.pk)),
                    name=str(number),
                    share="",
                    by=worker,
                )
            make.submitted_case()
            client.get(f"{INBOX}?view=unassigned")
            with CaptureQueriesContext(connection) as statements:
                client.get(f"{INBOX}?view=unassigned")
            counts.append(len(statements))
        assert len(set(counts)) == 1
        assert counts[0] <= 15


class TestSharing:
    def test_lead_shares_with_the_office_only(self, town: Any, desk: Desk) -> None:
        make.submitted_case()
        lead, worker = people.staff(Role.LEAD), people.caseworker(name="小川 春")
        stranger = people.caseworker(at="child_welfare")
        client = desk(lead)
        offered = client.get(f"{INBOX}?view=open").content.decode()
        assert '<option value="permits">' in offered
        assert '<option value="*"' not in offered
        client.post(f"{KEPT}?view=unassigned", {"name": "朝の分", "share": "permits"})
        kept = SavedFilter.objects.get()
        assert _kept(desk(worker)) == {"朝の分": 1}
        assert _kept(desk(stranger)) == {}
        assert desk(stranger).post(f"{KEPT}{kept.pk}/", {"do": "first"}).status_code == 404
        # A colleague opens it first, but changes nothing of it.
        theirs = desk(worker)
        assert theirs.post(f"{KEPT}{kept.pk}/", {"do": "first"}).status_code == 302
        for do in ("rename", "delete"):
            refused = theirs.post(f"{KEPT}{kept.pk}/", {"do": do, "name": "別"})
            assert refused.status_code == 422
            assert "Lists of an office are kept by its lead." in refused.content.decode()
        assert "Rename or delete" not in theirs.get(KEPT).content.decode()
        assert client.post(f"{KEPT}{kept.pk}/", {"do": "rename", "name": "別"}).status_code == 302
        assert _kept(theirs) == {"別": 1}

    @pytest.mark.parametrize("share", ["child_welfare", "*", "nowhere"])
    def test_nobody_shares_beyond_what_they_lead(self, town: Any, desk: Desk, share: str) -> None:
        people.department("child_welfare")
        answer = desk(people.staff(Role.LEAD)).post(KEPT, {"name": "x", "share": share})
        assert answer.status_code == 422
        assert not SavedFilter.objects.exists()

    def test_shared_list_shows_only_what_the_reader_may_see(self, town: Any, desk: Desk) -> None:
        permit = make.submitted_case()
        make.submitted_case(of=make.offering("child_allowance"), resident=permit.resident)
        client = desk(people.admin())
        client.post(f"{KEPT}?view=unassigned", {"name": "全庁", "share": "*"})
        assert _kept(client) == {"全庁": 2}
        theirs = desk(people.caseworker())
        assert _kept(theirs) == {"全庁": 1}
        shown = theirs.get(f"{INBOX}?view=unassigned")
        assert _numbers(shown) == [permit.application.receipt_number]
        asked = desk(people.consultee())
        assert "全庁" not in asked.get(f"{INBOX}?view=consult").content.decode()


class TestGone:
    def test_what_does_not_exist_is_said_and_the_rest_is_shown(self, town: Any, desk: Desk) -> None:
        worker = people.caseworker()
        case = make.submitted_case()
        stranger = people.caseworker(at="child_welfare")
        client = desk(worker)
        for part, said in (
            ("service=no-such", "The service “no-such” does not exist."),
            ("stage=dreaming", "The stage “dreaming” does not exist."),
            ("tag=%E6%80%A5%E3%81%8E", "No case has the tag “急ぎ” any more."),
            (f"who={stranger.pk}", "The person does not work here any more and has no cases."),
        ):
            client.post(f"{KEPT}?view=unassigned&{part}", {"name": part[:4]})
            response = client.get(f"{INBOX}?view=unassigned&{part}")
            page = response.content.decode()
            assert said in page
            assert "The rest of the list is shown." in page
            assert _numbers(response) == [case.application.receipt_number]
            assert said in client.get(KEPT).content.decode()
        # The count is of what is shown.
        assert set(_kept(client).values()) == {1}
        desk_actions.tag_case(case=case, name="急ぎ", by=worker)
        again = client.get(f"{INBOX}?view=unassigned&tag=%E6%80%A5%E3%81%8E")
        assert again.context["gone"] == []

    def test_cases_of_somebody_who_left_can_still_be_found(self, town: Any, desk: Desk) -> None:
        gone = people.caseworker(name="前任 者")
        theirs = make.claimed_case(by=gone)
        make.submitted_case()
        StaffRole.objects.filter(user=gone).delete()
        User.objects.filter(pk=gone.pk).update(is_active=False)
        response = desk(people.caseworker()).get(f"{INBOX}?who={gone.pk}")
        assert _numbers(response) == [theirs.application.receipt_number]
        assert [chip.name for chip in response.context["chips"]] == ["Has it: 前任 者"]

    @pytest.mark.parametrize("who", ["x", "0", "%00", "1" * 400])
    def test_odd_person_in_the_address_is_left_out(self, town: Any, desk: Desk, who: str) -> None:
        make.submitted_case()
        assert len(_numbers(desk(people.caseworker()).get(f"{INBOX}?who={who}"))) == 1


class TestUndelivered:
    def _came_back(self, case: Case, happening: str = "letter") -> None:
        message = Message.objects.create(
            recipient=case.resident,
            kind="decision_made",
            key=f"case:{case.pk}:{happening}",
            subject={"ja": "決定のお知らせ", "en": "Your decision"},
            body={"ja": "x", "en": "x"},
        )
        delivery = Delivery.objects.create(message=message, state="bounced", rfc_message_id="<x@x>")
        note_mail_that_came_back(delivery)

    def test_mark_list_and_noting_it(self, town: Any, desk: Desk) -> None:
        worker = people.caseworker()
        open_, closed, fine = (make.claimed_case(by=worker) for _ in range(3))
        client = desk(worker)
        assert "Not delivered" not in client.get(f"{INBOX}?view=open").content.decode()
        empty = client.get(f"{INBOX}?view=undelivered").content.decode()
        assert "Every notice arrived" in empty
        self._came_back(open_)
        self._came_back(closed)
        Case.objects.filter(pk=closed.pk).update(closed_at=timezone.now(), due_on=None)
        listed = client.get(f"{INBOX}?view=undelivered")
        page = listed.content.decode()
        assert _numbers(listed) == [c.application.receipt_number for c in (open_, closed)]
        assert page.count("mail came back</span>") == 2
        assert "call the applicant or send it by post" in page
        tabs = {tab.title: tab.count for tab in listed.context["tabs"]}
        assert tabs["Not delivered"] == 2
        url = f"/en/desk/cases/{closed.pk}/"
        said = client.get(url).content.decode()
        assert "A notice did not reach the applicant by e-mail" in said
        assert "Your decision" in said
        assert client.post(f"{url}told/", {"way": "pigeon"}).status_code == 422
        assert client.post(f"{url}told/", {"way": "post"}).status_code == 302
        after = client.get(url).content.decode()
        assert "A notice did not reach the applicant by e-mail" not in after
        assert "We sent you by post what did not arrive by e-mail" in after
        assert client.post(f"{url}told/", {"way": "post"}).status_code == 422
        assert _numbers(client.get(f"{INBOX}?view=undelivered")) == [
            open_.application.receipt_number
        ]
        assert LedgerEntry.objects.filter(event="case.told_otherwise").count() == 1
        assert "A notice did not" not in client.get(f"/en/desk/cases/{fine.pk}/").content.decode()

    def test_pages_of_open_and_closed_ones(
        self, town: Any, desk: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("backoffice.views.inbox.PER_PAGE", 1)
        cases = [make.submitted_case() for _ in range(3)]
        Case.objects.update(undelivered_at=timezone.now())
        Case.objects.filter(pk=cases[0].pk).update(
            closed_at=timezone.now(), due_on=None, received_on=timezone.localdate() - timedelta(1)
        )
        client, address, seen = desk(people.caseworker()), "?view=undelivered", []
        while address:
            response = client.get(INBOX + address)
            seen += _numbers(response)
            found = re.search(r'rel="next" href="([^"]+)"', response.content.decode())
            address = found[1].replace("&amp;", "&") if found else ""
        assert len(seen) == len(set(seen)) == 3
        assert seen[-1] == cases[0].application.receipt_number

    def test_not_for_offices_that_were_only_asked(self, town: Any, desk: Desk) -> None:
        asked = make.consulted_case()
        self._came_back(asked.case)
        client = desk(people.consultee())
        page = client.get(f"{INBOX}?view=undelivered").content.decode()
        assert asked.case.application.receipt_number in page
        assert "mail came back" not in page
        case = f"/en/desk/cases/{asked.case_id}/"
        assert "A notice did not reach" not in client.get(case).content.decode()
        assert client.post(f"{case}told/", {"way": "post"}).status_code == 404

    def test_address_known_to_be_dead_marks_the_next_case_too(self, town: Any) -> None:
        case = make.submitted_case()
        from notifications import addresses

        DeadAddress.objects.create(
            resident=case.resident, address_hash=addresses.fingerprint(case.resident.email)
        )
        message = Message.objects.create(
            recipient=case.resident, kind="case_reopened", key=f"case:{case.pk}:x",
            subject={"ja": "x"}, body={"ja": "x"},
        )  # fmt: skip
        delivery = Delivery.objects.create(message=message, rfc_message_id="<y@y>")
        notifying.deliver_mail({"message": str(message.pk)})
        delivery.refresh_from_db()
        assert (delivery.state, delivery.reason) == ("skipped", "dead_address")
        assert Case.objects.get(pk=case.pk).undelivered_at is not None
