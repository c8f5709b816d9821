"""The meanings (concepts) that a question can be given, for picking instead of typing."""

from __future__ import annotations

from django.utils.translation import gettext as _

from catalogue.registry import catalogue
from identity.claims import CONCEPTS


def known() -> list[tuple[str, str]]:
    """Each concept with what it is called and where its answers come from, those of the eID first.

    Besides what the eID tells, these are the concepts of the services on offer: an answer given to
    one of them is offered in the next form that asks for the same.
    """
    found = {
        key: _("%(name)s – from the eID") % {"name": concept.label}
        for key, concept in CONCEPTS.items()
    }
    for _key, template in catalogue().items():  # noqa: PERF102  a registry has no values()
        for question in template.form.questions():
            for one in (question, *getattr(question, "questions", ())):
                if one.concept and one.concept not in found:
                    found[one.concept] = _("%(name)s – from an earlier application") % {
                        "name": one.label
                    }
    return list(found.items())
