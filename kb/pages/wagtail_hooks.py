"""What the admin's page editor does first."""

from wagtail import hooks


@hooks.register("construct_page_action_menu", order=1000)
def publish_first(menu_items, request, context) -> None:
    """Whoever may publish gets "Publish" as the main button: editors publish themselves, nobody waits for a moderator."""
    menu_items.sort(key=lambda item: item.name != "action-publish")
