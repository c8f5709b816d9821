"""Addresses of the desk, below ``/desk/``."""

from django.urls import path

from backoffice.views import actions, case, files, inbox, operations

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
    path("cases/<uuid:case_id>/opinion/<uuid:consultation_id>/", actions.opinion, name="opinion"),
    path("cases/<uuid:case_id>/representation/", actions.representation, name="representation"),
    path("cases/<uuid:case_id>/representation/document/", files.authority, name="authority"),
    path("cases/<uuid:case_id>/files/<uuid:attachment_id>/", files.attachment, name="attachment"),
    path("cases/<uuid:case_id>/letter/", files.letter, name="letter"),
    path("operations/", operations.operations, name="operations"),
    path("operations/<int:row_id>/retry/", operations.retry, name="retry"),
]
