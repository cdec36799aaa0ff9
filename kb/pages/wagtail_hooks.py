"""What the admin's page editor does first, and what it says afterwards."""

from django.utils.translation import gettext as _
from wagtail import hooks
from wagtail.admin import messages

from kb.accounts.audiences import is_within

MOST_CHILDREN = 50  # looked at after a page was saved


@hooks.register("construct_page_action_menu", order=1000)
def publish_first(menu_items, request, context) -> None:
    """Whoever may publish gets "Publish" as the main button: editors publish themselves,
    nobody waits for a moderator.
    """
    menu_items.sort(key=lambda item: item.name != "action-publish")


@hooks.register("after_create_page")
@hooks.register("after_edit_page")
def say_what_the_address_tells(request, page) -> None:
    """A page stands under the slug of its parent, which is made from the parent's title:
    whoever reads the page learns that word.
    """
    if not hasattr(page, "audiences"):
        return
    above = [(parent, page) for parent in page.get_ancestors().specific() if hasattr(parent, "audiences")]
    below = [
        (page, child) for child in page.get_children().live().specific()[:MOST_CHILDREN] if hasattr(child, "audiences")
    ]
    closed = dict.fromkeys(parent for parent, child in (*above, *below) if _is_narrower(parent, child))
    for parent in closed:
        words = _(
            "A page below “%(parent)s” has more readers than that one. Its address tells them "
            "“%(slug)s”: choose another word if it must be secret."
        )
        messages.warning(request, words % {"parent": parent.title, "slug": parent.slug})


def _is_narrower(parent, child) -> bool:
    return any(not is_within(value, parent.audiences) for value in child.audiences)
