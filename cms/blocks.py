"""What a service page and a plain page are made of.

A block of a service page that is left empty shows what the service template says, so a town keeps
receiving later wordings of the template; what an editor types replaces it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _
from wagtail import blocks

from cms import facts

PLAIN = ["bold", "link", "ol", "ul"]


class _ServiceBlock(blocks.StructBlock):
    """A block that knows the offering of its page."""

    def get_context(
        self, value: Any, parent_context: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context(value, parent_context=parent_context)
        page = context.get("page")
        offering = getattr(page, "offering", None)
        if offering is not None:
            context |= self.from_offering(value, offering)
        return context

    def from_offering(self, value: Any, offering: Any) -> dict[str, Any]:
        raise NotImplementedError


_AS_TEMPLATE = _("Leave empty to show the wording of the service template.")


class StepsBlock(_ServiceBlock):
    """How it goes."""

    steps = blocks.ListBlock(
        blocks.TextBlock(label=_("Step"), rows=2),
        default=[],
        required=False,
        label=_("Steps"),
        help_text=_AS_TEMPLATE,
    )

    def from_offering(self, value: Any, offering: Any) -> dict[str, Any]:
        return {"steps": list(value["steps"]) or offering.template.service.how_it_goes}

    class Meta:
        icon = "list-ol"
        label = _("How it goes")
        template = "cms/blocks/steps.html"


class BringBlock(_ServiceBlock):
    """What you need."""

    things = blocks.ListBlock(
        blocks.CharBlock(label=_("Thing")),
        default=[],
        required=False,
        label=_("Things"),
        help_text=_AS_TEMPLATE,
    )

    def from_offering(self, value: Any, offering: Any) -> dict[str, Any]:
        return {"things": list(value["things"]) or offering.template.service.bring}

    class Meta:
        icon = "list-ul"
        label = _("What you need")
        template = "cms/blocks/bring.html"


class RateBlock(blocks.StructBlock):
    """A line of the fee table: the amount is the offering's own."""

    label = blocks.CharBlock(label=_("For what"))
    rate = blocks.CharBlock(label=_("Name of the rate"), help_text=_("As in the service's fees."))
    unit = blocks.CharBlock(label=_("Unit"), required=False, help_text=_("For example: per day"))

    class Meta:
        icon = "tag"
        label = _("Fee")


class FeesBlock(_ServiceBlock):
    """The fee table, with the amounts that the office really charges."""

    rows = blocks.ListBlock(RateBlock(), default=[], required=False, label=_("Lines"))
    note = blocks.TextBlock(label=_("Note"), required=False, rows=2)

    def from_offering(self, value: Any, offering: Any) -> dict[str, Any]:
        return {"fees": facts.fee_table(offering, value["rows"]), "note": value["note"]}

    class Meta:
        icon = "tag"
        label = _("Fees")
        template = "cms/blocks/fees.html"


class QuestionBlock(blocks.StructBlock):
    question = blocks.CharBlock(label=_("Question"))
    answer = blocks.TextBlock(label=_("Answer"), rows=3)

    class Meta:
        icon = "help"
        label = _("Question")


class FaqBlock(_ServiceBlock):
    """Questions and answers."""

    questions = blocks.ListBlock(
        QuestionBlock(),
        default=[],
        required=False,
        label=_("Questions"),
        help_text=_AS_TEMPLATE,
    )

    def from_offering(self, value: Any, offering: Any) -> dict[str, Any]:
        own = [(item["question"], item["answer"]) for item in value["questions"]]
        return {"questions": own or offering.template.service.questions_and_answers}

    class Meta:
        icon = "help"
        label = _("Questions and answers")
        template = "cms/blocks/faq.html"


class OfficeBlock(_ServiceBlock):
    """Where to ask: the counter of the department that handles the service."""

    note = blocks.TextBlock(label=_("Note"), required=False, rows=2)

    def from_offering(self, value: Any, offering: Any) -> dict[str, Any]:
        return {"department": offering.department, "note": value["note"]}

    class Meta:
        icon = "mail"
        label = _("Contact")
        template = "cms/blocks/office.html"


class NoticeBlock(blocks.StructBlock):
    """Something to know first, for example that a park is closed."""

    title = blocks.CharBlock(label=_("Heading"))
    text = blocks.TextBlock(label=_("Text"), rows=3)

    class Meta:
        icon = "warning"
        label = _("Notice")
        template = "cms/blocks/notice.html"


def _text_block() -> blocks.RichTextBlock:
    return blocks.RichTextBlock(
        features=["h2", "h3", *PLAIN], label=_("Text"), template="cms/blocks/text.html"
    )


class ServiceBody(blocks.StreamBlock):
    notice = NoticeBlock()
    steps = StepsBlock()
    bring = BringBlock()
    fees = FeesBlock()
    faq = FaqBlock()
    text = _text_block()
    office = OfficeBlock()

    class Meta:
        block_counts = {
            name: {"max_num": 1} for name in ("steps", "bring", "fees", "faq", "office")
        }


class PlainBody(blocks.StreamBlock):
    text = _text_block()
    notice = NoticeBlock()


def standard_service_body() -> list[tuple[str, dict[str, Any]]]:
    """A service page as it starts: everything from the template."""
    return [
        ("steps", {"steps": []}),
        ("bring", {"things": []}),
        ("fees", {"rows": [], "note": ""}),
        ("faq", {"questions": []}),
        ("office", {"note": ""}),
    ]
