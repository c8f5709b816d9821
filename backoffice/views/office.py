"""What is not done every day, on one page: each thing with what it is for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from backoffice.views.inbox import frame
from identity.access import staff_required
from identity.models import Role


@dataclass(frozen=True, slots=True)
class Thing:
    """A page of the office, for whoever holds `right` (a key of `inbox.frame`)."""

    url_name: str
    title: Any
    text: Any
    right: str

    @property
    def url(self) -> str:
        return reverse(self.url_name)


THINGS = (
    Thing(
        "desk:waivers", _("Fee waivers"),
        _("Residents who ask to be let off a fee, and what was decided."), "may_waive",
    ),
    Thing(
        "desk:printing", _("Post"),
        _("Letters that go out on paper: print those of a day, with the address for the window."),
        "may_export",
    ),
    Thing(
        "desk:absences", _("Absences"),
        _("Who is away, and which colleague has their cases meanwhile."), "may_export",
    ),
    Thing(
        "desk:templates", _("Prepared texts"),
        _("What your department writes often, for messages, correction requests and decisions."),
        "is_lead",
    ),
    Thing(
        "desk:rules", _("Who gets which cases"),
        _("Rules by which cases that arrive come to somebody's desk by themselves."), "is_lead",
    ),
    Thing(
        "desk:prepared", _("Prepared letters"),
        _("Letters that your department has posted to be confirmed: lists, answers, reminders."),
        "is_lead",
    ),
    Thing(
        "desk:export", _("Export"),
        _("The applications of a service as a file, with the purpose that residents can read."),
        "may_export",
    ),
    Thing(
        "desk:forms", _("Forms"),
        _("Published versions, what has changed between them, and a preview."), "is_admin",
    ),
    Thing(
        "desk:bodies", _("Outside bodies"),
        _("Addresses of the police, the fire service and others who are asked for an opinion."),
        "is_admin",
    ),
    Thing(
        "desk:closing_days", _("Closing days"),
        _("Days on which the office is closed; periods do not count them."), "is_admin",
    ),
    Thing(
        "desk:transfers", _("Newer versions"),
        _("Running cases on an older version of a procedure, and bringing them to the newest."),
        "is_admin",
    ),
    Thing(
        "desk:retention", _("Retention"),
        _("How long applications are kept, and what is due to be deleted."), "is_admin",
    ),
    Thing(
        "desk:notices", _("Notices"),
        _("What residents are told, in the municipality's words; mails that did not arrive."),
        "is_admin",
    ),
    Thing(
        "desk:operations", _("Operations"),
        _("Letters, notices and other work that failed, and starting it again."), "is_admin",
    ),
)  # fmt: skip


@require_safe
@staff_required(Role.CASEWORKER, Role.LEAD, Role.FINANCE)
def office(request: HttpRequest) -> HttpResponse:
    """The things that the reader may open."""
    context = frame(request, "office")
    rights = {**context, "may_waive": context["may_export"] or context["may_finance"]}
    things = [thing for thing in THINGS if rights[thing.right]]
    return render(request, "backoffice/office.html", {**context, "things": things})
