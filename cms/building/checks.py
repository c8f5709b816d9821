"""All that stands in the way of publishing: the form itself, and the service it belongs to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from catalogue.fitting import Misfit, misfits
from catalogue.models import Offering
from cms.lettering import naming
from common.errors import DomainError
from forms.building import reasons
from forms.building.examining import Examined, Problem, examine
from forms.building.places import Data
from forms.definitions import FormDefinition


class CannotWork(DomainError):
    """The form cannot be published; `problems` say where and why."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(
            _("The form cannot work like this. Please put these things right first."),
            code="form_cannot_work",
        )
        self.problems = list(problems)


@dataclass(frozen=True)
class LetterProblem(Problem):
    """A letter prints the answer to a question that the form does not ask any more."""

    outcome: str
    letter: str


@dataclass(frozen=True)
class Look:
    """What was found, the form as far as it works among it."""

    examined: Examined
    problems: tuple[Problem, ...]


def look(data: Data, offering: Offering) -> Look:
    """Everything that is wrong. The service is looked at when the form is right in itself."""
    examined = examine(data)
    found = list(examined.problems)
    if examined.complete and examined.prepared is not None:
        form = examined.prepared.form
        found += [Problem((), words_of(one)) for one in misfits(offering.template, form)]
        found += _letters(offering, form)
    return Look(examined, tuple(found))


def words_of(misfit: Misfit) -> str:
    """What would not fit any more, for people."""
    names = {"name": misfit.name, "reason": reasons.reason(misfit.why)}
    if misfit.part == "key":
        return _("The key of the form has to stay “%(name)s”.") % names
    if misfit.part == "fees":
        if misfit.why:
            return _("The fee cannot be worked out any more: %(reason)s") % names
        return _("The fee needs the question “%(name)s”, which is not there any more.") % names
    if misfit.part == "letter":
        return _("The letter needs the question “%(name)s”, which is not there any more.") % names
    if misfit.part == "prepared_letters":
        return _("The letters that the town prepares do not fit any more: %(reason)s") % names
    return _("The register needs the question “%(name)s”, which is not there any more.") % names


def _letters(offering: Offering, form: FormDefinition) -> list[Problem]:
    """Places in letters that would stay empty, the town's own words or else the service's."""
    asked = offering.form_version.form.questions_by_id
    told = _(
        "This letter prints the answer to “%(question)s”, which the form would not ask any more "
        "(%(language)s, %(part)s, line %(line)s: “%(quote)s”). Bring the question back with the "
        "name “%(id)s”, or first take {answer.%(id)s} out of the letter. A question with a new "
        "name can be put into the letter once the form is published."
    )
    return [
        LetterProblem(
            (),
            told
            % {
                "question": str(asked[one.question_id].label)
                if one.question_id in asked
                else one.question_id,
                "language": one.language_name,
                "part": one.part_name,
                "line": one.line,
                "quote": one.quote,
                "id": one.question_id,
            },
            outcome=one.outcome,
            letter=_("Letter: %(name)s") % {"name": one.letter},
        )
        for one in naming.missing(offering, form)
    ]
