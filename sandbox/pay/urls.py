"""The demo's payment page."""

from django.urls import path

from sandbox.pay import views

app_name = "sandbox_pay"
urlpatterns = [path("", views.pay, name="pay")]
