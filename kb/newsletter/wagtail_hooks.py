"""What the newsletter adds to the admin: its menu, the rhythm, and what is offered below an issue's form."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from wagtail import hooks
from wagtail.admin import messages
from wagtail.contrib.settings.registry import register_setting
from wagtail.snippets.action_menu import ActionMenuItem, SubmitForModerationMenuItem
from wagtail.snippets.models import register_snippet

from kb.newsletter.admin import sending_views
from kb.newsletter.admin.issues import NewsletterViewSetGroup, may_gather, url_of
from kb.newsletter.issues import agreeing
from kb.newsletter.models import Issue, NewsletterSettings

register_snippet(NewsletterViewSetGroup)
register_setting(NewsletterSettings, icon="calendar-alt")


class GatherItem(ActionMenuItem):
    name = "action-gather"
    label = gettext_lazy("Save and gather what is new")
    icon_name = "resubmit"

    def is_shown(self, context) -> bool:
        return context["view"] == "edit" and not context.get("locked_for_user") and may_gather(context["instance"])


class AskItem(SubmitForModerationMenuItem):
    def get_context_data(self, parent_context):
        return {**super().get_context_data(parent_context), "label": _("Ask for the approval")}


@hooks.register("register_snippet_action_menu_item")
def offer_gathering(model):
    return GatherItem(order=10) if model is Issue else None


@hooks.register("construct_snippet_action_menu")
def offer_no_publishing(menu_items, request: HttpRequest, context) -> None:
    """Issues become public by their approval alone, which is asked for in these words; the committee is asked from the
    menu of the page.
    """
    if context["model"] is Issue:
        offered = [item for item in menu_items if item.name != "action-publish"]
        if agreeing.is_chosen():
            offered = [item for item in offered if not isinstance(item, SubmitForModerationMenuItem)]
        menu_items[:] = [
            AskItem(item.order) if isinstance(item, SubmitForModerationMenuItem) else item for item in offered
        ]


@hooks.register("before_delete_snippet")
def keep_what_was_sent(request: HttpRequest, instances) -> HttpResponse | None:
    """An issue with a sending is kept: it is in mailboxes already, and its counts are its own. So is one that the
    committee agreed to: the decision is about it.
    """
    ids = [one.pk for one in instances if isinstance(one, Issue)]
    sent = Issue.objects.filter(pk__in=ids, sending__isnull=False).order_by("number").first() if ids else None
    kept = sent or agreeing.first_agreed(ids)
    if kept is None:
        return None
    sentence = (
        _(
            "No. %(number)s has a sending, so it cannot be deleted. To take it off the site, open "
            "it and choose “Unpublish”."
        )
        if sent
        else _(
            "The Steering Committee was asked about no. %(number)s, so it cannot be deleted. To take it off the site, "
            "open it and choose “Unpublish”."
        )
    )
    messages.error(request, sentence % {"number": kept.number})
    return HttpResponseRedirect(url_of(kept))


@hooks.register("register_admin_urls")
def add_sending():
    return sending_views.urlpatterns
