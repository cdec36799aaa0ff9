"""The library's place in the admin: its list, its actions on many rows."""

from wagtail import hooks
from wagtail.snippets.models import register_snippet

from kb.library.bulk_actions import ACTIONS
from kb.library.viewsets import ReferenceViewSet

register_snippet(ReferenceViewSet)
for action in ACTIONS:
    hooks.register("register_bulk_action", action)
