"""The code an authenticator app would show now for the demonstration editor."""

from allauth.mfa.models import Authenticator
from allauth.mfa.utils import decrypt
from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from kb.demonstration.accounts import SECRET, NotADemonstration, present_code, refuse_in_production


class Command(BaseCommand):
    help = "Prints the present second-factor code of the demonstration editor."

    def handle(self, *args, **options) -> None:
        try:
            refuse_in_production()
        except NotADemonstration as refused:
            raise CommandError(str(refused)) from refused
        factors = Authenticator.objects.filter(type=Authenticator.Type.TOTP, user__is_staff=True).select_related("user")
        editor = next((factor.user for factor in factors if decrypt(factor.data["secret"]) == SECRET), None)
        if editor is None:
            raise CommandError(_("There is no demonstration editor yet: load the demonstration content first."))
        code, seconds = present_code(SECRET)
        self.stdout.write(code)
        self.stderr.write(
            _("Code of %(email)s, good for %(seconds)d seconds more.") % {"email": editor.email, "seconds": seconds}
        )
