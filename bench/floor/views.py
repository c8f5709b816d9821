"""The journey in plain views."""

import datetime
import json
import uuid
from contextlib import suppress

from django.contrib import messages
from django.contrib.auth.decorators import login_required, user_passes_test
from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from bench.floor.forms import STEPS
from bench.floor.models import Attachment, Case, Draft, LedgerEntry, OutboxRow

STEP_IDS = list(STEPS)
RATES = {"sale": 160, "photography": 160, "event": 1620, "show": 6480}
staff_required = user_passes_test(lambda user: user.is_staff)


def plain(cleaned):
    """Cleaned form data as JSON keeps it."""
    values = {name: value for name, value in cleaned.items() if not hasattr(value, "chunks")}
    return json.loads(json.dumps(values, cls=DjangoJSONEncoder))


def step_list(draft, current=""):
    return [
        {
            "id": step_id,
            "title": form.title,
            "done": step_id in draft.answers,
            "current": step_id == current,
        }
        for step_id, form in STEPS.items()
    ]


def rows_of(answers):
    """Steps with their labels and answers, for the check page and the case pages."""
    steps = []
    for step_id, form_class in STEPS.items():
        values = answers.get(step_id, {})
        rows = []
        for name, field in form_class.base_fields.items():
            value = values.get(name)
            if value in (None, "", []):
                continue
            choices = dict(getattr(field, "choices", []))
            if isinstance(value, list):
                value = "、".join(choices.get(one, one) for one in value)
            value = choices.get(value, value)
            rows.append((field.label, value))
        steps.append({"id": step_id, "title": form_class.title, "rows": rows})
    return steps


def fee_of(answers):
    act, place = answers["activity"], answers["place"]
    first = datetime.date.fromisoformat(place["use_from"])
    last = datetime.date.fromisoformat(place["use_to"])
    units = act.get("cameras") or 1 if act["act_type"] == "photography" else 1
    return RATES[act["act_type"]] * ((last - first).days + 1) * units


def sign_in(request):
    return HttpResponse("sign in", status=403)


@login_required
@require_http_methods(["GET", "POST"])
def start(request):
    if request.method == "GET":
        return render(request, "floor/start.html")
    draft = Draft.objects.filter(resident=request.user, is_sent=False).first()
    if draft is None:
        draft = Draft.objects.create(resident=request.user)
    return redirect("step", draft.pk, STEP_IDS[0])


@login_required
@require_http_methods(["GET", "POST"])
def step(request, draft_id, step_id):
    draft = get_object_or_404(Draft, pk=draft_id, resident=request.user, is_sent=False)
    form_class = STEPS[step_id]
    if request.method == "POST":
        form = form_class(request.POST, request.FILES)
        if form.is_valid():
            with transaction.atomic():
                draft = Draft.objects.select_for_update().get(pk=draft.pk)
                draft.answers[step_id] = plain(form.cleaned_data)
                for name, upload in request.FILES.items():
                    Attachment.objects.create(
                        draft=draft, field=name, filename=upload.name, file=upload
                    )
                draft.save()
            position = STEP_IDS.index(step_id) + 1
            if position < len(STEP_IDS):
                return redirect("step", draft.pk, STEP_IDS[position])
            return redirect("check", draft.pk)
    else:
        form = form_class(initial=draft.answers.get(step_id))
    context = {
        "draft": draft,
        "form": form,
        "steps": step_list(draft, step_id),
        "attachments": draft.attachments.all(),
    }
    return render(request, "floor/step.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def check(request, draft_id):
    draft = get_object_or_404(Draft, pk=draft_id, resident=request.user)
    if request.method == "POST":
        case = submit(draft, request.user)
        messages.success(request, "申請を受け付けました。")
        return redirect("receipt", case.pk)
    missing = [step_id for step_id in STEP_IDS if step_id not in draft.answers]
    if missing:
        return redirect("step", draft.pk, missing[0])
    context = {
        "draft": draft,
        "answers": rows_of(draft.answers),
        "fee": fee_of(draft.answers),
        "steps": step_list(draft),
        "attachments": draft.attachments.all(),
    }
    return render(request, "floor/check.html", context)


@transaction.atomic
def submit(draft, user):
    """Case, ledger and outbox rows in one transaction; a second press returns the first case."""
    draft = Draft.objects.select_for_update().get(pk=draft.pk)
    with suppress(Case.DoesNotExist):
        return Case.objects.get(draft=draft)
    files = {one.field: one.file for one in draft.attachments.all()}
    for step_id, form_class in STEPS.items():
        form = form_class(draft.answers.get(step_id), files)
        if not form.is_valid():
            raise ValueError(f"incomplete: {step_id} {form.errors}")
    today = timezone.localdate()
    case = Case.objects.create(
        draft=draft,
        resident=user,
        receipt_number=f"{today:%y%m%d}-{uuid.uuid4().hex[:10].upper()}",
        answers=draft.answers,
        fee=fee_of(draft.answers),
        due_on=today + datetime.timedelta(days=8),
    )
    draft.is_sent = True
    draft.save()
    note("application.submitted", user, case, {"receipt_number": case.receipt_number})
    OutboxRow.objects.create(
        kind="case.submitted", key=str(case.pk), payload={"case_id": str(case.pk)}
    )
    return case


def note(event, user, case, data=None):
    LedgerEntry.objects.create(
        event=event,
        actor=str(user.pk),
        about=str(case.resident_id),
        object_id=str(case.pk),
        data=data or {},
    )


@login_required
def receipt(request, case_id):
    case = get_object_or_404(Case, pk=case_id, resident=request.user)
    return render(request, "floor/receipt.html", {"case": case})


@login_required
def case(request, case_id):
    found = get_object_or_404(Case, pk=case_id, resident=request.user)
    context = {
        "case": found,
        "answers": rows_of(found.answers),
        "attachments": Attachment.objects.filter(draft=found.draft_id),
        "states": Case.State.choices,
    }
    return render(request, "floor/case.html", context)


@staff_required
def desk_case(request, case_id):
    found = get_object_or_404(Case.objects.select_related("resident", "assigned_to"), pk=case_id)
    note("case.opened", request.user, found)
    context = {
        "case": found,
        "answers": rows_of(found.answers),
        "attachments": Attachment.objects.filter(draft=found.draft_id),
    }
    return render(request, "floor/desk_case.html", context)


@staff_required
@require_POST
@transaction.atomic
def desk_claim(request, case_id):
    found = get_object_or_404(Case.objects.select_for_update(), pk=case_id)
    if found.state == Case.State.RECEIVED:
        found.state = Case.State.REVIEW
        found.assigned_to = request.user
        found.save()
        note("case.claimed", request.user, found)
        messages.success(request, "担当になりました。")
    else:
        messages.error(request, "この案件はすでに担当者がいます。")
    return redirect("desk_case", found.pk)


@staff_required
@require_POST
@transaction.atomic
def desk_decide(request, case_id):
    found = get_object_or_404(Case.objects.select_for_update(), pk=case_id)
    approved = request.POST.get("outcome") == "approved"
    if not request.POST.get("confirmed"):
        return render(request, "floor/desk_confirm.html", {"case": found, "approved": approved})
    if found.state == Case.State.REVIEW:
        found.state = Case.State.PAYMENT if approved else Case.State.REFUSED
        found.conditions = request.POST.get("conditions", "")
        found.save()
        note("case.approved" if approved else "case.refused", request.user, found)
        OutboxRow.objects.create(
            kind="case.decided", key=str(found.pk), payload={"case_id": str(found.pk)}
        )
        messages.success(request, "決定しました。")
    else:
        messages.error(request, "今の段階では決定できません。")
    return redirect("desk_case", found.pk)
