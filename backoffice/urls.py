"""Addresses of the desk, below ``/desk/``."""

from django.urls import path

from backoffice.views import (
    actions,
    bank,
    case,
    export,
    files,
    finance,
    forms,
    inbox,
    operations,
    waivers,
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
    path("export/", export.export, name="export"),
    path("forms/", forms.overview, name="forms"),
    path("forms/<uuid:offering_id>/versions/", forms.form_versions, name="form_versions"),
    path("forms/<uuid:version_id>/compare/", forms.compare, name="form_compare"),
    path("forms/<uuid:version_id>/preview/", forms.form_preview, name="form_preview"),
    path("operations/", operations.operations, name="operations"),
    path("operations/<int:row_id>/retry/", operations.retry, name="retry"),
    # The finance office
    path("fees/", finance.fees, name="fees"),
    path("fees/report/", finance.report, name="fees_report"),
    path("fees/settings/", finance.settings, name="fees_settings"),
    path("fees/<uuid:fee_id>/", finance.fee, name="fee"),
    path("fees/<uuid:fee_id>/receive/", finance.receive, name="fee_receive"),
    path("fees/<uuid:fee_id>/refund/", finance.refund, name="fee_refund"),
    path("refunds/<uuid:refund_id>/", finance.refund_decide, name="refund_decide"),
    path("bank/", bank.files, name="bank"),
    path("bank/lines/", bank.lines, name="bank_lines"),
    path("bank/<uuid:statement_id>/<int:line_number>/", bank.line, name="bank_line"),
    path("bank/<uuid:statement_id>/", bank.file, name="bank_file"),
    path("waivers/", waivers.waivers, name="waivers"),
    path("waivers/<uuid:waiver_id>/", waivers.waiver, name="waiver"),
    path("waivers/<uuid:waiver_id>/evidence/", waivers.evidence, name="waiver_evidence"),
]
