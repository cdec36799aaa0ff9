"""Addresses of the clock: /health, without a language."""

from django.urls import path

from kb.clock import views

app_name = "clock"
urlpatterns = [path("health", views.health, name="health")]
