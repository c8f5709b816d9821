"""Addresses of the desk, below ``/desk/``."""

from django.urls import path

from backoffice.views import (
    actions,
    case,
    counter,
    export,
    files,
    forms,
    inbox,
    notices,
    operations,
    reports,
    retention,
)

app_name = "desk"

urlpatterns = [
    path("", inbox.inbox, name="inbox"),
    path("beside/", inbox.beside, name="beside"),
    path("cases/<uuid:case_id>/", case.case, name="case"),
    path("cases/<uuid:case_id>/claim/", actions.claim, name="claim"),
    path("cases/<uuid:case_id>/consult/", actions.consult, name="consult"),
    path("cases/<uuid:case_id>/correct/", actions.correct, name="correct"),
    path("cases/<uuid:case_id>/approve/", actions.approve, name="approve"),
    path("cases/<uuid:case_id>/refuse/", actions.refuse, name="refuse"),
    path("cases/<uuid:case_id>/acknowledge/", actions.acknowledge, name="acknowledge"),
    path("cases/<uuid:case_id>/opinion/<uuid:consultation_id>/", actions.opinion, name="opinion"),
    path("cases/<uuid:case_id>/representation/", actions.representation, name="representation"),
    path("cases/<uuid:case_id>/representation/document/", files.authority, name="authority"),
    path("cases/<uuid:case_id>/files/<uuid:attachment_id>/", files.attachment, name="attachment"),
    path(
        "cases/<uuid:case_id>/files/<uuid:attachment_id>/small/", files.thumbnail, name="thumbnail"
    ),
    path("cases/<uuid:case_id>/letter/", files.letter, name="letter"),
    path("cases/<uuid:case_id>/copy/", files.copy, name="copy"),
    path("counter/", counter.counter, name="counter"),
    path("counter/code/", counter.with_code, name="counter_code"),
    path("counter/person/", counter.in_person, name="counter_person"),
    path("counter/begin/", counter.begin, name="counter_begin"),
    path("counter/end/", counter.end, name="counter_end"),
    path("counter/sent/<uuid:case_id>/", counter.done, name="counter_done"),
    path("export/", export.export, name="export"),
    path("forms/", forms.overview, name="forms"),
    path("forms/<uuid:offering_id>/versions/", forms.form_versions, name="form_versions"),
    path("forms/<uuid:version_id>/compare/", forms.compare, name="form_compare"),
    path("forms/<uuid:version_id>/preview/", forms.form_preview, name="form_preview"),
    path("reports/", reports.reports, name="reports"),
    path("reports/count/", reports.count, name="reports_count"),
    path("reports/figures.<str:ending>", reports.download, name="reports_download"),
    path("retention/", retention.retention, name="retention"),
    path("retention/hold/", retention.hold, name="hold"),
    path("retention/hold/<int:hold_id>/release/", retention.release, name="release"),
    path("retention/<uuid:offering_id>/", retention.years, name="retention_years"),
    path("notices/", notices.notices, name="notices"),
    path("notices/webhook/", notices.webhook, name="webhook"),
    path("notices/<slug:notice>/", notices.notice_wording, name="notice_wording"),
    path("operations/", operations.operations, name="operations"),
    path("operations/<int:row_id>/retry/", operations.retry, name="retry"),
]
