"""The settings as YAML: the page and the download."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe
from wagtail.admin import messages

from catalogue.models import Offering
from cms.building import access
from cms.building.http import of_form, page, seen, source_of, staff_of
from cms.overlays import actions, yaml_text
from common.errors import InvalidInput


@require_http_methods(["GET", "HEAD", "POST"])
@of_form()
def yaml_page(request: HttpRequest, offering: Offering) -> HttpResponse:
    """To take along, and to bring others; brought ones are prepared, not published."""
    edit = actions.edit_of(offering)
    context: dict[str, Any] = {
        "lock": edit.lock if edit else -1,
        "source": yaml_text.write(offering, actions.prepared(offering, edit)),
    }
    status = 200
    if request.method == "POST":
        context["lock"] = seen(request).lock
        context["source"], problem = source_of(request)
        try:
            if problem:
                raise InvalidInput({"source": [problem]}, problem)
            overlay = yaml_text.read(context["source"], offering)
            actions.replace(
                offering=offering, overlay=overlay, lock=context["lock"], by=staff_of(request)
            )
        except InvalidInput as refusal:
            context["error"], status = str(refusal), 422
        except actions.SavedElsewhere as refusal:
            fresh = actions.edit_of(offering)
            context |= {"error": str(refusal), "lock": fresh.lock if fresh else -1}
            status = 409
        else:
            messages.success(request, _("The settings were taken over. Nothing is published yet."))
            may_publish = access.may(request.user, "publish", offering)
            name = "cms_forms:settings_publish" if may_publish else "cms_forms:overview"
            return HttpResponseRedirect(reverse(name, args=[offering.slug]))
    title = _("Settings as YAML")
    return page(request, "cms/overlays/yaml.html", offering, context, title=title, status=status)


@require_safe
@of_form()
def yaml_download(request: HttpRequest, offering: Offering) -> HttpResponse:
    source = yaml_text.write(offering, actions.prepared(offering, actions.edit_of(offering)))
    response = HttpResponse(source, content_type="application/yaml; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{offering.slug}-settings.yaml"'
    return response
