"""A service template: a folder of declarations that any municipality can adopt.

``service.yaml`` and ``letter.yaml`` (this module), ``form.yaml`` (forms), ``workflow.yaml``
(workflow) and ``fees.yaml`` (`catalogue.fees`; absent: free of charge). No engine knows a service
by name.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from catalogue import fee_first, letter_fields
from catalogue.fees import FeeSchedule
from catalogue.linked import LinkRule, check_own
from catalogue.once import OnceRule
from catalogue.prepared_letters import PreparedLetters
from common.text import Text
from documents import merging
from forms import definitions as form_definitions
from forms import sensitive
from forms.definitions import FormDefinition
from rules import BOOL, RuleError, VarType, compile_rule
from workflow import definition as workflow_definition
from workflow import moves
from workflow.checks import LOOK_FACTS
from workflow.definition import Verb, WorkflowDefinition

# Eight times as fast where PyYAML was built with it: every process reads every service.
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


#: The concept of the question in which somebody writes their name. As `identity.claims` has it,
#: which cannot be imported before the models are.
APPLICANT_NAME = "person.fullName"


class TemplateError(ValueError):
    """A service folder that cannot work; the message names file and place."""


class Kind(StrEnum):
    PERMIT = "permit"
    BENEFIT = "benefit"
    NOTIFICATION = "notification"
    # 審査請求: against a decision, begun from its case only.
    APPEAL = "appeal"


class Behalf(StrEnum):
    """Ways to apply for somebody else (`identity.representation`)."""

    GUARDIAN = "guardian"
    ATTORNEY = "attorney"
    ORGANISATION = "organisation"


class Assurance(StrEnum):
    """How sure it must be who applies. High: the eID is asked anew, at its strongest."""

    ORDINARY = "ordinary"
    HIGH = "high"


class SignIn(StrEnum):
    """When somebody has to sign in with the eID.

    ``required``: before they begin (the default). ``to_send``: they may begin as a guest, and sign
    in before they send; whoever applies is known in either case. ``optional``: they may also send
    as a guest, who has shown an address for mail and nothing else. A municipality may be stricter
    than the template, not looser.
    """

    # From the strictest on.
    REQUIRED = "required"
    TO_SEND = "to_send"
    OPTIONAL = "optional"

    def is_stricter_than(self, other: SignIn) -> bool:
        order = list(SignIn)
        return order.index(self) < order.index(other)


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)


#: Types of questions whose answers a public register may show: nothing that somebody wrote freely.
PUBLIC_TYPES = frozenset(
    {"choice", "multiple", "yes_no", "number", "money", "date", "month", "period", "computed"}
)


class PublicRegister(_Strict):
    """What anybody may read of the entries, and why. Names of persons are never among it.

    `organisation` is the question with the organisation's name, where `applies_as` was answered
    yes; without it nothing says who holds the permit. An entry is shown until `years` after its
    end.
    """

    legal_basis: Text
    questions: tuple[str, ...] = Field(min_length=1)
    applies_as: str = ""
    organisation: str = ""
    years: int = Field(default=1, ge=0, le=10)

    @model_validator(mode="after")
    def _organisation_is_said(self) -> PublicRegister:
        if bool(self.organisation) is not bool(self.applies_as):
            raise ValueError("organisation and applies_as go together")
        return self

    def check(self, form: FormDefinition) -> None:
        """Raises `ValueError` for a question that is not there or must not be public."""
        questions = form.questions_by_id
        for name in self.questions:
            if name not in questions:
                raise ValueError(f"questions: no question '{name}'")
            if questions[name].type not in PUBLIC_TYPES:
                raise ValueError(
                    f"questions: '{name}' is a {questions[name].type}, which may name a person"
                )
        for name, kind in ((self.applies_as, "yes_no"), (self.organisation, "text")):
            if name and (name not in questions or questions[name].type != kind):
                raise ValueError(f"'{name}' is no question of type {kind}")
        if self.organisation and sensitive.is_sensitive(questions[self.organisation]):
            raise ValueError(f"organisation: '{self.organisation}' is sensitive")


class RegisterRule(_Strict):
    """How an approval is entered in the register of permits or entitlements."""

    number_prefix: str = Field(max_length=8)
    # Questions whose dates bound the validity; without them it starts with the decision.
    valid_from: str = ""
    valid_until: str = ""
    # Left out: the register is the office's own.
    public: PublicRegister | None = None


class Retention(_Strict):
    """文書保存期間: how many years a case is kept, by its outcome.

    Counted from the 1 April after it was closed, or after the permit ran out where that is later.
    A municipality's own rules of records go before these (`Offering.settings["retention"]`).
    """

    approved: int = Field(default=5, ge=1, le=30)
    refused: int = Field(default=5, ge=1, le=30)
    acknowledged: int = Field(default=3, ge=1, le=30)
    withdrawn: int = Field(default=1, ge=1, le=30)
    # Granted, and not paid for in time: the decision is kept like the others.
    lapsed: int = Field(default=5, ge=1, le=30)


class PartialRule(_Strict):
    """What of an application can be refused by itself: the entries or choices of `question`, or the
    days from the date `first` to the date `last`."""

    question: str = ""
    first: str = ""
    last: str = ""

    @model_validator(mode="after")
    def _one_way(self) -> PartialRule:
        if bool(self.question) == bool(self.first) or bool(self.first) != bool(self.last):
            raise ValueError("either a question, or first and last")
        return self


class RevocationRule(_Strict):
    """Who may take a decision back."""

    roles: tuple[Literal["caseworker", "lead"], ...] = ("lead",)


class LetterText(_Strict):
    """One letter of a service. Texts may carry the fields of `catalogue.letter_fields`.

    `particulars` are ids of questions whose answers are printed, or `letter_fields.OF_THE_TOWN`;
    `template` replaces the standard letter page (a Django template that extends it).
    """

    title: Text
    paragraphs: tuple[Text, ...]
    particulars: tuple[str, ...] = ()
    remarks: tuple[Text, ...] = ()
    template: str = ""


#: The outcomes that a letter tells, and the verb of the workflow that brings each about.
LETTERS = {
    "approved": Verb.APPROVE,
    "refused": Verb.REFUSE,
    "acknowledged": Verb.ACKNOWLEDGE,
}


class Letters(_Strict):
    """``letter.yaml``: what the letter says, by outcome. There is one for each that can come."""

    approved: LetterText | None = None
    refused: LetterText | None = None
    acknowledged: LetterText | None = None
    legal_basis: tuple[Text, ...]
    # What a letter calls an answer, where the question as residents read it does not do.
    labels: dict[str, Text] = Field(default_factory=dict)
    # What somebody who disagrees can do (`documents.letters.Appeal.template`).
    appeal_notice: Literal["review_and_action", "action_only"] = "review_and_action"

    def of(self, outcome: str) -> LetterText:
        """Raises `LookupError` for an outcome that the service does not have."""
        letter: LetterText | None = getattr(self, outcome) if outcome in LETTERS else None
        if letter is None:
            raise LookupError(f"no letter for '{outcome}'")
        return letter


class Cosign(_Strict):
    """Others must sign, too, each with their own eID, before the application can be sent.

    `count` of them at least, `most` at most; `by` says who, for the applicant and for them.
    """

    count: int = Field(ge=1, le=10)
    most: int = Field(default=10, ge=1, le=10)
    by: Text

    @model_validator(mode="after")
    def _fits(self) -> Cosign:
        if self.most < self.count:
            raise ValueError("most is smaller than count")
        return self


class MessagesRule(_Strict):
    """Until how many days after a case was closed the resident and the office can write."""

    days_after_closing: int = Field(default=30, ge=0, le=366)


class StandardText(_Strict):
    """A text that a caseworker may pick; it may carry the fields of a message."""

    name: Text
    text: Text

    @model_validator(mode="after")
    def _fields_exist(self) -> StandardText:
        for text in dict(self.text).values():
            for problem in merging.problems(text, letter_fields.OF_A_MESSAGE):
                raise ValueError(problem.message)
        return self


class ServiceDeclaration(_Strict):
    """``service.yaml``."""

    key: str = Field(pattern=r"^[a-z][a-z0-9_]{1,60}$")
    version: str = Field(pattern=r"^\d+\.\d+\.\d+$")
    kind: Kind
    slug: str = Field(pattern=r"^[a-z0-9-]{2,60}$")
    title: Text
    summary: Text
    who: Text
    bring: tuple[Text, ...] = ()
    how_it_goes: tuple[Text, ...] = ()
    questions_and_answers: tuple[tuple[Text, Text], ...] = ()
    minutes: int = Field(ge=1, le=240)
    legal_basis: Text
    department: str
    search_words: tuple[str, ...] = ()
    register_entry: RegisterRule | None = Field(default=None, alias="register")
    # What a caseworker may pick as conditions of an approval.
    standard_conditions: tuple[Text, ...] = ()
    retention: Retention = Retention()
    # … and as grounds of a refusal.
    standard_grounds: tuple[Text, ...] = ()
    # … and to begin a message or a correction request with.
    standard_messages: tuple[StandardText, ...] = ()
    standard_corrections: tuple[StandardText, ...] = ()
    partial: PartialRule | None = None
    revocation: RevocationRule = RevocationRule()
    messages: MessagesRule = MessagesRule()
    # Who else than the applicant may apply for them; none: nobody.
    on_behalf: tuple[Behalf, ...] = ()
    assurance: Assurance = Assurance.ORDINARY
    sign_in: SignIn = SignIn.REQUIRED
    cosign: Cosign | None = None
    # None: it can be applied for as often as one likes.
    once: OnceRule | None = None
    # None: the town posts no letters that are only to be confirmed.
    prepared_letters: PreparedLetters | None = None
    # What may follow a case: a change, a renewal, an appeal.
    linked: tuple[LinkRule, ...] = ()

    @property
    def only_from_a_case(self) -> bool:
        """It is about an earlier decision, so nobody begins it by itself."""
        return self.kind is Kind.APPEAL

    @model_validator(mode="after")
    def _sure_from_the_start(self) -> ServiceDeclaration:
        if self.assurance is Assurance.HIGH and self.sign_in is not SignIn.REQUIRED:
            raise ValueError("assurance 'high' is asked for at the start: sign_in is 'required'")
        return self

    @model_validator(mode="after")
    def _nobody_needs_to_be_known(self) -> ServiceDeclaration:
        """Of whoever sends without signing in nothing is known but an address for mail."""
        if self.sign_in is not SignIn.OPTIONAL:
            return self
        if self.kind is Kind.BENEFIT:
            raise ValueError("sign_in 'optional': a benefit is paid to somebody who is known")
        if self.cosign is not None:
            raise ValueError("sign_in 'optional': a guest cannot ask others to sign (cosign)")
        if Behalf.GUARDIAN in self.on_behalf:
            raise ValueError(
                "sign_in 'optional': what concerns a ward needs to be known (on_behalf: guardian)"
            )
        return self


def names_the_applicant(form: FormDefinition) -> bool:
    """Whether everybody who fills the form in writes their name."""
    return any(
        question.concept == APPLICANT_NAME
        and question.type == "text"
        and question.required
        and not question.show_when
        for question in form.questions()
    )


def asks_sensitive(form: FormDefinition) -> bool:
    """Whether it asks for something sealed, as the Individual Number, which has to be theirs."""
    return any(sensitive.is_sensitive(each) for each in form.every_question())


def may_be_sent_by_guests(form: FormDefinition) -> bool:
    """Whether a form can come from somebody of whom nothing is known but an address for mail."""
    return names_the_applicant(form) and not asks_sensitive(form)


class ServiceTemplate:
    """One folder, read and checked as a whole."""

    def __init__(self, folder: Path, package: str) -> None:
        self.folder = folder
        self.package = package
        self.service = self._service()
        self.form = self._form()
        self.workflow = self._workflow()
        self.fees = self._fees()
        self.letters = self._letters()
        self._check_together()

    @property
    def key(self) -> str:
        return self.service.key

    def _yaml(self, name: str) -> Any:
        path = self.folder / name
        try:
            return yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)  # noqa: S506
        except (OSError, yaml.YAMLError) as error:
            raise TemplateError(f"{self.package}/{name}: {error}") from error

    def _service(self) -> ServiceDeclaration:
        try:
            return ServiceDeclaration.model_validate(self._yaml("service.yaml"))
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(str(part) for part in first["loc"])
            raise TemplateError(f"{self.package}/service.yaml: {place}: {first['msg']}") from None

    def _form(self) -> FormDefinition:
        try:
            return form_definitions.load(self._yaml("form.yaml"))
        except form_definitions.DefinitionError as error:
            raise TemplateError(f"{self.package}/form.yaml: {error}") from error

    def _workflow(self) -> WorkflowDefinition:
        try:
            definition = workflow_definition.load(self._yaml("workflow.yaml"))
            moves.check_guards(definition)
        except ValueError as error:
            raise TemplateError(f"{self.package}/workflow.yaml: {error}") from error
        return definition

    def _fees(self) -> FeeSchedule:
        if not (self.folder / "fees.yaml").exists():
            return FeeSchedule()
        try:
            schedule = FeeSchedule.model_validate(self._yaml("fees.yaml"))
            schedule.check(self.form)
        except (ValidationError, ValueError) as error:
            raise TemplateError(f"{self.package}/fees.yaml: {error}") from error
        return schedule

    def _letters(self) -> Letters:
        try:
            return Letters.model_validate(self._yaml("letter.yaml"))
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(str(part) for part in first["loc"])
            raise TemplateError(f"{self.package}/letter.yaml: {place}: {first['msg']}") from None

    def _check_consultations(self, known: set[str]) -> None:
        for each in self.workflow.consultations:
            place = f"{self.package}/workflow.yaml: consultation '{each.id}'"
            for question in each.sees:
                if question not in known:
                    raise TemplateError(f"{place}: sees: no question '{question}'")
            self._check_when(place, each.when)

    def _check_checks(self) -> None:
        """Checklists and second looks: what they ask of the answers."""
        file = f"{self.package}/workflow.yaml"
        for stage in self.workflow.stages:
            for each in stage.checks or ():
                self._check_when(f"{file}: stage '{stage.id}': check '{each.id}'", each.when)
        for number, move in enumerate(self.workflow.moves, 1):
            if move.four_eyes is not None:
                place = f"{file}: move {number} ({move.verb}): four_eyes"
                self._check_when(place, move.four_eyes.when, LOOK_FACTS)

    def _check_when(
        self, place: str, when: str, also: Mapping[str, VarType] = MappingProxyType({})
    ) -> None:
        if not when:
            return
        try:
            gives = compile_rule(when, {**also, **self.form.rule_variables}).gives
        except RuleError as error:
            raise TemplateError(f"{place}: when: {error}") from error
        if gives != BOOL:
            raise TemplateError(f"{place}: when gives a {gives}, not yes or no")

    def _check_together(self) -> None:
        known = set(self.form.questions_by_id)
        decides = {Verb.APPROVE, Verb.REFUSE} & self.workflow.verbs
        if self.service.kind is Kind.NOTIFICATION and decides:
            raise TemplateError(
                f"{self.package}/workflow.yaml: a notification is acknowledged, not decided "
                f"({min(decides)})"
            )
        for outcome, verb in LETTERS.items():
            if verb not in self.workflow.verbs:
                continue
            letter = getattr(self.letters, outcome)
            if letter is None:
                raise TemplateError(f"{self.package}/letter.yaml: no letter '{outcome}'")
            for question in letter.particulars:
                if question not in known | letter_fields.particulars(self.service):
                    raise TemplateError(
                        f"{self.package}/letter.yaml: {outcome}.particulars: "
                        f"no question '{question}'"
                    )
        for question in sorted(self.letters.labels.keys() - known):
            raise TemplateError(f"{self.package}/letter.yaml: labels: no question '{question}'")
        if self.fees.unpaid.then == "lapse" and Verb.LAPSE not in self.workflow.verbs:
            raise TemplateError(f"{self.package}/fees.yaml: unpaid.then: the workflow has no lapse")
        try:
            fee_first.check(self.fees, self.workflow)
        except ValueError as error:
            raise TemplateError(f"{self.package}/workflow.yaml: {error}") from None
        self._check_guests()
        self._check_texts()
        self._check_partial()
        self._check_consultations(known)
        self._check_checks()
        rule = self.service.register_entry
        for name in ("valid_from", "valid_until"):
            question = getattr(rule, name, "") if rule else ""
            if question and question not in known:
                raise TemplateError(
                    f"{self.package}/service.yaml: register.{name}: no question '{question}'"
                )
        if rule and rule.public:
            try:
                rule.public.check(self.form)
            except ValueError as error:
                raise TemplateError(
                    f"{self.package}/service.yaml: register.public: {error}"
                ) from None
        self._check_linked()
        self._check_once()
        self._check_prepared_letters()

    def _check_prepared_letters(self) -> None:
        try:
            if self.service.prepared_letters is not None:
                self.service.prepared_letters.check(self.form)
        except ValueError as error:
            raise TemplateError(f"{self.package}/service.yaml: prepared_letters: {error}") from None

    def _check_once(self) -> None:
        try:
            if self.service.once is not None:
                self.service.once.check(self.form)
        except ValueError as error:
            raise TemplateError(f"{self.package}/service.yaml: once: {error}") from None

    def _check_linked(self) -> None:
        entry = self.service.register_entry
        try:
            check_own(
                self.service.linked,
                self.form,
                self.workflow,
                begins=entry.valid_from if entry else "",
                ends=entry.valid_until if entry else "",
            )
        except ValueError as error:
            raise TemplateError(f"{self.package}/service.yaml: {error}") from None

    def _check_guests(self) -> None:
        """What is sent without signing in says by itself who sends it."""
        if self.service.sign_in is not SignIn.OPTIONAL:
            return
        if asks_sensitive(self.form):
            raise TemplateError(
                f"{self.package}/form.yaml: sign_in 'optional': a sensitive answer comes from "
                "somebody who is known"
            )
        if not names_the_applicant(self.form):
            raise TemplateError(
                f"{self.package}/form.yaml: sign_in 'optional' needs a question of type text that "
                f"must be answered, with the concept {APPLICANT_NAME}"
            )

    def _check_texts(self) -> None:
        """The letters name fields that exist, and a title names none: it is read by everybody."""
        known = letter_fields.names(self.form)
        for outcome in LETTERS:
            letter: LetterText | None = getattr(self.letters, outcome)
            for text in (*letter.paragraphs, *letter.remarks) if letter else ():
                for words in text.values():
                    if found := merging.problems(words, known):
                        raise TemplateError(
                            f"{self.package}/letter.yaml: {outcome}: {found[0].reason} "
                            f"{found[0].name or words[:40]}"
                        )
            if letter and any("{" in words for words in letter.title.values()):
                raise TemplateError(f"{self.package}/letter.yaml: {outcome}.title: no fields here")

    def _check_partial(self) -> None:
        rule = self.service.partial
        questions = self.form.questions_by_id
        wanted = {"question": {"group", "multiple"}, "first": {"date"}, "last": {"date"}}
        for name, types in wanted.items():
            given = getattr(rule, name, "")
            if given and (given not in questions or questions[given].type not in types):
                raise TemplateError(
                    f"{self.package}/service.yaml: partial.{name}: no fitting question '{given}'"
                )
