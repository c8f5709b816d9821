"""The demo's mail page."""

from django.urls import path

from sandbox.mail import views

app_name = "sandbox_mail"
urlpatterns = [
    path("", views.inbox, name="inbox"),
    path("<str:name>/", views.message, name="message"),
    path("<str:name>/html/", views.html_body, name="html"),
]
