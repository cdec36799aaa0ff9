"""The first editor, who manages log-ins too; and the way back for an editor who lost telephone and codes."""

from urllib.parse import urljoin

from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import override

from kb.accounts import addresses, editors
from kb.accounts.models import User
from kb.accounts.noting import note
from kb.languages import CODES
from kb.site.signs import check_address


class Command(BaseCommand):
    help = (
        "Makes an editor-in-chief of this address (a new or an existing log-in) and prints the "
        "link where they choose a password."
    )

    def add_arguments(self, parser) -> None:
        parser.add_argument("email")
        parser.add_argument("--name", default="")
        parser.add_argument("--language", choices=CODES, default="fr")
        parser.add_argument(
            "--reset-second-factor",
            action="store_true",
            help="takes second factor and open sessions away; the next log-in sets up a new one",
        )

    def handle(self, email: str, name: str, language: str, reset_second_factor: bool, **options) -> None:
        email = email.strip().lower()
        try:
            check_address(email)
        except ValidationError as refused:
            raise CommandError(_("%(email)s is not an e-mail address.") % {"email": email}) from refused
        if reset_second_factor:
            self._reset(email)
        else:
            self._make(email, name, language)

    @transaction.atomic
    def _make(self, email: str, name: str, language: str) -> None:
        user = User.objects.filter(email=email).first()
        if user is None:
            user = User.objects.create_user(email, name=name, language=language)
        user.is_active = user.is_superuser = True
        user.save(update_fields=["is_active", "is_superuser"])
        editors.join(user)
        addresses.prove(user, user.email)
        self.stdout.write(_("%(email)s is now an editor and manages log-ins.") % {"email": email})
        self._say_how(user)

    @transaction.atomic
    def _reset(self, email: str) -> None:
        user = User.objects.filter(email=email).first()
        if user is None:
            raise CommandError(_("Nobody logs in with %(email)s.") % {"email": email})
        Authenticator.objects.filter(user=user).delete()
        note("second factor removed", user, kind="all", way="command")
        # A new password hash ends every open session.
        user.set_unusable_password()
        user.save(update_fields=["password"])
        self.stdout.write(
            _("The second factor of %(email)s is taken away, and every session of theirs has ended.") % {"email": email}
        )
        self._say_how(user)

    def _say_how(self, user: User) -> None:
        with override(user.language):
            path = reverse(
                "account_reset_password_from_key",
                kwargs={"uidb36": user_pk_to_url_str(user), "key": default_token_generator.make_token(user)},
            )
            admin = reverse("wagtailadmin_home")
        self.stdout.write(_("1. They choose a password here (the link works for three days, once):"))
        self.stdout.write(f"   {urljoin(settings.WAGTAILADMIN_BASE_URL, path)}")
        self.stdout.write(
            _(
                "2. They log in; the site asks them to set up a second factor (authenticator app) and "
                "shows recovery codes to keep."
            )
        )
        self.stdout.write(_("3. They edit at %(url)s.") % {"url": urljoin(settings.WAGTAILADMIN_BASE_URL, admin)})
