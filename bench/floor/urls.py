from django.urls import path

from bench.floor import views

urlpatterns = [
    path("apply/", views.start, name="start"),
    path("drafts/<uuid:draft_id>/<slug:step_id>/", views.step, name="step"),
    path("check/<uuid:draft_id>/", views.check, name="check"),
    path("receipts/<uuid:case_id>/", views.receipt, name="receipt"),
    path("applications/<uuid:case_id>/", views.case, name="case"),
    path("desk/cases/<uuid:case_id>/", views.desk_case, name="desk_case"),
    path("desk/cases/<uuid:case_id>/claim/", views.desk_claim, name="desk_claim"),
    path("desk/cases/<uuid:case_id>/decide/", views.desk_decide, name="desk_decide"),
    path("sign-in/", views.sign_in, name="sign_in"),
]
