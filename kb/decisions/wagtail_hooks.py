"""What the decisions add to the admin."""

from wagtail import hooks

from kb.decisions.admin.viewsets import DecisionViewSet


@hooks.register("register_admin_viewset")
def register_decisions():
    return DecisionViewSet("decision")
