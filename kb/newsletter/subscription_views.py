"""Pages of the subscription: signing up, confirming, changing, leaving."""

from __future__ import annotations

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
