"""Whether a form fits the rest of its service: fees, letters and the register name questions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from catalogue import letter_fields
from catalogue.template import LETTERS, ServiceTemplate
from forms.definitions import FormDefinition

Part = Literal["key", "fees", "letter", "register", "prepared_letters"]


@dataclass(frozen=True, slots=True)
class Misfit:
    """`part` of the service cannot work with the form, because of the question `name` or `why`."""

    part: Part
    name: str = ""
    why: str = ""


def misfits(template: ServiceTemplate, form: FormDefinition) -> list[Misfit]:
    """What would break if `form` became the form of the service. Empty: it fits."""
    found = []
    known = form.questions_by_id
    if form.key != template.form.key:
        found.append(Misfit("key", template.form.key))
    waiver = template.fees.waiver_question
    if waiver and waiver not in known:
        found.append(Misfit("fees", waiver))
    else:
        try:
            template.fees.check(form)
        except ValueError as error:
            found.append(Misfit("fees", why=str(error)))
    for outcome in LETTERS:
        letter = getattr(template.letters, outcome)
        found += [
            Misfit("letter", name)
            for name in (letter.particulars if letter else ())
            if name not in known and name not in letter_fields.particulars(template.service)
        ]
    rule = template.service.register_entry
    for name in (rule.valid_from, rule.valid_until) if rule else ():
        if name and name not in known:
            found.append(Misfit("register", name))
    prepared = template.service.prepared_letters
    try:
        if prepared is not None:
            prepared.check(form)
    except ValueError as error:
        found.append(Misfit("prepared_letters", why=str(error)))
    return list(dict.fromkeys(found))
