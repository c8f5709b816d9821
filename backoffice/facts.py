"""Everything the case page says, put together for its reader.

A consulted office sees what its opinion needs: the answers about the matter and their files, but
neither who applies nor how to reach or pay them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cached_property
from typing import Any

from django.core import signing
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from backoffice import changes, reaching
from backoffice.changes import Change
from backoffice.due import Due, due
from billing.models import FeeDue
from cases import (
    checklist,
    clocks,
    once,
    opinions,
    policies,
    second_look,
    talks,
    timeline,
    together,
)
from cases.checklist import Line
from cases.clocks import Extended, Room
from cases.linked import offers, reading
from cases.models import (
    Case,
    Consultation,
    CorrectionRequest,
    Decision,
    Proposal,
    RepresentationCheck,
)
from cases.prepared_letters import comparing, matching
from cases.prepared_letters.comparing import Difference
from cases.prepared_letters.models import PreparedLetter
from catalogue.fees import Fee
from catalogue.queries import fee_of
from forms import attachments, display, eligibility, reasons
from forms.definitions import FormDefinition
from forms.display import StepRows
from forms.eligibility import Finding, Told
from forms.models import Attachment, FormVersion
from identity.models import Representation, User
from identity.representation.record import Represented
from workflow import diagram
from workflow.moves import verb_name


@dataclass(frozen=True, slots=True)
class Correction:
    """A correction request as the desk shows it."""

    request: CorrectionRequest
    asked_for: list[str]
    changes: list[Change]
    # Label of the question, and what was said at it.
    remarks: list[tuple[str, str]]

    @property
    def answered_at(self) -> datetime | None:
        return self.request.answered_at


#: What has most of its answers from an earlier case.
_COMPARED = frozenset({Case.Origin.AMENDMENT, Case.Origin.RENEWAL})


@dataclass(frozen=True, slots=True)
class Opinion:
    """A consultation; `outdated_by`: answers that it rests on and that were corrected since."""

    consultation: Consultation
    outdated_by: Sequence[str] = ()


_MARK = "backoffice.case-page"
_MARK_SECONDS = 60 * 60


@dataclass(frozen=True, slots=True)
class Beside:
    """Another case that belongs to this one; a link to it only for whoever may open it."""

    case: Case
    words: str
    readable: bool


@dataclass(frozen=True, slots=True)
class Signed:
    """Somebody else's signature under the application, or their refusal with its reason."""

    name: str
    signed: bool
    at: datetime
    reason: str


class CaseFacts:
    """A case with all that hangs on it, read in five statements besides the case itself."""

    def __init__(self, case: Case, reader: User, today: date) -> None:
        self.case = case
        self.reader = reader
        self.today = today
        self.may_process = policies.may_process(case, reader)
        talks.attach_with_people(case)
        if self.may_process:
            checklist.attach(case)

    @cached_property
    def checklist(self) -> list[Line]:
        """What is looked at on this case; the case's own office only."""
        return checklist.lines(self.case) if self.may_process else []

    @property
    def checks_done(self) -> str:
        """``3 of 5``."""
        return checklist.heading(self.checklist)

    @cached_property
    def proposal(self) -> Proposal | None:
        """The last decision that was proposed for a second person to confirm."""
        return second_look.latest(self.case)

    @property
    def proposed(self) -> str:
        """What was proposed, in a word."""
        if self.proposal is None:
            return ""
        return verb_name(policies.VERB_OF[Decision.Outcome(self.proposal.outcome)])

    @property
    def purpose(self) -> str:
        """What the ledger says the reading is for."""
        return "processing" if self.may_process else "consultation"

    @cached_property
    def due(self) -> Due | None:
        return due(self.case, self.today)

    @property
    def room_to_extend(self) -> Room:
        """How much longer it may still take."""
        return clocks.room_to_extend(self.case)

    @cached_property
    def extensions(self) -> tuple[Extended, ...]:
        return clocks.now(self.case, self.today).extended

    @cached_property
    def _links(self) -> list[Case]:
        """One statement, none where the service declares nothing that follows a case."""
        return offers.links_of(self.case) if self.may_process else []

    @cached_property
    def related(self) -> list[Beside]:
        """What this case came of and what came of it; not for a consulted office."""
        reviews = self.case.origin_kind == Case.Origin.APPEAL
        return [
            Beside(
                one.case,
                one.words,
                policies.may_process(one.case, self.reader) or (reviews and one.is_origin),
            )
            for one in reading.related(self.case, self._links)
        ]

    @cached_property
    def prepared_letter(self) -> PreparedLetter | None:
        """The town's own letter that the case answers; the case's own office only. One statement
        where the service declares such letters."""
        return matching.of_case(self.case) if self.may_process else None

    @cached_property
    def letter_differences(self) -> list[Difference]:
        """Where the answers are not what that letter says."""
        letter = self.prepared_letter
        return comparing.differences(self.case, letter) if letter is not None else []

    @property
    def is_one_of_several(self) -> bool:
        """Whether it can be decided together with others."""
        return together.is_one_of_several(self.case, self._links)

    @cached_property
    def differences(self) -> list[Change] | None:
        """How the answers differ from those of the case that this one changes or renews.

        Files are left out: they are copies. None: there is nothing to compare with.
        """
        earlier = next((link for link in self._links if link.pk == self.case.origin_id), None)
        if earlier is None or self.case.origin_kind not in _COMPARED:
            return None
        form = self._form
        labels = {question.id: str(question.label) for question in form.questions_by_id.values()}
        before = _plain_texts(earlier.application.version.form, earlier.answers)
        after = _plain_texts(form, self.case.answers)
        return [
            Change(labels[name], before.get(name, ""), after.get(name, ""))
            for name in labels
            if before.get(name, "") != after.get(name, "")
        ]

    @property
    def stage(self) -> str:
        return str(self.case.stage_now.for_staff)

    @property
    def fee(self) -> Fee:
        return self.case.application.computed_fee

    @property
    def charged(self) -> FeeDue | None:
        """What the resident was asked to pay: of parts the first."""
        return (self.decision.fee if self.decision else None) or self.case.fee

    @cached_property
    def fee_by_corrections(self) -> Fee | None:
        """What a fee that was charged on submission would be now; None: the same."""
        case = self.case
        if case.fee_id is None or not case.corrected:
            return None
        sent = case.application
        now = fee_of(case.offering, sent.version.form, case.answers, sent.fee_terms)
        return now if now.total != self.fee.total else None

    @property
    def decision(self) -> Decision | None:
        return getattr(self.case, "decision", None)

    @property
    def applicant(self) -> User | None:
        """Whose application it is; not for a consulted office."""
        return self.case.resident if self.may_process else None

    @property
    def represented(self) -> Represented | None:
        """For whom the resident acts; not for a consulted office."""
        return self.case.represented if self.may_process else None

    @property
    def helped(self) -> Represented | None:
        """Who entered it with the resident at the counter; not for a consulted office."""
        return self.case.application.helped if self.may_process else None

    @property
    def unproven(self) -> bool:
        """Whether it was sent without signing in; not for a consulted office."""
        return self.case.application.without_sign_in and self.may_process

    @cached_property
    def has_account(self) -> bool:
        """Whether the resident reads messages here. Asked only of what was entered for them."""
        return hasattr(self.case.resident, "eid")

    @cached_property
    def reach(self) -> reaching.Reach:
        """Whether the resident is reached by mail; asked where something is written to them."""
        return reaching.of(self.case)

    @cached_property
    def ground(self) -> str:
        """How sure the office is that they may: ``claimed``, ``confirmed``, ``doubted``."""
        return policies.ground(self.case) if self.represented else ""

    @cached_property
    def ground_checks(self) -> list[RepresentationCheck]:
        """What was found about it, oldest first."""
        if self.represented is None:
            return []
        return list(self.case.representation_checks.select_related("checked_by"))

    @property
    def representation(self) -> Representation | None:
        """The representation as it is now; it may have been revoked since."""
        return self.case.application.authority if self.represented else None

    @property
    def signatures(self) -> list[Signed]:
        """Who else signed it or would not; not for a consulted office."""
        if not self.may_process:
            return []
        return [
            Signed(
                entry["name"],
                entry["state"] == "signed",
                datetime.fromisoformat(entry["at"]),
                entry["reason"],
            )
            for entry in self.case.application.cosigned
        ]

    @cached_property
    def files(self) -> Mapping[str, Attachment]:
        """The files that this reader may open, by id: of the answers now and of those replaced."""
        return attachments.by_ids(file_ids(self.case, self._seen_questions))

    @cached_property
    def mark(self) -> str:
        """Says that this page was made, and so its reading noted, for this reader just now."""
        return signing.dumps(self._marked, salt=_MARK)

    def made(self, mark: str) -> bool:
        """Is it such a mark, not older than `_MARK_SECONDS`?"""
        try:
            return bool(signing.loads(mark, salt=_MARK, max_age=_MARK_SECONDS) == self._marked)
        except signing.BadSignature:
            return False

    @property
    def _marked(self) -> list[str]:
        return [str(self.case.pk), str(self.reader.pk)]

    @cached_property
    def steps(self) -> list[StepRows]:
        """The answers by step, each with where it came from and why it was asked or computed."""
        case = self.case
        return reasons.explained(
            self._rows(case.answers, case.provenance),
            case.application.version.prepared,
            case.answers,
            case.received_on,
            seen=self._seen_questions,
        )

    @property
    def has_places(self) -> bool:
        """Does an answer say where something is on a map?"""
        return any(row.coordinates for step in self.steps for row in step.rows)

    @cached_property
    def screening(self) -> list[Told]:
        """What the form's criteria gave when it was sent, or give by what was corrected since; not
        for a consulted office."""
        case, prepared = self.case, self.case.application.version.prepared
        if not self.may_process:
            return []
        if case.corrected:
            findings = eligibility.of_answers(prepared, case.answers, case.received_on)
        else:
            findings = [Finding.from_json(data) for data in case.application.screening or []]
        return eligibility.in_words(prepared, findings)

    @cached_property
    def namesakes(self) -> list[tuple[once.Namesake, bool]]:
        """Other applications that name the same person, and whether the reader may open them.

        For the office alone; no statement where the service can be applied for as often as one
        likes.
        """
        if not self.may_process:
            return []
        return [
            (each, policies.may_process(each.case, self.reader))
            for each in once.namesakes(self.case)
        ]

    @cached_property
    def corrections(self) -> list[Correction]:
        """Every correction request with what changed, oldest first."""
        requests = list(self.case.corrections.all())
        return [
            self._correction(request, requests[number + 1 :])
            for number, request in enumerate(requests)
        ]

    @property
    def consultations(self) -> Iterable[Consultation]:
        """All of them for the case's own office, else the reader's own."""
        return [
            each
            for each in self.case.consultations.all()
            if self.may_process or policies.may_answer(each, self.reader)
        ]

    @cached_property
    def opinions(self) -> list[Opinion]:
        """Each consultation that the reader may see, with what makes its opinion an old one."""
        old = opinions.outdated(self.case) if self.may_process else {}
        return [
            Opinion(each, [self._labels.get(name, name) for name in old.get(each.pk, ())])
            for each in self.consultations
        ]

    @property
    def open_questions_to_me(self) -> list[Consultation]:
        """Consultations that the reader can answer."""
        return [
            each
            for each in self.case.consultations.all()
            if each.answered_at is None and policies.may_answer(each, self.reader)
        ]

    @cached_property
    def timeline(self) -> list[timeline.Entry]:
        return timeline.entries(self.case)

    @property
    def picture(self) -> SafeString:
        return diagram.svg(self.case.workflow, self.case.stage)

    @property
    def picture_in_words(self) -> SafeString:
        return diagram.words(self.case.workflow, self.case.stage)

    @cached_property
    def to_correct(self) -> list[tuple[str, list[tuple[str, str]]]]:
        """What a correction can ask for: id and label of each question with an answer to change,
        by the title of its step."""
        known, found = self._form.questions_by_id, []
        for step in self.steps:
            shown = dict.fromkeys(row.question_id for row in step.rows if row.question_id in known)
            asked = [
                (name, str(known[name].label)) for name in shown if known[name].type != "computed"
            ]
            if asked:
                found.append((step.title, asked))
        return found

    @property
    def newer_form(self) -> FormVersion | None:
        """The form that residents fill in now, where it is not the one this was sent with."""
        now = self.case.offering.form_version
        return now if now.pk != self.case.application.version_id else None

    @cached_property
    def _labels(self) -> dict[str, str]:
        return {each.id: str(each.label) for each in self._form.questions_by_id.values()}

    @property
    def _form(self) -> Any:
        return self.case.application.version.form

    @cached_property
    def _seen_questions(self) -> set[str]:
        return {
            question.id
            for question in self._form.questions_by_id.values()
            if self.may_process or opinions.needed_for_an_opinion(question)
        }

    def _rows(self, answers: Mapping[str, Any], provenance: Mapping[str, Any]) -> list[StepRows]:
        language = get_language() or "ja"
        steps = display.rows(self._form, answers, provenance, language, self.files)
        seen = self._seen_questions
        kept = (
            replace(step, rows=[row for row in step.rows if row.question_id in seen])
            for step in steps
        )
        return [step for step in kept if step.rows]

    def _correction(self, request: CorrectionRequest, later: list[CorrectionRequest]) -> Correction:
        before, after = changes.stood(self.case.answers, request, later)
        return Correction(
            request,
            [self._labels.get(question_id, question_id) for question_id in request.question_ids],
            changes.between(
                self._rows(before, {}),
                self._rows(after, {}),
                self._seen_questions & request.replaced.keys(),
            ),
            [
                (self._labels.get(question_id, question_id), request.remarks[question_id])
                for question_id in request.question_ids
                if question_id in request.remarks
            ],
        )


def _plain_texts(form: FormDefinition, answers: Mapping[str, Any]) -> dict[str, str]:
    """Each answer as one text, but for files."""
    found: dict[str, list[str]] = {}
    for step in display.rows(form, answers, {}, get_language() or "ja", {}):
        for row in step.rows:
            if form.question(row.question_id).type != "file":
                found.setdefault(row.question_id, []).append(row.text)
    return {question_id: "\n".join(lines) for question_id, lines in found.items()}


def file_ids(case: Case, question_ids: set[str]) -> set[str]:
    """Ids of the files in the answers to `question_ids`, also in answers that were replaced."""
    nodes = case.application.version.prepared.nodes
    files = [node for node in nodes.values() if node.question.type == "file"]
    wanted = [node for node in files if node.top_id in question_ids]
    stages = [case.application.answers, case.corrected]
    stages += [request.replaced for request in case.corrections.all()]
    return {
        found
        for answers in stages
        for node in wanted
        for value in node.values(answers)
        for found in attachments.ids_in(value)
    }
