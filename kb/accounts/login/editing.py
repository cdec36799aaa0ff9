"""An editor's own account page in Wagtail: without Wagtail's ways to change names it does not know, passwords and
addresses (those are allauth's).
"""

from __future__ import annotations

from typing import ClassVar

from django.http import HttpResponse
from django.utils.translation import gettext_lazy as _
from wagtail.admin.views import account

from kb.accounts.login.forms import OwnPanelForm
from kb.accounts.sessions.ending import PersonRequest


class OwnPanel(account.BaseSettingsPanel):
    name = "own"
    title = _("Name and language")
    order = 100
    form_class = OwnPanelForm


class AccountPanelsView(account.AccountView):
    replaced: ClassVar[tuple[type, ...]] = (
        account.NameEmailSettingsPanel,
        account.LocaleSettingsPanel,
        account.AvatarSettingsPanel,
        account.ChangePasswordPanel,
    )

    def get_panels(self) -> list[account.BaseSettingsPanel]:
        panels = [panel for panel in super().get_panels() if not isinstance(panel, self.replaced)]
        return [OwnPanel(self.request, self.request.user, panels[0].profile if panels else None), *panels]

    def post(self, request: PersonRequest) -> HttpResponse:
        response = super().post(request)
        # The other panels save a profile read before the language changed.
        request.user.refresh_from_db()
        request.user.keep_admin_language()
        return response
