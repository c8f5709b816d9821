"""Who may act for whom: declared, revoked, confirmed, doubted, run out."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from audit.models import LedgerEntry
from common.actor import Actor
from common.errors import Conflict, InvalidInput, NotAllowed, NotFound
from identity.models import Representation, User
from identity.representation import actions, files, queries, rules
from identity.representation.record import Represented
from tests.factories import behalf, people

State = Representation.State
FAR, LATER = date(2999, 1, 1), date(2999, 1, 2)


@pytest.fixture
def resident(town: Any) -> User:
    return people.resident()


def _declare(owner: User, kind: str, *, paper: bool = True, **changes: Any) -> Representation:
    return actions.declare(
        owner=owner,
        declared=behalf.declared(kind, **changes),
        by=Actor.of(owner),
        document=behalf.Paper() if paper else None,
    )


def _fields(owner: User, kind: str, *, paper: bool = True, **changes: Any) -> list[str]:
    with pytest.raises(InvalidInput) as refused:
        _declare(owner, kind, paper=paper, **changes)
    assert all(message for found in refused.value.errors.values() for message in found)
    return sorted(refused.value.errors)


class TestCorporateNumber:
    @pytest.mark.parametrize(
        "raw", ["7000012050002", "７０００-０１２０-５０００２", " 8700110005901 "]
    )
    def test_right_one_is_read_however_typed(self, raw: str) -> None:
        found = rules.corporate_number(raw)
        assert found is not None
        assert (len(found), found.isascii(), found[:1] in "78") == (13, True, True)

    @pytest.mark.parametrize(
        "raw",
        ["", "7000012050003", "1000012050002", "700001205000", "70000120500022", "七千", "x" * 13],
    )
    def test_wrong_one_is_none(self, raw: str) -> None:
        assert rules.corporate_number(raw) is None

    def test_every_mistyped_digit_is_found(self) -> None:
        right = behalf.CORPORATE_NUMBER
        for place in range(13):
            for other in "0123456789":
                typed = right[:place] + other + right[place + 1 :]
                # 0 and 9 weigh the same, modulo nine.
                blind = place > 0 and {other, right[place]} == {"0", "9"}
                if other != right[place] and not blind:
                    assert rules.corporate_number(typed) is None, typed


class TestOfAge:
    @pytest.mark.parametrize(
        ("born", "day"),
        [
            (date(2010, 4, 1), date(2028, 4, 1)),
            (date(2008, 2, 29), date(2026, 3, 1)),
        ],
    )
    def test_day(self, born: date, day: date) -> None:
        assert rules.of_age_on(born) == day
        assert rules.last_day_as_a_child(born) == day - timedelta(days=1)


class TestDeclaring:
    def test_guardian_acts_until_the_child_is_of_age(self, resident: User) -> None:
        made = _declare(resident, "guardian", paper=False)
        assert made.birth_date is not None
        assert made.valid_until == rules.last_day_as_a_child(made.birth_date)
        assert (made.state, made.state_now) == ("claimed", State.CLAIMED)
        assert made.valid_from == timezone.localdate()

    def test_an_earlier_end_counts(self, resident: User) -> None:
        until = timezone.localdate() + timedelta(days=30)
        assert _declare(resident, "guardian", valid_until=until).valid_until == until

    def test_power_of_attorney_is_kept_with_its_paper(self, resident: User) -> None:
        made = _declare(resident, "attorney", services=["park-use"])
        made = Representation.objects.get(pk=made.pk)
        assert (made.document_name, made.services) == ("委任状.pdf", ["park-use"])
        assert b"".join(files.download(made).streaming_content) == behalf.Paper().data

    def test_a_changed_paper_is_not_handed_out(self, resident: User) -> None:
        made = _declare(resident, "attorney")
        with made.document.open("wb") as file:
            file.write(b"%PDF-other")
        with pytest.raises(NotFound):
            files.download(made)

    def test_without_paper_there_is_nothing_to_hand_out(self, resident: User) -> None:
        with pytest.raises(NotFound):
            files.download(_declare(resident, "guardian", paper=False))

    def test_organisation_has_a_number_and_no_birthday(self, resident: User) -> None:
        made = _declare(
            resident,
            "organisation",
            organisation_number="7000-0120-50002",
            birth_date=date(2000, 1, 1),
        )
        assert (made.organisation_number, made.birth_date) == (behalf.CORPORATE_NUMBER, None)
        assert made.valid_until is None

    def test_everything_that_is_missing_is_named(self, resident: User) -> None:
        found = _fields(
            resident, "attorney", paper=False, name=" ", birth_date=None, address={}, basis=""
        )
        assert found == ["address", "basis", "birth_date", "name"]

    @pytest.mark.parametrize(
        ("kind", "changes", "field"),
        [
            ("guardian", {"birth_date": behalf.years_ago(19)}, "birth_date"),
            ("guardian", {"birth_date": date(2999, 1, 1)}, "birth_date"),
            ("guardian", {"basis": "power_of_attorney"}, "basis"),
            ("guardian", {"basis": "guardian_by_court"}, "document"),
            ("attorney", {}, "document"),
            ("attorney", {"basis": "family_register"}, "basis"),
            ("attorney", {"valid_until": date(2001, 1, 1)}, "valid_until"),
            ("attorney", {"valid_from": LATER, "valid_until": FAR}, "valid_until"),
            ("attorney", {"services": ["../admin"]}, "services"),
            ("organisation", {"organisation_number": "7000012050003"}, "organisation_number"),
            ("organisation", {"address": {"city": "中野区"}}, "address"),
        ],
    )  # fmt: skip
    def test_wrong(self, resident: User, kind: str, changes: dict[str, Any], field: str) -> None:
        assert field in _fields(resident, kind, paper=False, **changes)
        assert not Representation.objects.filter(owner=resident).exists()

    def test_unknown_kind(self, resident: User) -> None:
        with pytest.raises(InvalidInput):
            actions.declare(
                owner=resident,
                declared=actions.Declared(kind="emperor", name="x", basis="x"),
                by=Actor.of(resident),
            )

    def test_oneself_is_nobody_else(self, resident: User) -> None:
        found = _fields(
            resident,
            "attorney",
            name=resident.name.replace(" ", "　"),
            birth_date=date(1985, 4, 12),
        )
        assert found == ["name"]

    def test_the_same_twice_is_refused_until_revoked(self, resident: User) -> None:
        first = _declare(resident, "attorney")
        with pytest.raises(Conflict):
            _declare(resident, "attorney")
        actions.revoke(representation=first, by=Actor.of(resident))
        assert _declare(resident, "attorney").state == State.CLAIMED

    def test_there_is_an_end_to_the_list(
        self, resident: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(actions, "MOST_IN_FORCE", 2)
        for name in ("一", "二"):
            _declare(resident, "attorney", name=name)
        with pytest.raises(Conflict):
            _declare(resident, "attorney", name="三")

    def test_nobody_declares_for_another(self, resident: User) -> None:
        with pytest.raises(NotAllowed):
            actions.declare(
                owner=resident,
                declared=behalf.declared("guardian"),
                by=Actor.of(people.resident(name="別の 人")),
            )

    def test_staff_is_no_guardian_here(self, town: Any) -> None:
        worker = people.caseworker()
        with pytest.raises(NotAllowed):
            actions.declare(owner=worker, declared=behalf.declared("guardian"), by=Actor.of(worker))

    @pytest.mark.parametrize(
        "changes",
        [
            {"kind": "guardian", "birth_date": None},
            {"kind": "organisation", "organisation_number": "123", "birth_date": None},
            {"kind": "organisation", "birth_date": date(2000, 1, 1)},
            {"state": "expired"},
            {"valid_until": date(2000, 1, 1)},
        ],
    )
    def test_database_refuses_what_cannot_be(self, resident: User, changes: dict[str, Any]) -> None:
        made = _declare(resident, "attorney")
        with pytest.raises(IntegrityError), transaction.atomic():
            Representation.objects.filter(pk=made.pk).update(**changes)


class TestState:
    def test_runs_out_after_its_last_day(self, resident: User) -> None:
        today = timezone.localdate()
        made = _declare(resident, "attorney", valid_until=today + timedelta(days=1))
        last = today + timedelta(days=1)
        assert made.state_on(last) == State.CLAIMED
        assert made.state_on(last + timedelta(days=1)) == State.EXPIRED
        assert (made.in_force_on(last), made.in_force_on(last + timedelta(days=1))) == (True, False)

    def test_not_in_force_before_its_first_day(self, resident: User) -> None:
        start = timezone.localdate() + timedelta(days=3)
        made = _declare(resident, "attorney", valid_from=start)
        assert not made.in_force_on(start - timedelta(days=1))
        assert made.in_force_on(start)

    def test_revoked_stays_revoked(self, resident: User) -> None:
        made = _declare(resident, "attorney")
        for _ in range(2):
            made = actions.revoke(representation=made, by=Actor.of(resident))
        assert (made.state, made.revoked_at is not None) == ("revoked", True)
        worker = people.caseworker()
        for act in (
            lambda: actions.confirm(representation=made, by=worker),
            lambda: actions.doubt(representation=made, reason="?", by=worker),
        ):
            with pytest.raises(NotAllowed):
                act()
        events = LedgerEntry.objects.filter(object_id=str(made.pk)).order_by("id")
        assert [entry.event for entry in events] == [
            "representation.declared",
            "representation.revoked",
        ]

    def test_only_the_owner_revokes(self, resident: User) -> None:
        made = _declare(resident, "attorney")
        with pytest.raises(NotFound):
            actions.revoke(representation=made, by=Actor.of(people.resident(name="別の 人")))
        made.refresh_from_db()
        assert made.state == State.CLAIMED

    def test_doubt_takes_a_confirmation_back_and_the_reverse(self, resident: User) -> None:
        worker, made = people.caseworker(), _declare(resident, "attorney")
        made = actions.confirm(representation=made, by=worker)
        assert (made.state, made.checked_by) == (State.CONFIRMED, worker)
        with pytest.raises(InvalidInput):
            actions.doubt(representation=made, reason="  ", by=worker)
        made = actions.doubt(representation=made, reason="印がありません", by=worker)
        assert (made.state, made.doubt) == (State.CLAIMED, "印がありません")
        assert actions.confirm(representation=made, by=worker).doubt == ""

    def test_ledger_holds_ids_and_no_names(self, resident: User) -> None:
        made = _declare(resident, "attorney")
        entry = LedgerEntry.objects.get(event="representation.declared", object_id=str(made.pk))
        assert (entry.about, entry.actor_id) == (resident.pk, str(resident.pk))
        assert entry.data == {"kind": "attorney", "basis": "power_of_attorney"}


class TestReading:
    def test_foreign_ids_and_no_ids_do_not_exist(self, resident: User, in_town: Any) -> None:
        with in_town("suginosawa"):
            elsewhere = behalf.attorney_of()
        other = behalf.attorney_of(people.resident(name="別の 人"))
        for wrong in (elsewhere.pk, other.pk, "", "myself", "0" * 400):
            with pytest.raises(NotFound):
                queries.own(resident, wrong)

    def test_claims_are_of_the_represented_but_for_the_contact(self, resident: User) -> None:
        made = _declare(resident, "attorney")
        claims = queries.claims(made, resident.eid.claims)
        assert claims["person.fullName"]["value"] == "鈴木 ハル"
        assert claims["contact.email"]["value"] == "hanako@example.jp"
        assert not any(
            claim["verified"] for key, claim in claims.items() if key.startswith("person.")
        )
        assert "山田" not in str({key: claims[key] for key in claims if key.startswith("person.")})

    def test_without_kana_the_actors_own_is_not_taken(self, resident: User) -> None:
        made = _declare(resident, "attorney", name_kana="")
        assert "person.fullNameKana" not in queries.claims(made, resident.eid.claims)

    def test_record_comes_back_as_it_was(self, resident: User) -> None:
        for kind in ("guardian", "attorney", "organisation"):
            record = _declare(resident, kind).record
            assert Represented.from_json(record.as_json()) == record
            assert record.kind_in_words != kind
            assert record.basis_in_words != record.basis
            assert record.state_in_words != record.state
        assert Represented.from_json(None) is None
