"""Tests that police the code base: what was forgotten anywhere fails here."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import django.views.csrf
import django.views.defaults
import pytest
from django.apps import apps
from django.conf import settings
from django.db.models import ForeignKey
from django.test import Client
from django.urls import URLPattern
from django.utils import translation

from audit import events
from common import outbox
from common.text import Text
from documents.letters import Appeal
from notifications.notice import LANGUAGES, notices
from tests import matrix, sources, translations
from tests.test_matrix import ADMIN_ROUTES, PLATFORM_ROUTES, TOWN_ROUTES


class TestTranslations:
    def test_every_text_is_there_in_every_language(self) -> None:
        assert translations.problems() == []

    @pytest.mark.parametrize(
        ("entry", "complaint"),
        [
            ('msgid "Other"\nmsgstr "ほか"', "not defined"),
            ('msgid "Name"\nmsgstr ""', "untranslated"),
            ('#, fuzzy\nmsgid "Name"\nmsgstr "名前"', "reviewed"),
            ('msgid "Name"\nmsgstr "名前"\n\nmsgid "Other"\nmsgstr "ほか"', "not used"),
        ],
    )
    def test_what_is_missing_is_found(self, tmp_path: Path, entry: str, complaint: str) -> None:
        head = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n\n'
        (tmp_path / "ja.po").write_text(f"{head}{entry}\n")
        (tmp_path / "page.html").write_text('{% load i18n %}{% translate "Name" %}')
        found = translations.texts_of_sources(tmp_path, root=tmp_path)
        said = translations.differences(tmp_path / "ja.po", found)
        assert any(complaint in line for line in said), said

    def test_another_placeholder_is_found(self, tmp_path: Path) -> None:
        po = tmp_path / "ja.po"
        po.write_text('#, python-format\nmsgid "%(day)s"\nmsgstr "%(days)s"\n')
        assert translations.format_errors(po)
        assert list(translations.incomplete([Text({"ja": "{a}", "en": "{b}"})], "place"))
        assert list(translations.incomplete({"title": Text("公園")}, "place"))

    def test_a_text_that_xgettext_does_not_see_is_found(self, tmp_path: Path) -> None:
        path = tmp_path / "page.py"
        path.write_text("""page = f'<p>{_("Name")}</p>' + _("Place")""")
        said = list(translations.hidden_texts([sources.Module(path, tmp_path)]))
        assert said == ["page.py:1: a text within an f-string"]

    def test_a_template_without_its_twin_is_found(self, tmp_path: Path) -> None:
        folder = tmp_path / "room" / "templates" / "room"
        folder.mkdir(parents=True)
        (folder / "letter.ja.html").touch()
        assert translations.unpaired_templates(tmp_path) == [
            "room/templates/room/letter.en.html is missing"
        ]


class TestTemplates:
    #: Rendered by Django and allauth under a name of their own making.
    BY_LIBRARIES = {
        django.views.csrf.CSRF_FAILURE_TEMPLATE_NAME,
        django.views.defaults.ERROR_400_TEMPLATE_NAME,
        django.views.defaults.ERROR_403_TEMPLATE_NAME,
        django.views.defaults.ERROR_404_TEMPLATE_NAME,
        django.views.defaults.ERROR_500_TEMPLATE_NAME,
        "429.html",
    }  # fmt: skip

    def test_every_template_is_used(self) -> None:
        """Named in the code, an override, or extended or included by one that is used."""
        ours = sources.our_templates()
        appeal = Appeal.__dataclass_fields__["template"].default
        computed = {
            name
            for language in LANGUAGES
            for name in (
                *(notice.template_name(language) for _, notice in notices.items()),
                f"{appeal}.{language}.html",
                # Named in a service's letter.yaml.
                f"documents/appeal/action_only.{language}.html",
            )
        }
        roots = sources.named_in_code() | set(sources.library_templates())
        used, new = set(), ours.keys() & (roots | computed | self.BY_LIBRARIES)
        while new:
            used |= new
            new = {name for one in new for name in sources.asked_for_by(ours[one])}
            new = (new & ours.keys()) - used
        assert sorted(ours.keys() - used) == []


def _matching(known: list[str], asked: set[str]) -> set[str]:
    return {name for name in known if any(re.fullmatch(one, name) for one in asked)}


class TestRegistries:
    """What is written has somebody who reads it, and the reverse."""

    def test_every_kind_of_outbox_row_has_a_handler_and_every_handler_its_rows(self) -> None:
        asked = _asked("outbox.enqueue", "kind", 0)
        known = list(outbox.handlers)
        assert [kind for kind in asked if not _matching(known, {kind})] == []
        assert _matching(known, asked) == set(known)

    def test_every_ledger_event_is_registered_and_every_registered_one_recorded(self) -> None:
        asked = _asked("ledger.record", "event") | _asked("ledger.record_each", "event")
        known = [key for key in events.registry if key.split(".")[0] != "bench"]
        assert [event for event in asked if not _matching(known, {event})] == []
        assert _matching(known, asked) == set(known)

    def test_every_ledger_event_reads_in_both_languages(self) -> None:
        wordings = {}
        for language in LANGUAGES:
            with translation.override(language):
                events.check_wordings()
                wordings[language] = {key: str(e.wording) for key, e in events.registry.items()}
        assert {key for key, words in wordings["ja"].items() if words.isascii()} == set()
        assert {key for key, words in wordings["en"].items() if not words.isascii()} == set()


def _asked(function: str, name: str, position: int = 99) -> set[str]:
    return {
        found
        for module in sources.modules()
        for call in module.calls
        if sources.called(call.node) == function
        for found in sources.patterns(call, sources.argument(call.node, position, name))
    }


#: What becomes of a row when the one that it points to is deleted. CASCADE only where the row means
#: nothing alone; what was decided, paid or sent is never deleted along with anything.
ON_DELETE = {
    "tenants.Domain.tenant": "CASCADE",
    "documents.Document.replaced_by": "PROTECT",
    "documents.LetterWording.published_by": "PROTECT",
    "cases.Decision.wording": "PROTECT",
    "cases.IssuedLetter.decision": "PROTECT",
    "cases.IssuedLetter.document": "PROTECT",
    "cases.Revocation.decision": "PROTECT",
    "cases.Revocation.revoked_by": "PROTECT",
    "cases.Revocation.letter": "PROTECT",
    "cases.Replacement.decision": "PROTECT",
    "cases.Replacement.asked_by": "PROTECT",
    "cases.Replacement.letter": "PROTECT",
    "cases.PrintRun.department": "PROTECT",
    "cases.PrintRun.made_by": "PROTECT",
    "cases.PrintRun.document": "PROTECT",
    "cases.PrintedLetter.run": "PROTECT",
    "cases.PrintedLetter.letter": "PROTECT",
    "identity.EidIdentity.user": "CASCADE",
    "identity.EidSession.user": "CASCADE",
    "identity.Session.user": "CASCADE",
    "identity.StaffRole.user": "CASCADE",
    "identity.StaffRole.department": "CASCADE",
    "identity.Representation.owner": "CASCADE",
    "identity.CounterCode.resident": "CASCADE",
    "identity.WrongCode.user": "CASCADE",
    "identity.Helping.helper": "PROTECT",
    "identity.Helping.resident": "CASCADE",
    "identity.Helping.representation": "CASCADE",
    "identity.Representation.checked_by": "PROTECT",
    "identity.Representation.person": "SET_NULL",
    "forms.ProfileFact.resident": "CASCADE",
    "forms.FormVersion.published_by": "SET_NULL",
    "forms.Draft.resident": "CASCADE",
    "forms.Draft.representation": "CASCADE",
    "forms.Draft.on_behalf": "CASCADE",
    "forms.Draft.version": "PROTECT",
    "forms.Attachment.owner": "CASCADE",
    "forms.Attachment.draft": "SET_NULL",
    "forms.Upload.owner": "CASCADE",
    "forms.Upload.draft": "CASCADE",
    "forms.Upload.attachment": "CASCADE",
    "forms.ResumeLink.draft": "CASCADE",
    "cases.SendingAddress.draft": "CASCADE",
    "cases.CaseKey.case": "CASCADE",
    "notifications.Message.recipient": "CASCADE",
    "notifications.Delivery.message": "CASCADE",
    "notifications.Preference.resident": "CASCADE",
    "notifications.ContactCheck.resident": "CASCADE",
    "notifications.DeadAddress.resident": "CASCADE",
    "notifications.TownWording.changed_by": "SET_NULL",
    "notifications.WebhookTarget.changed_by": "SET_NULL",
    "payments.Payment.fee": "PROTECT",
    "payments.Attempt.fee": "PROTECT",
    "payments.ProviderEvent.attempt": "PROTECT",
    "payments.BankStatement.uploaded_by": "PROTECT",
    "payments.BankLine.statement": "CASCADE",
    "payments.BankLine.fee": "PROTECT",
    "payments.BankLine.settled_by": "PROTECT",
    "payments.Refund.fee": "PROTECT",
    "payments.Refund.payment": "PROTECT",
    "payments.Refund.asked_by": "PROTECT",
    "payments.Refund.decided_by": "PROTECT",
    "catalogue.Offering.form_version": "PROTECT",
    "catalogue.Offering.workflow_version": "PROTECT",
    "catalogue.Offering.department": "PROTECT",
    "cases.Application.offering": "PROTECT",
    "cases.Application.version": "PROTECT",
    "cases.Application.resident": "PROTECT",
    "cases.Application.representation": "PROTECT",
    "cases.Application.on_behalf": "PROTECT",
    "cases.RepresentationCheck.case": "CASCADE",
    "cases.RepresentationCheck.checked_by": "PROTECT",
    "cases.Cosignature.draft": "CASCADE",
    "cases.Cosignature.signed_by": "PROTECT",
    "cases.Case.application": "PROTECT",
    "cases.Case.offering": "PROTECT",
    "cases.Case.workflow_version": "PROTECT",
    "cases.Case.department": "PROTECT",
    "cases.Case.resident": "PROTECT",
    "cases.Case.origin": "SET_NULL",
    "cases.Case.assigned_to": "SET_NULL",
    "cases.ClosingDay.entered_by": "PROTECT",
    "cases.SearchRow.case": "CASCADE",
    "cases.Absence.absent": "CASCADE",
    "cases.Absence.substitute": "CASCADE",
    "cases.Note.case": "CASCADE",
    "cases.Note.written_by": "PROTECT",
    "cases.MessageTemplate.department": "CASCADE",
    "cases.MessageTemplate.changed_by": "SET_NULL",
    "cases.Thread.case": "CASCADE",
    "cases.ThreadMessage.thread": "CASCADE",
    "cases.ThreadMessage.written_by": "PROTECT",
    "cases.ThreadReading.thread": "CASCADE",
    "cases.ThreadReading.reader": "CASCADE",
    "cases.CaseTag.case": "CASCADE",
    "cases.Interest.case": "CASCADE",
    "cases.Interest.person": "PROTECT",
    "cases.BulkRun.by": "CASCADE",
    "cases.NamedPerson.case": "CASCADE",
    "cases.PreparedLetter.offering": "PROTECT",
    "cases.PreparedLetter.case": "CASCADE",
    "cases.PreparedList.offering": "PROTECT",
    "cases.PreparedList.uploaded_by": "PROTECT",
    "cases.CaseCheck.case": "CASCADE",
    "cases.CaseCheck.ticked_by": "PROTECT",
    "cases.CaseCheck.added_by": "PROTECT",
    "cases.Proposal.case": "CASCADE",
    "cases.Proposal.proposed_by": "PROTECT",
    "cases.Proposal.closed_by": "PROTECT",
    "cases.SavedFilter.owner": "CASCADE",
    "cases.SavedFilter.department": "CASCADE",
    "cases.FirstFilter.person": "CASCADE",
    "cases.FirstFilter.filter": "CASCADE",
    "cases.AssignmentRule.department": "CASCADE",
    "cases.AssignmentRule.offering": "CASCADE",
    "cases.AssignmentRule.last": "SET_NULL",
    "cases.RuleMember.rule": "CASCADE",
    "cases.RuleMember.person": "CASCADE",
    "cases.RuleAssignment.case": "CASCADE",
    "cases.RuleAssignment.rule": "SET_NULL",
    "cases.RuleAssignment.person": "CASCADE",
    "cases.BulkItem.run": "CASCADE",
    "cases.BulkItem.case": "CASCADE",
    "cases.TimelineEntry.case": "CASCADE",
    "cases.Consultation.case": "CASCADE",
    "cases.Consultation.department": "PROTECT",
    "cases.Consultation.body": "PROTECT",
    "cases.GuestLink.consultation": "CASCADE",
    "cases.Consultation.asked_by": "PROTECT",
    "cases.Consultation.answered_by": "PROTECT",
    "cases.CorrectionRequest.case": "CASCADE",
    "cases.CorrectionRequest.requested_by": "PROTECT",
    "cases.CorrectionRequest.draft": "SET_NULL",
    "cases.Decision.case": "PROTECT",
    "cases.Decision.decided_by": "PROTECT",
    "cases.Decision.letter": "PROTECT",
    "cases.Decision.fee": "PROTECT",
    "cases.Case.fee": "PROTECT",
    "cases.FeeWaiver.case": "PROTECT",
    "cases.FeeWaiver.fee": "PROTECT",
    "cases.FeeWaiver.decided_by": "PROTECT",
    "cases.FeeWaiver.letter": "PROTECT",
    "cases.Receipt.fee": "PROTECT",
    "cases.Receipt.document": "PROTECT",
    "cases.RegisterEntry.decision": "PROTECT",
    "cases.RegisterEntry.offering": "PROTECT",
    "cases.RegisterEntry.holder": "PROTECT",
    "cases.ReportRow.offering": "CASCADE",
    "cases.ReportRow.department": "CASCADE",
    "cases.Hold.case": "CASCADE",
    "cases.Hold.placed_by": "PROTECT",
    "cases.Disposal.confirmed_by": "PROTECT",
    "cases.DisposalItem.disposal": "CASCADE",
    "cms.FormEdit.offering": "CASCADE",
    "cms.FormEdit.base_version": "PROTECT",
    "cms.FormEdit.published_version": "PROTECT",
    "cms.FormEdit.edited_by": "SET_NULL",
    "cms.Office.department": "CASCADE",
    "cms.OverlayEdit.edited_by": "SET_NULL",
    "cms.OverlayEdit.offering": "CASCADE",
    "cms.ServicePage.offering": "PROTECT",
    "cms.SearchEntry.page": "CASCADE",
}


def test_every_on_delete_is_deliberate() -> None:
    found = {
        f"{model._meta.label}.{field.name}": field.remote_field.on_delete.__name__
        for model in apps.get_models()
        if sources.is_ours(model._meta.app_config)
        for field in model._meta.local_fields
        if isinstance(field, ForeignKey) and not field.remote_field.parent_link
    }
    assert found == ON_DELETE


#: Where a statement is put together, and why nobody's input can be in it.
BUILT_SQL = {
    "audit/migrations/0002_seals.py": "triggers and their reversal, constants joined",
    "bench/faults.py": "the queries are constants of this module, passed to one function",
    "bench/statements.py": "settings of the database, from constants",
    "rules/engine.py": "runs a compiled expression, not SQL",
    "sandbox/servers.py": "names of databases and roles of the demo, from constants",
    "cases/retention/deletion.py": "one of two constants",
    "cases/reports/counting.py": "two constants of this module, passed to one function",
    "common/lookup.py": "built by Django from a query set, values apart",
    "tenants/postgresql/base.py": "its caller's text and the name of a schema",
    "tenants/migrating.py": "the migration's own script, replayed in each schema",
    "tenants/provisioning.py": "the template's own script, with the schema's name quoted",
    "tenants/recording.py": "collects what a migration says",
    "tenants/schema_script.py": "names from the catalogue of the database, quoted there",
    "tenants/template.py": "one of two constants",
}
_QUERIES = {
    "execute", "executemany", "raw", "extra", "RawSQL", "RunSQL", "copy_expert", "fetch_prepared",
}  # fmt: skip


class TestQueries:
    def test_values_never_become_part_of_a_statement(self) -> None:
        built = {call.module.path: call.place for call in _built(sources.modules("bench"))}
        assert {path: place for path, place in built.items() if path not in BUILT_SQL} == {}

    def test_every_exception_is_needed(self) -> None:
        built = {call.module.path for call in _built(sources.modules("bench"))}
        assert sorted(BUILT_SQL.keys() - built) == []

    @pytest.mark.parametrize(
        ("line", "wrong"),
        [
            ('cursor.execute("SELECT %s", [x])', False),
            ('cursor.execute(f"SELECT {x}")', True),
            ('cursor.execute("SELECT %s" % x)', True),
            ('cursor.execute("SELECT " + x)', True),
            ('cursor.execute("SELECT {}".format(x))', True),
            ('cursor.execute(query)', True),
            ('Case.objects.raw(query)', True),
            ('Case.objects.extra(where=[f"id = {x}"])', True),
            ('cursor.execute(sql.SQL("SELECT {}").format(sql.Identifier(x)))', False),
            ('cursor.execute(sql.SQL(f"SELECT {x}"))', True),
        ],
    )  # fmt: skip
    def test_a_built_statement_is_found(self, tmp_path: Path, line: str, wrong: bool) -> None:
        path = tmp_path / "views.py"
        path.write_text(f"def view(cursor, x, query):\n    {line}\n")
        assert bool(list(_built([sources.Module(path, tmp_path)]))) is wrong


def _built(modules: Any) -> Iterator[sources.Call]:
    """Queries whose text is not a constant, nor put together of quoted parts."""
    for module in modules:
        constants = _constants(module.tree)
        for call in module.calls:
            if sources.called(call.node).split(".")[-1] in _QUERIES and not all(
                _is_fixed(part, constants) for part in _text_of(call.node)
            ):
                yield call


def _text_of(call: ast.Call) -> list[ast.expr]:
    given = {keyword.arg: keyword.value for keyword in call.keywords}
    if sources.called(call).endswith("extra"):
        return [*call.args, *given.values()]
    return call.args[:1] or [given[name] for name in ("sql", "raw_query", "query") if name in given]


def _is_fixed(node: ast.expr, constants: set[str]) -> bool:
    if isinstance(node, ast.Constant):
        return True
    if isinstance(node, ast.Name):
        return node.id in constants
    if isinstance(node, ast.List | ast.Tuple):
        return all(_is_fixed(one, constants) for one in node.elts)
    if isinstance(node, ast.Call):
        function = node.func
        if ast.unparse(function) == "sql.SQL":
            return all(_is_fixed(one, constants) for one in node.args)
        if isinstance(function, ast.Attribute) and function.attr in ("format", "join"):
            # Composed by psycopg, which quotes what it puts in.
            return isinstance(function.value, ast.Call) and _is_fixed(function.value, constants)
    return False


def _constants(tree: ast.Module) -> set[str]:
    """Module-level names that are fixed texts."""
    found: set[str] = set()
    for node in tree.body:
        if isinstance(node, ast.Assign) and _is_fixed(node.value, found):
            found |= {target.id for target in node.targets if isinstance(target, ast.Name)}
    return found


class TestCsrf:
    #: Addresses without a CSRF token, and what protects them instead.
    EXEMPT = {
        "eid_backchannel_logout": "the eID provider's server calls it; what it says is signed",
        "payment_event": "the payment provider's server calls it; what it says is signed",
        "wagtailadmin_api": "Django REST framework checks the token itself, for a session",
    }  # fmt: skip

    def test_only_named_addresses_are_exempt(self) -> None:
        routes = [*TOWN_ROUTES, *ADMIN_ROUTES, *PLATFORM_ROUTES]
        exempt = {
            name.split(":")[0] for name, _, route in routes
            if getattr(route.callback, "csrf_exempt", False)
        }  # fmt: skip
        assert exempt == set(self.EXEMPT)
        assert "django.middleware.csrf.CsrfViewMiddleware" in settings.MIDDLEWARE

    def test_no_address_of_a_town_takes_a_post_without_a_token(self, town: Any) -> None:
        client = Client(enforce_csrf_checks=True, HTTP_HOST=f"{town.schema_name}.localhost")
        answers = {
            name: client.post(_address(path, route)).status_code
            for name, path, route in TOWN_ROUTES
            if matrix.TOWN[name].changes() and name not in self.EXEMPT
        }
        assert len(answers) > 30
        assert {name: status for name, status in answers.items() if status != 403} == {}


def _address(path: str, route: URLPattern) -> str:
    """Any address of the route: the token is looked at before the ids."""
    made_up = {"uuid": "0" * 8 + "-0000-4000-8000-" + "0" * 12, "int": "1"}
    with translation.override("ja"):
        return "/" + re.sub(
            r"<(\w+):\w+>", lambda found: made_up.get(found[1], "x"), path.lstrip("/")
        )
