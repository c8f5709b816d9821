"""The town's addresses and some pages that only exist to be guarded."""

from django.http import HttpRequest, HttpResponse
from django.urls import include, path

from config.urls import urlpatterns as town_patterns
from identity import access, parked
from identity.models import Role


@access.resident_required
def residents(request: HttpRequest) -> HttpResponse:
    typed = parked.take(request, request.path)
    return HttpResponse(f"resident {request.user.pk} {typed.urlencode() if typed else '-'}")


@access.staff_required
def staff(request: HttpRequest) -> HttpResponse:
    return HttpResponse(f"staff {request.user.pk}")


@access.staff_required(Role.CASEWORKER, Role.LEAD)
def caseworkers(request: HttpRequest) -> HttpResponse:
    return HttpResponse(f"caseworker {request.user.pk}")


@access.step_up_required(max_age=300, acr="aal3")
def delicate(request: HttpRequest) -> HttpResponse:
    return HttpResponse("delicate")


def administration(request: HttpRequest) -> HttpResponse:
    return HttpResponse("administration")


urlpatterns = [
    path("probe/residents/", residents),
    path("probe/residents/<int:number>/", lambda request, number: residents(request)),
    path("probe/staff/", staff),
    path("probe/caseworkers/", caseworkers),
    path("probe/delicate/", delicate),
    path(
        "probe/admin/",
        access.guarded(
            ([path("", administration), path("x/", include([path("", administration)]))], "probe")
        ),
    ),
    *town_patterns,
]
