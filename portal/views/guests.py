"""Without signing in: begin, get a link by mail, go on by it; and take over after the sign-in."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from cases import resuming
from catalogue import queries as catalogue
from common import marks
from common.errors import Conflict, InvalidInput, NotFound
from forms import adoption, drafts
from forms import guests as forms_guests
from forms.adoption import AlreadyBegun
from forms.errors import DraftClosed, TamperedValue
from forms.guests import Guest
from forms.models import Draft
from identity import claims, limits
from identity.access import forbidden, private
from identity.models import User
from identity.safe_next import safe_next
from portal import guests, prepared, queries
from portal.http import (
    actor_of,
    applicant_of,
    applicant_page,
    refused,
    resident_of,
    resident_or_none,
    resident_page,
    too_often,
)
from portal.ways import way_on


@require_POST
@never_cache
def begin(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Begin as a guest, where the service lets one; whoever is signed in begins as ever."""
    try:
        offering = queries.published_service(slug)
    except NotFound as missing:
        raise Http404(str(missing)) from missing
    if request.user.is_authenticated or not offering.begins_without_sign_in:
        return redirect("portal:begin", slug=slug)
    known = guests.kept(request)
    draft = forms_guests.open_draft_of(known, offering.slug) if known else None
    if draft is None:
        back = reverse("portal:start", args=[slug])
        if not limits.allows(request, limits.GUEST_DRAFT):
            return too_often(request, back)
        guest = guests.become(request)
        try:
            draft = forms_guests.begin(
                guest=guest, version=offering.form_version, subject=offering.slug
            )
        except Conflict as refusal:
            return private(refused(request, refusal, back=back))
    # With the letter that the town had prepared, or without.
    way = "prepared_letter" if prepared.LETTER in request.POST else "draft"
    return redirect(f"portal:{way}", draft_id=draft.pk)


@require_http_methods(["GET", "HEAD", "POST"])
@applicant_page
def go_on_later(request: HttpRequest, draft_id: uuid.UUID) -> HttpResponseBase:
    """How a guest comes back: in this browser, or by a link that we mail."""
    draft = queries.own_draft(applicant_of(request), draft_id)
    if not draft.is_guest or not draft.is_open:
        return redirect(way_on(draft))
    if request.method != "POST":
        return _later(request, draft)
    address = request.POST.get("address", "")
    try:
        resuming.checked_address(address)
        if not limits.allows(request, limits.GUEST_LINK):
            return too_often(request, request.path)
        # What others do with this address is nobody's business: over its limit nothing is sent, and
        # the page says the same.
        if limits.allows(request, limits.GUEST_LINK_TO, key=address.strip().lower()):
            resuming.ask(
                draft=draft,
                guest=Guest(draft.guest),
                address=address,
                language=get_language() or "ja",
            )
    except InvalidInput as refusal:
        return _later(request, draft, refusal)
    except DraftClosed:
        return redirect("portal:draft", draft_id=draft.pk)
    except Conflict as refusal:
        return refused(request, refusal, back=request.path)
    messages.success(
        request,
        _(
            "If the address is right, a mail with a link is on its way to it. Only the newest link "
            "works. At most five mails a day go to one address."
        ),
    )
    return redirect(request.path)


def _later(request: HttpRequest, draft: Draft, refusal: InvalidInput | None = None) -> HttpResponse:
    errors = refusal.errors["address"] if refusal else []
    context = {
        "draft": draft,
        "guest": guests.notice_of(draft),
        "days": resuming.LINK_LASTS.days,
        "go_on_url": way_on(draft),
        "typed": request.POST.get("address", ""),
        "errors": errors,
        "error_list": [{"message": message, "anchor": "address"} for message in errors],
    }
    return render(request, "portal/go_on_later.html", context, status=422 if errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def go_on(request: HttpRequest, link: str) -> HttpResponseBase:
    """Where the mailed link leads. Only the button uses it up: programs open links, too."""
    if request.user.is_authenticated and resident_or_none(request) is None:
        return forbidden(request, "residents_only")
    try:
        found = resuming.by_token(link)
        if request.method != "POST":
            offering = catalogue.published_one(found.draft.subject)
            context = {"title": offering.title if offering else found.draft.form.title}
            return render(request, "portal/go_on.html", context)
        draft = resuming.redeem(token=link, guest=guests.become(request))
    except NotFound:
        return render(request, "portal/go_on_dead.html", status=404)
    except Conflict as refusal:
        return refused(request, refusal, back=request.path)
    signed_in = request.user.is_authenticated
    return redirect("portal:take_over" if signed_in else "portal:draft", draft_id=draft.pk)


@require_http_methods(["GET", "HEAD", "POST"])
@resident_page
def take_over(request: HttpRequest, draft_id: uuid.UUID) -> HttpResponseBase:
    """What was begun in this browser before the sign-in becomes the resident's.

    A GET, since the sign-in leads here; done twice it is done once. Only where the resident has
    begun another one do they have to choose, by a POST.
    """
    user, guest = resident_of(request), guests.kept(request)
    draft = forms_guests.get_draft(guest=guest, draft_id=draft_id) if guest else None
    if guest is None or draft is None or not draft.is_open:
        return redirect(way_on(queries.own_draft(user, draft_id)))
    try:
        if request.method == "POST":
            kept = _chosen(request, draft, user)
            if kept is not None:
                return _taken(request, kept, guest)
        return _taken(request, _adopted(draft, guest, user), guest)
    except AlreadyBegun as two:
        return _choosing(request, draft, two.own)
    except marks.Changed as refusal:  # what would be deleted was gone on with in another window
        own = adoption.other_of(user, draft.subject)
        return _choosing(request, draft, own, refusal.labels) if own else redirect(request.path)
    except DraftClosed:  # in another window, a moment ago
        return redirect(way_on(queries.own_draft(user, draft_id)))


def _adopted(draft: Draft, guest: Guest, user: User) -> Draft:
    offering = catalogue.published_one(draft.subject)
    version = offering.form_version if offering else None
    concepts = (version.form if version else draft.form).concepts()
    return adoption.adopt(
        draft=draft,
        guest=guest,
        resident=user,
        version=version,
        claims=claims.fresh(user, concepts),
    )


def _chosen(request: HttpRequest, draft: Draft, user: User) -> Draft | None:
    """Carry out the choice between two. The resident's own where that is kept; None: the guest's.

    Raises `AlreadyBegun` when nothing was chosen.
    """
    own = adoption.other_of(user, draft.subject)
    if own is None:  # sent or deleted in another window meanwhile
        return None
    keep, mark = request.POST.get("keep"), request.POST.get(marks.FIELD, "")
    if keep == "own":
        drafts.discard(draft=draft, by=actor_of(request), mark=mark)
        messages.success(request, _("The other application is deleted. You go on with this one."))
        return own
    if keep == "new":
        drafts.discard(draft=own, by=actor_of(request), mark=mark)
        messages.success(request, _("The other application is deleted. You go on with this one."))
        return None
    raise AlreadyBegun(own)


def _taken(request: HttpRequest, draft: Draft, guest: Guest) -> HttpResponseBase:
    if not forms_guests.open_drafts(guest):
        guests.forget(request)
    target = safe_next(request.GET.get("to")) or ""
    here = f"/drafts/{draft.pk}/"
    return redirect(target if here in target else way_on(draft))


def _choosing(
    request: HttpRequest, draft: Draft, own: Draft, changed: Sequence[str] = ()
) -> HttpResponse:
    try:
        context = {
            "draft": draft,
            "own": own,
            "pairs": [("own", own, drafts.review(own)), ("new", draft, drafts.review(draft))],
            "problem": _("Choose which one to keep.")
            if request.method == "POST" and not changed
            else "",
            "mark": marks.mark_of({**drafts.saved(own), **drafts.saved(draft)}),
            "changed": changed,
        }
    except TamperedValue as refusal:
        return refused(request, refusal, back=reverse("portal:applications"))
    status = 409 if changed else 422 if context["problem"] else 200
    return render(request, "portal/take_over.html", context, status=status)
