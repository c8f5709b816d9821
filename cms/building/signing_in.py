"""How one signs in for a service, and who signs with one: the page where a town chooses it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods
from wagtail.admin import messages

from catalogue import offerings
from catalogue.models import Offering
from catalogue.sign_in import MOST_SIGNERS, SignInRules, as_settings, in_force, why_not
from catalogue.template import Assurance, Cosign, SignIn
from cms.building.http import of_form, page, staff_of
from cms.overlays.words import ASSURANCE, SIGN_IN
from common.actor import Actor
from common.errors import Conflict, InvalidInput, listed
from common.text import Text

_SIGN_IN = {
    SignIn.REQUIRED: gettext_lazy(
        "The form is filled in from the eID. Nobody can look at the questions before."
    ),
    SignIn.TO_SEND: gettext_lazy(
        "Residents may begin without their card at hand, and sign in at the end. You always "
        "know who applies."
    ),
    SignIn.OPTIONAL: gettext_lazy(
        "Residents may also send with nothing but an address for mail. You know who applies "
        "only by what they wrote."
    ),
}
_ASSURANCE = {
    Assurance.ORDINARY: gettext_lazy("Whoever has signed in today can begin and send."),
    Assurance.HIGH: gettext_lazy(
        "Residents confirm with their card when they begin and when they send. Whoever has "
        "no card at hand cannot apply online."
    ),
}


@dataclass(frozen=True, slots=True)
class Choice:
    """One option, with what it means for residents and why it cannot be chosen."""

    value: str
    name: str
    meaning: str
    chosen: bool
    of_template: bool
    reason: str


@require_http_methods(["GET", "HEAD", "POST"])
@of_form("publish")
def signing_in(request: HttpRequest, offering: Offering) -> HttpResponse:
    """Sign-in, assurance and signatures of others. Posted: in force at once."""
    if request.method != "POST":
        return _shown(request, offering, offering.sign_in_rules)
    wanted, errors = _wanted(request, offering)
    try:
        if errors:
            raise InvalidInput(errors)
        offerings.change_sign_in(
            offering=offering,
            wanted=wanted,
            seen=str(request.POST.get("seen") or ""),
            by=Actor.of(staff_of(request)),
        )
    except InvalidInput as refusal:
        return _shown(request, offering, wanted, refusal, status=422)
    except Conflict as refusal:
        fresh = Offering.objects.select_related("form_version").get(pk=offering.pk)
        messages.error(request, str(refusal))
        return _shown(request, fresh, fresh.sign_in_rules, status=409)
    messages.success(request, _("Saved. It is so from now on."))
    return HttpResponseRedirect(request.path)


def _wanted(request: HttpRequest, offering: Offering) -> tuple[SignInRules, dict[str, list[str]]]:
    """What was chosen, and what is not one of the choices; then it stays as it is."""
    now, post, errors = offering.sign_in_rules, request.POST, dict[str, list[str]]()
    sign_in, assurance, cosign = now.sign_in, now.assurance, None
    try:
        sign_in = SignIn(str(post.get("sign_in") or ""))
    except ValueError:
        errors["sign_in"] = [_("Choose one.")]
    try:
        assurance = Assurance(str(post.get("assurance") or ""))
    except ValueError:
        errors["assurance"] = [_("Choose one.")]
    raw = str(post.get("signers") or "")
    count = int(raw) if raw.isascii() and raw.isdigit() and len(raw) < 3 else -1
    if not 0 <= count <= MOST_SIGNERS:
        errors["signers"] = [_("Choose one.")]
    elif count:
        by = {code: str(post.get(f"by-{code}") or "").strip() for code in _languages()}
        declared = offering.template.service.cosign
        most = max(declared.most if declared else MOST_SIGNERS, count)
        cosign = Cosign(count=count, most=most, by=Text(by))
    return SignInRules(sign_in, assurance, cosign), errors


def _shown(
    request: HttpRequest,
    offering: Offering,
    rules: SignInRules,
    refusal: InvalidInput | None = None,
    *,
    status: int = 200,
) -> HttpResponse:
    service, form = offering.template.service, offering.form_version.form
    errors = refusal.errors if refusal else {}
    declared = in_force(service, {})
    by = rules.cosign.by if rules.cosign else Text({})
    if refusal:  # as typed, with nobody to sign, too
        by = Text({code: str(request.POST.get(f"by-{code}") or "") for code in _languages()})
    only_high = declared.assurance is Assurance.HIGH
    context: dict[str, Any] = {
        "sign_in": [
            Choice(
                each, str(SIGN_IN[each]), str(meaning), each is rules.sign_in,
                each is declared.sign_in, why_not(service, form, each),
            )
            for each, meaning in _SIGN_IN.items()
        ],
        "assurance": [
            Choice(
                each, str(ASSURANCE[each]), str(meaning), each is rules.assurance,
                each is declared.assurance,
                _("The template asks for the card anew, which cannot be left out.")
                if only_high and each is Assurance.ORDINARY else "",
            )
            for each, meaning in _ASSURANCE.items()
        ],
        "signers": [
            (number, number == rules.signers)
            for number in range(
                declared.signers, (declared.cosign.most if declared.cosign else MOST_SIGNERS) + 1
            )
        ],
        "by": [
            (code, name, by.get(code, ""), errors.get(f"by-{code}", []))
            for code, name in settings.LANGUAGES
        ],
        "declared_signers": declared.signers,
        "errors": errors,
        "error_list": listed(errors),
        # What the page was made from, so that another's change is not undone by it.
        "seen": request.POST.get("seen", "") if refusal else offering.sign_in_rules.mark,
        "is_own": bool(as_settings(service, offering.sign_in_rules)),
    }  # fmt: skip
    title = _("Sign-in and signatures")
    return page(request, "cms/forms/signing_in.html", offering, context, title=title, status=status)


def _languages() -> list[str]:
    return [code for code, _name in settings.LANGUAGES]
