"""Tenant × role × route: every address, every kind of visitor, both towns."""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, get_resolver, reverse
from django.utils import timezone, translation

from billing import refunds
from cases import bulk, printing, saved
from cases.assigning.models import AssignmentRule
from cases.desk import InboxFilter
from cases.models import Case, MessageTemplate, Proposal
from cases.models_desk import Absence
from cases.retention.models import Hold
from common import outbox
from common.models import OutboxRow
from forms.models import Attachment, Draft, ProfileFact, Upload
from identity.access import require_staff_mfa
from identity.models import StaffRole, User
from notifications.models import Message
from tests import matrix
from tests.factories import behalf, guests, people, prepared
from tests.factories import cases as make

PROBES = 1_000

#: Addresses whose answer does not depend on the id at this point, so that it says nothing:
#: a passkey is looked up after who it is has been confirmed, an unsigned return is never looked up,
#: a row of the worker belongs to nobody, a link by mail is sent or not without saying so.
SAME_FOR_ANY_ID = {
    "mfa_remove_webauthn", "mfa_edit_webauthn", "portal:pay_return", "desk:retry",
    "portal:case_by_mail",
}  # fmt: skip


def _routes(urlconf: str) -> Iterator[tuple[str, str, URLPattern]]:
    """Each route's name with its namespaces, the whole pattern, and the pattern object."""

    def walk(patterns: Any, prefix: str, names: tuple[str, ...]) -> Iterator[Any]:
        for pattern in patterns:
            if hasattr(pattern, "url_patterns"):
                inner = (*names, pattern.namespace) if pattern.namespace else names
                yield from walk(pattern.url_patterns, prefix + str(pattern.pattern), inner)
            else:
                yield (
                    ":".join((*names, pattern.name or "")),
                    prefix + str(pattern.pattern),
                    pattern,
                )

    return walk(get_resolver(urlconf).url_patterns, "", ())


TOWN_ROUTES = [route for route in _routes("config.urls") if not route[1].startswith("admin/")]
ADMIN_ROUTES = [route for route in _routes("config.urls") if route[1].startswith("admin/")]
PLATFORM_ROUTES = list(_routes("config.urls_public"))


class TestTable:
    """A new route without a row fails, and so does a row without a route."""

    def test_every_route_of_a_town_has_a_row(self) -> None:
        assert sorted(name for name, _, _ in TOWN_ROUTES) == sorted(matrix.TOWN)

    def test_every_route_of_the_platform_has_a_row(self) -> None:
        assert sorted(name for name, _, _ in PLATFORM_ROUTES) == sorted(matrix.PLATFORM)

    def test_every_part_of_the_administration_is_known(self) -> None:
        parts = {name.split(":")[0] or path for name, path, _ in ADMIN_ROUTES}
        assert sorted(parts) == sorted(matrix.ADMINISTRATION)

    def test_the_whole_administration_is_behind_the_second_factor(self) -> None:
        open_ = [
            path
            for _, path, pattern in ADMIN_ROUTES
            if getattr(pattern.callback, "_guarded_by", None) is not require_staff_mfa
        ]
        assert open_ == []

    def test_what_names_an_object_says_so(self) -> None:
        """An id in the address is an id somebody can change."""
        free = {
            "portal:verify", "portal:start", "portal:begin", "portal:for_whom",
            "portal:representation_new", "portal:begin_as_guest", "desk:counter_whom",
            "portal:register_service", "portal:register_data", "wagtail_serve", "form_schema",
            # A link with a code, whoever holds it: tests.portal.test_consulted tries others' ones.
            "portal:consulted", "portal:consulted_file",
            "desk:reports_download",  # a kind of file
            "desk:notice_wording",
            "payment_event",  # a kind of provider
        }  # fmt: skip
        for name, path, _ in TOWN_ROUTES:
            if "<" in path and name not in free:
                assert matrix.TOWN[name].objects, name


@dataclass
class World:
    """One resident's things in one town."""

    town: Any
    users: dict[str, User]
    cases: dict[str, Case]
    ids: dict[str, dict[str, Any]]

    def kwargs(self, pattern: URLPattern, row: matrix.Row) -> dict[str, Any]:
        known = self.ids["any"] | self.ids[row.case]
        names = getattr(pattern.pattern, "converters", {})
        return {name: known[name] for name in names}


def _make_world(town: Any) -> World:
    """Everything a resident and the staff of the active town can have."""
    resident = people.resident(name="山田 花子")
    worker = people.caseworker()
    administrator = people.admin()
    administrator.is_staff = administrator.is_superuser = True
    administrator.save()
    no_role = people.staff(name="役割 なし")
    StaffRole.objects.filter(user=no_role).delete()
    no_factor = people.caseworker(name="鍵 なし")
    users = {
        "owner": resident,
        "resident": people.resident(name="別の 人"),
        "caseworker": worker,
        "consultee": people.consultee(),
        "no_role": no_role,
        "no_factor": no_factor,
        "admin": administrator,
    }
    of = make.offering()
    acts_for = behalf.attorney_of(resident)
    consultation = make.consulted_case(of=of, resident=resident, by=worker, acts_for=acts_for)
    correcting = make.claimed_case(of=of, resident=resident, by=worker)
    make.correction_of(correcting, by=worker)
    decided = make.claimed_case(of=of, resident=resident, by=worker)
    decision = make.decision_on(decided, "refused", by=worker)
    outbox.drain()
    decision.refresh_from_db()
    run = printing.print_letters(
        department=decided.department,
        day=timezone.localdate(),
        letter_ids=[str(decision.issued_letters.get().pk)],
        by=worker,
    )
    outbox.drain()
    paid = make.paid_case(of=of, resident=resident, by=worker)
    fee = paid.decision.fee
    assert fee is not None
    cases = {
        "open": consultation.case, "correction": correcting, "decided": decided, "paid": paid,
    }  # fmt: skip
    for_owner = behalf.attorney_of(users["resident"], **behalf.as_known(resident))
    for_me = make.claimed_case(of=of, by=worker, acts_for=for_owner)
    make.decision_on(for_me, "refused", by=worker)
    outbox.drain()
    draft = make.draft_ready_to_send(of=of, resident=resident)
    dead = OutboxRow.objects.create(kind="notifications.mail", key="matrix", state="dead")
    letter = decision.letter
    assert letter is not None
    ids: dict[str, dict[str, Any]] = {
        "any": {
            "slug": of.slug,
            "key": of.form_version.key,
            "number": of.form_version.number,
            "draft_id": draft.pk,
            "step_id": draft.form.steps[0].id,
            "fact_id": _kept(draft).pk,
            "upload_id": Upload.objects.create(
                owner=resident, draft=draft, question_id="site_plan", name="a.pdf", size=9
            ).pk,
            "document_id": letter.pk,
            "message_id": Message.objects.filter(recipient=resident).first().pk,  # type: ignore[union-attr]
            "consultation_id": consultation.pk,
            "proposal_id": Proposal.objects.create(
                case=consultation.case,
                outcome="refused",
                proposed_by=worker,
                state="taken_back",
                content={"conditions": [], "reason": "。", "waive_fee": False, "refused": {}},
                closed_at=timezone.now(),
            ).pk,
            "row_id": dead.pk,
            "ending": "xlsx",
            "hold_id": Hold.objects.create(case=decided, reason="訴訟", placed_by=administrator).pk,
            "fee_id": fee.pk,
            "attempt_id": fee.attempts.create(provider="sandbox", amount=fee.amount).pk,
            "provider": "stripe",
            "refund_id": refunds.ask(
                fee_id=fee.pk, amount=1, reason="x", way="cash", by=users["admin"]
            ).pk,
            "waiver_id": make.waiver_of(paid, by=worker).pk,
            **make.bank_line(by=users["admin"]),
            "representation_id": acts_for.pk,
            "acting_id": for_owner.pk,
            "kind": acts_for.kind,
            "notice": "decision_made",
            "token": behalf.asked_to_sign(draft)[1],
            "link": guests.resume_link(of),
            "case_key": guests.case_link(guests.sent_case()),
            "guest_token": make.guest_token(consultation.case),
            "code": letter.code,
            "offering_id": of.pk,
            "absence_id": Absence.objects.create(
                absent=worker, substitute=administrator, first="2030-01-01", last="2030-01-02"
            ).pk,
            "rule_id": AssignmentRule.objects.create(
                department=of.department, name="x", place=1
            ).pk,
            "filter_id": saved.save_filter(
                chosen=InboxFilter(view="mine"), name="x", share="", by=worker
            ).pk,
            "bulk_id": bulk.choose(by=worker, chosen=InboxFilter(), ids=[decided.pk], query="").pk,
            "version_id": of.form_version_id,
            "pk": 0,
            "panel": "approve",
            "link_id": "appeal",
            "run_id": run.pk,
            "template_id": MessageTemplate.objects.create(
                department=decided.department, name="既定の文", texts={"ja": "文"}
            ).pk,
        }
    }
    for name, case in cases.items():
        file = Attachment.objects.filter(owner=resident, pk__in=_files_of(case)).first()
        assert file is not None
        ids[name] = {"case_id": case.pk, "attachment_id": file.pk}
    posted = prepared.letter()
    ids["any"] |= {
        "service_id": posted.offering_id,
        "letter_id": posted.pk,
        "list_id": prepared.upload(posted.offering, prepared.row(番号="A-0002")).pk,
    }
    ids["for_me"] = {**ids["open"], "case_id": for_me.pk}
    message = make.message_about(consultation.case, by=resident, files=1)
    ids["any"]["thread_id"] = message.thread_id
    ids["written"] = {**ids["open"], "attachment_id": message.files[0]}
    return World(town, users, cases, ids)


def _kept(draft: Draft) -> ProfileFact:
    """Something of a form that `draft` does not ask, so that nothing is offered in it."""
    return ProfileFact.objects.create(
        resident_id=draft.resident_id,
        concept="organisation.number",
        question={"id": "number", "type": "text", "label": "Number"},
        value="1234",
        subject=draft.subject,
        expires_at=timezone.now() + timedelta(days=1),
    )


def _files_of(case: Case) -> list[Any]:
    answers = case.application.answers
    return list(answers["site_plan"])


@pytest.fixture
def worlds(town: Any, in_town: Any, settings: Any) -> tuple[World, World]:
    """Shiomi's (active), and Suginosawa's."""
    settings.WHITENOISE_AUTOREFRESH = True
    with in_town("suginosawa") as other:
        foreign = _make_world(other)
    return _make_world(town), foreign


def _client(visitor: str, world: World, client_for: Callable[..., Client]) -> Client:
    if visitor == "anonymous":
        return client_for(world.town)
    user = world.users[visitor]
    if visitor in {"owner", "resident"}:
        return client_for(world.town, user)
    client = client_for(world.town)
    if visitor == "no_factor":
        from tenants import context

        with context.municipality(world.town):
            client.force_login(user, backend="identity.backends.StaffBackend")
        return client
    from tenants import context

    with context.municipality(world.town):
        return people.sign_in_staff(client, user)


def _ask(client: Client, method: str, path: str, data: str = "") -> int:
    """The status of an answer; what it changed is undone, in the database and in the browser."""
    cookies = client.cookies.copy()
    with transaction.atomic():
        response = client.generic(
            method, path, data, content_type="application/x-www-form-urlencoded"
        )
        if getattr(response, "streaming", False):
            assert b"".join(response.streaming_content)
        transaction.set_rollback(True)
    client.cookies = cookies
    return int(response.status_code)


def _path(name: str, pattern: URLPattern, row: matrix.Row, of: World, language: str = "ja") -> str:
    with translation.override(language):  # the last request's language is still active
        if name == "wagtail_serve":
            return reverse(name, args=[""])
        return reverse(name, kwargs=of.kwargs(pattern, row))


class TestRoutes:
    def test_each_visitor_gets_what_the_table_says(
        self, worlds: tuple[World, World], client_for: Any
    ) -> None:
        home, _ = worlds
        wrong = []
        for visitor in matrix.VISITORS:
            cache.clear()  # rate limits of sign-in count by address
            client = _client(visitor, home, client_for)
            for name, _, pattern in TOWN_ROUTES:
                row = matrix.TOWN[name]
                for method in ("GET", "POST"):
                    expected = row.status(visitor, method)
                    for language in ("ja", "en"):
                        path = _path(name, pattern, row, home, language)
                        found = _ask(client, method, path)
                        if found != expected:
                            wrong.append(f"{visitor} {method} {name}: {found}, not {expected}")
        assert wrong == [], "\n".join(wrong)

    def test_ids_of_the_other_town_do_not_exist(
        self, worlds: tuple[World, World], client_for: Any
    ) -> None:
        """Whoever is let in at Shiomi is told 404 for what is Suginosawa's; the rest as ever."""
        home, foreign = worlds
        wrong = []
        for visitor in matrix.VISITORS:
            client = _client(visitor, home, client_for)
            for name, _, pattern in TOWN_ROUTES:
                row = matrix.TOWN[name]
                if not row.objects or name in SAME_FOR_ANY_ID:
                    continue
                for method in ("GET", "POST"):
                    expected = row.status(visitor, method)
                    if expected != matrix.NOT_ALLOWED and row.let_in(visitor):
                        expected = matrix.NOT_FOUND
                    if row.barrier.get(visitor) == matrix.NOT_FOUND:
                        assert expected in {matrix.NOT_FOUND, matrix.NOT_ALLOWED}
                    found = _ask(client, method, _path(name, pattern, row, foreign))
                    if found != expected:
                        wrong.append(f"{visitor} {method} {name}: {found}, not {expected}")
        assert wrong == [], "\n".join(wrong)

    def test_sessions_of_the_other_town_are_nobodys(
        self, worlds: tuple[World, World], client_for: Any
    ) -> None:
        """Cookies of Suginosawa, sent to Shiomi with Shiomi's ids and with Suginosawa's."""
        home, foreign = worlds
        wrong = []
        for visitor in matrix.VISITORS[1:]:
            client = _client(visitor, foreign, client_for)
            client.defaults["HTTP_HOST"] = f"{home.town.schema_name}.localhost"
            for name, _, pattern in TOWN_ROUTES:
                row = matrix.TOWN[name]
                for of in (home, foreign) if row.objects else (home,):
                    found = _ask(client, "GET", _path(name, pattern, row, of))
                    expected = row.status("anonymous", "GET")
                    if of is foreign and row.let_in("anonymous") and name not in SAME_FOR_ANY_ID:
                        expected = matrix.NOT_FOUND
                    if found != expected:
                        wrong.append(f"{visitor} {name}: {found}, not {expected}")
        assert wrong == [], "\n".join(wrong)

    def test_platform(self, client_for: Any, town: Any, tmp_path: Any, settings: Any) -> None:
        settings.WHITENOISE_AUTOREFRESH = True
        settings.SANDBOX_MAIL_DIR = str(tmp_path)
        client = client_for(town)
        client.defaults["HTTP_HOST"] = settings.PLATFORM_DOMAIN
        found = {}
        for name, _, _ in PLATFORM_ROUTES:
            made_up = {
                "sandbox_mail:message": {"name": "made-up"},
                "sandbox_mail:html": {"name": "made-up"},
                "bank_file": {"town": "made-up"},
            }
            path = reverse(name, "config.urls_public", kwargs=made_up.get(name))
            found[name] = _ask(client, "GET", path)
        assert found == {
            name: row.status("anonymous", "GET") for name, row in matrix.PLATFORM.items()
        }

    def test_a_town_has_no_pages_of_the_platform_and_the_reverse(
        self, client_for: Any, town: Any, settings: Any
    ) -> None:
        settings.WHITENOISE_AUTOREFRESH = True
        client = client_for(town)
        assert _ask(client, "GET", "/sandbox/") == 404
        assert _ask(client, "GET", "/sandbox/mail/") == 404
        client.defaults["HTTP_HOST"] = settings.PLATFORM_DOMAIN
        for path in ("/applications/", "/desk/", "/admin/", "/sign-in/", "/en/"):
            assert _ask(client, "GET", path) == 404


class TestAdministration:
    """Wagtail's pages over HTTP; that each is guarded is in `TestTable`."""

    PAGES = ("/admin/", "/admin/pages/", "/admin/users/", "/admin/sites/", "/admin/images/",
             "/admin/documents/", "/admin/reports/site-history/", "/admin/login/")  # fmt: skip

    @pytest.mark.parametrize(
        ("visitor", "status"),
        [
            ("anonymous", 302), ("owner", 403), ("resident", 403), ("caseworker", 403),
            ("no_role", 403), ("no_factor", 302),
        ],
    )  # fmt: skip
    def test_is_closed(
        self, worlds: tuple[World, World], client_for: Any, visitor: str, status: int
    ) -> None:
        client = _client(visitor, worlds[0], client_for)
        found = {page: _ask(client, "GET", page) for page in self.PAGES}
        assert found == dict.fromkeys(self.PAGES, status)

    def test_is_open_to_the_administrator(
        self, worlds: tuple[World, World], client_for: Any
    ) -> None:
        client = _client("admin", worlds[0], client_for)
        assert _ask(client, "GET", "/admin/") == 200
        assert _ask(client, "GET", "/admin/users/") == 200


class TestObjects:
    def test_a_thousand_generated_ids_answer_404(
        self, worlds: tuple[World, World], client_for: Any
    ) -> None:
        """Ids of others, of another town, and ones that look as if: by residents and by staff."""
        home, foreign = worlds
        draw = random.Random(20_260_401)
        names = [
            (name, pattern)
            for name, _, pattern in TOWN_ROUTES
            if matrix.TOWN[name].objects
            and name not in SAME_FOR_ANY_ID
            and matrix.TOWN[name].get != matrix.NOT_ALLOWED
        ]
        clients = {
            visitor: _client(visitor, home, client_for)
            for visitor in ("owner", "resident", "caseworker", "consultee", "admin")
        }
        asked, answered = 0, []
        while asked < PROBES:
            name, pattern = draw.choice(names)
            row = matrix.TOWN[name]
            visitors = (
                ["owner", "resident"]
                if name.startswith("portal:")
                else ["caseworker", "consultee", "admin"]
            )
            # Whoever is forbidden the page whatever the id is learns nothing by one either.
            visitor = draw.choice(
                [one for one in visitors if row.barrier.get(one) in {None, matrix.NOT_FOUND}]
            )
            kwargs = foreign.kwargs(pattern, row)
            own = home.kwargs(pattern, row)
            # Never all ids one's own: at least the first one is foreign or made up.
            for place, key in enumerate(kwargs):
                if key == "step_id":
                    continue
                kind = draw.choice(["foreign", "near", "random", "own"] if place else
                                   ["foreign", "near", "random"])  # fmt: skip
                kwargs[key] = _generated(kind, own[key], kwargs[key], draw)
            with translation.override("ja"):
                path = reverse(name, kwargs=kwargs)
            status = _ask(clients[visitor], "GET", path)
            asked += 1
            if status != 404:
                answered.append(f"{visitor} {name}: {status}")
        assert answered == []

    def test_made_up_verification_codes_say_nothing(
        self, worlds: tuple[World, World], client_for: Any
    ) -> None:
        """The page answers 200 to any code, and says "not known" for one of another town."""
        home, foreign = worlds
        client = _client("anonymous", home, client_for)
        known = client.get(reverse("portal:verify", args=[home.ids["any"]["code"]]))
        other = client.get(reverse("portal:verify", args=[foreign.ids["any"]["code"]]))
        made_up = client.get(reverse("portal:verify", args=["A" * len(foreign.ids["any"]["code"])]))
        assert known.content != other.content
        for page in (known, other, made_up):
            assert "山田" not in page.content.decode()
        assert _without(other, foreign.ids["any"]["code"]) == _without(
            made_up, "A" * len(foreign.ids["any"]["code"])
        )

    def test_the_office_that_was_asked_decides_nothing(
        self, worlds: tuple[World, World], client_for: Any
    ) -> None:
        home, _ = worlds
        case = home.cases["open"]
        client = _client("consultee", home, client_for)
        case.refresh_from_db()
        data = (
            f"lock={case.lock}&reason=x&conditions=x&confirmed=1&confirm=1&message=x"
            "&questions=purpose&question_ids=purpose"
        )
        for action in ("claim", "consult", "correct", "approve", "refuse"):
            path = reverse(f"desk:{action}", args=[case.pk])
            with transaction.atomic():
                response = client.generic(
                    "POST", path, data, content_type="application/x-www-form-urlencoded"
                )
                assert response.status_code in {403, 409, 422}, action
                after = Case.objects.get(pk=case.pk)
                assert (after.stage, after.assigned_to_id) == (case.stage, case.assigned_to_id)
                transaction.set_rollback(True)


def _generated(kind: str, own: Any, foreign: Any, draw: random.Random) -> Any:
    if kind == "own":
        return own
    if kind == "foreign":
        return foreign
    if isinstance(own, str):
        place = draw.randrange(len(own))
        other = draw.choice([sign for sign in "abcXYZ019-_" if sign != own[place]])
        return own[:place] + other + own[place + 1 :] + "x" * (kind != "near")
    if isinstance(own, uuid.UUID):
        if kind == "near":
            return uuid.UUID(int=own.int ^ (1 << draw.randrange(64)))
        return uuid.UUID(int=draw.getrandbits(128))
    return draw.randrange(10**6, 10**9)


def _without(response: Any, code: str) -> str:
    import re

    text = response.content.decode().replace(code, "CODE")
    return re.sub(r'(csrfmiddlewaretoken" value|nonce)="[^"]*"', "", text)
