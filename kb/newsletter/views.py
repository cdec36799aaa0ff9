"""Public pages of the issues: archive, one issue, feed. The subscription has its own in `subscription_views`."""

from __future__ import annotations

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
