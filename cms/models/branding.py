"""How a municipality looks and how to reach it. One row of `Branding` for each town."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import FieldPanel, FieldRowPanel, MultiFieldPanel
from wagtail.contrib.settings.models import BaseGenericSetting, register_setting
from wagtail.snippets.models import register_snippet

from cms import colours, svg
from cms.fields import TownTextField
from common.text import Text
from forms import coordinates
from forms.normalise import Unreadable


def _colour(name: Any, default: str, hint: Any = "") -> models.CharField[str, str]:
    return models.CharField(
        name, max_length=7, default=default, validators=[colours.validate_hex], help_text=hint
    )


@register_setting(icon="view")
class Branding(BaseGenericSetting):
    """Palette, drawings, words and contact. A colour that people could not read is refused."""

    primary = _colour(
        _("town colour"), "#0b4f8a", _("Buttons, links and the header. White text stands on it.")
    )
    accent = _colour(_("accent"), "#2f7fb8", _("Lines and small marks."))
    tint = _colour(_("pale ground"), "#e8f1f8", _("Behind the header picture and notices."))

    header = models.CharField(
        _("page header"),
        max_length=8,
        choices=[("plain", _("White")), ("town", _("In the town colour"))],
        default="plain",
    )
    typeface = models.CharField(
        _("headings"),
        max_length=8,
        choices=[("sans", _("Gothic")), ("mincho", _("Mincho")), ("round", _("Rounded"))],
        default="sans",
    )
    corners = models.CharField(
        _("corners"),
        max_length=8,
        choices=[("strict", _("Square")), ("soft", _("Soft")), ("round", _("Round"))],
        default="soft",
    )

    mark = models.TextField(_("mark (SVG)"), validators=[svg.validate])
    pattern = models.TextField(_("header pattern (SVG)"), blank=True, validators=[svg.validate])
    seal = models.TextField(
        _("official seal (SVG)"),
        blank=True,
        validators=[svg.validate],
        help_text=_("Printed on decision letters."),
    )

    # A picture in the drawing's place (`cms.seals`): a data URL, or empty.
    seal_image = models.TextField(
        _("official seal (picture)"), blank=True, editable=False, default="", db_default=""
    )

    slogan: models.Field[Text, Text] = TownTextField(_("slogan"), blank=True)
    introduction: models.Field[Text, Text] = TownTextField(_("introduction"), blank=True, long=True)

    postal_code = models.CharField(_("postal code"), max_length=8, blank=True)
    address: models.Field[Text, Text] = TownTextField(_("address"))
    phone = models.CharField(_("phone"), max_length=20)
    email = models.EmailField(_("e-mail address"), blank=True)
    hours: models.Field[Text, Text] = TownTextField(_("opening hours"))
    closed: models.Field[Text, Text] = TownTextField(_("closed on"), blank=True)
    centre = models.CharField(
        _("middle of the town"),
        max_length=40,
        blank=True,
        default="",
        db_default="",
        help_text=_("Where maps begin, for example 35.6812, 139.7671. Empty: all of Japan."),
    )

    mayor: models.Field[Text, Text] = TownTextField(_("mayor's name"))
    mayor_title: models.Field[Text, Text] = TownTextField(_("mayor's title"))
    appeal_authority: models.Field[Text, Text] = TownTextField(
        _("authority for requests for review"),
        help_text=_("Named in the notice of appeal on a decision letter."),
    )
    updated_at = models.DateTimeField(auto_now=True)

    panels = [
        MultiFieldPanel(
            [
                FieldRowPanel([FieldPanel("primary"), FieldPanel("accent"), FieldPanel("tint")]),
                FieldRowPanel(
                    [FieldPanel("header"), FieldPanel("typeface"), FieldPanel("corners")]
                ),
            ],
            heading=_("Colours and shapes"),
        ),
        MultiFieldPanel(
            [FieldPanel("mark"), FieldPanel("pattern"), FieldPanel("seal")], heading=_("Drawings")
        ),
        MultiFieldPanel(
            [FieldPanel("slogan"), FieldPanel("introduction")], heading=_("In our own words")
        ),
        MultiFieldPanel(
            [
                FieldPanel("postal_code"),
                FieldPanel("address"),
                FieldRowPanel([FieldPanel("phone"), FieldPanel("email")]),
                FieldPanel("hours"),
                FieldPanel("closed"),
                FieldPanel("centre"),
            ],
            heading=_("Contact and opening hours"),
        ),
        MultiFieldPanel(
            [FieldPanel("mayor"), FieldPanel("mayor_title"), FieldPanel("appeal_authority")],
            heading=_("On decision letters"),
        ),
    ]

    class Meta:
        verbose_name = _("branding and contact")
        verbose_name_plural = _("branding and contact")

    def __str__(self) -> str:
        return str(self._meta.verbose_name)

    def clean(self) -> None:
        """Refuse colours that fail WCAG AA where the pages use them."""
        super().clean()
        for name in ("primary", "accent", "tint"):
            colours.validate_hex(getattr(self, name))
            setattr(self, name, getattr(self, name).lower())
        errors: dict[str, list[ValidationError]] = {}
        try:
            self.centre = coordinates.read(self.centre)
        except Unreadable as refusal:
            errors["centre"] = [ValidationError(str(refusal), code="coordinates")]
        for field, on, ratio, what in (
            ("primary", colours.WHITE, colours.TEXT_CONTRAST, _("Links and buttons")),
            ("primary", self.tint, colours.TEXT_CONTRAST, _("Links on the pale ground")),
            ("accent", colours.WHITE, colours.GRAPHIC_CONTRAST, _("Lines and small marks")),
        ):
            try:
                colours.check(getattr(self, field), on, ratio, what=what)
            except ValidationError as error:
                errors.setdefault(field, []).append(error)
        if colours.contrast(colours.INK, self.tint) < colours.READING_CONTRAST:
            errors["tint"] = [
                ValidationError(
                    _("The pale ground must be paler: black text on it needs a contrast of 7."),
                    code="contrast",
                )
            ]
        if errors:
            raise ValidationError(errors)

    def save(self, *args: Any, **options: Any) -> None:
        self.mark, self.pattern, self.seal = (
            svg.clean(drawing) if drawing else ""
            for drawing in (self.mark, self.pattern, self.seal)
        )
        super().save(*args, **options)
        brand_changed()


@register_snippet
class Office(models.Model):
    """Where a department's counter is. Service pages show the one of their department."""

    department = models.OneToOneField(
        "identity.Department",
        on_delete=models.CASCADE,
        related_name="office",
        verbose_name=_("department"),
    )
    place: models.Field[Text, Text] = TownTextField(_("place"))
    phone = models.CharField(_("phone"), max_length=20)
    email = models.EmailField(_("e-mail address"), blank=True)
    hours: models.Field[Text, Text] = TownTextField(
        _("opening hours"), blank=True, help_text=_("Empty: as the town hall.")
    )
    does: models.Field[Text, Text] = TownTextField(_("what it does"), blank=True)
    # The office's own seal (`cms.seals`): a data URL, or empty for the town's.
    seal_image = models.TextField(
        _("official seal (picture)"), blank=True, editable=False, default="", db_default=""
    )

    panels = [
        FieldPanel("department"),
        FieldPanel("place"),
        FieldRowPanel([FieldPanel("phone"), FieldPanel("email")]),
        FieldPanel("hours"),
        FieldPanel("does"),
    ]

    class Meta:
        ordering = ["department__key"]
        verbose_name = _("office")
        verbose_name_plural = _("offices")

    def __str__(self) -> str:
        return str(self.department)

    def save(self, *args: Any, **options: Any) -> None:
        super().save(*args, **options)
        brand_changed()

    def delete(self, *args: Any, **options: Any) -> Any:
        deleted = super().delete(*args, **options)
        brand_changed()
        return deleted


def brand_changed() -> None:
    """What pages keep of the brand is read afresh."""
    from cms import brand  # noqa: PLC0415  it imports this module

    brand.forget()
