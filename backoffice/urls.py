"""Addresses of the desk, below ``/desk/``."""

from django.urls import path

from backoffice.views import (
    absences,
    actions,
    bulk,
    case,
    export,
    files,
    forms,
    inbox,
    operations,
    team,
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
    path("cases/<uuid:case_id>/team/", team.team, name="team"),
    path("cases/<uuid:case_id>/team/short/", team.beside_case, name="team_short"),
    path("cases/<uuid:case_id>/letter/", files.letter, name="letter"),
    path("cases/<uuid:case_id>/copy/", files.copy, name="copy"),
    path("absences/", absences.absences, name="absences"),
    path("absences/<int:absence_id>/remove/", absences.remove, name="absence_remove"),
    path("bulk/", bulk.new, name="bulk_new"),
    path("bulk/<uuid:run_id>/", bulk.run, name="bulk"),
    path("export/", export.export, name="export"),
    path("forms/", forms.overview, name="forms"),
    path("forms/<uuid:offering_id>/versions/", forms.form_versions, name="form_versions"),
    path("forms/<uuid:version_id>/compare/", forms.compare, name="form_compare"),
    path("forms/<uuid:version_id>/preview/", forms.form_preview, name="form_preview"),
    path("operations/", operations.operations, name="operations"),
    path("operations/<int:row_id>/retry/", operations.retry, name="retry"),
]
