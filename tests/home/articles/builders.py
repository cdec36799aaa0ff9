"""An article of a group, in one language or two, and what makes it public."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, timedelta
from io import BytesIO
from typing import Any

from allauth.account.internal.flows.login import record_authentication
from django.core.files.base import ContentFile
from django.http import HttpRequest
from django.test import Client
from django.utils import timezone
from PIL import Image as Drawn
from wagtail.images import get_image_model

from home.articles.agreeing import GATED
from home.models import ContentPage
from kb.accounts.models import User
from kb.decisions.choices import ManifestState, Outcome, State
from kb.decisions.deciding import closing
from kb.decisions.deciding.casting import cast
from kb.decisions.models import Decision, Manifest
from kb.pages.texts import Texts
from tests.home.builders import page
from tests.kb.accounts.builders import editor
from tests.kb.decisions.builders import asked, ballot, committee
from tests.kb.library import builders as library

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
EVERYBODY = ("cpas1", "cpas2", "asso1", "asso2")
ADDRESS, DUTCH = "/fr/un-accueil/", "/nl/een-onthaal/"


def picture(name: str = "maison.png", colour: str = "#8E1538"):
    drawn = BytesIO()
    Drawn.new("RGB", (60, 40), colour).save(drawn, "PNG")
    image = get_image_model().objects.create(title="Maison", file=ContentFile(drawn.getvalue(), name=name))
    image.get_file_hash()
    return image


def article(title: str = "Un accueil", *, text: str = "Les hortensias du quartier.", **values: Any) -> ContentPage:
    """A draft of the group PA, for everyone once it is agreed to."""
    whose = library.body("PA")
    blocks = values.pop("blocks", [])
    made = page(
        title,
        slug=values.pop("slug", "un-accueil"),
        live=False,
        own_production=values.pop("own_production", whose),
        date=date(2013, 3, 1),
        intro="Trois constats.",
        body=[("text", f"<p>{text}</p>"), *blocks],
        **values,
    )
    made.save_revision()
    return ContentPage.objects.get(pk=made.pk)


def translated(source: ContentPage, title: str = "Een onthaal") -> ContentPage:
    made = page(
        title,
        language="nl",
        of=source,
        slug="een-onthaal",
        live=False,
        body=[("text", "<p>Hortensia's in de wijk.</p>")],
    )
    made.save_revision()
    return ContentPage.objects.get(pk=made.pk)


def fresh(one: ContentPage) -> ContentPage:
    return ContentPage.objects.get(pk=one.pk)


def drafted(one: ContentPage, **values: Any):
    """A newer draft beside what is stored; the revision."""
    draft = fresh(one).get_latest_revision_as_object()
    for name, value in values.items():
        setattr(draft, name, value)
    return draft.save_revision()


def asked_about(one: ContentPage, parts: Collection[str] = ("fr", "nl")) -> Manifest:
    """What a question is about, without the seats, so that it is quick."""
    rows = GATED.shown(one.pk, parts)
    return Manifest.objects.write(one.search_subject(), rows, parts, standing=GATED.standing(one.pk))


def yes(manifest: Manifest) -> Decision:
    """The committee agreed: what follows from the outcome, without the votes."""
    decision = Decision.objects.create(
        body=library.body("CP"),
        state=State.CLOSED,
        outcome=Outcome.AGREEMENT,
        question=Texts(fr="Publier ?", source="fr"),
        manifest=manifest,
        closed_at=timezone.now(),
    )
    decision.give_number(2013)
    decision.save()
    manifest.state = ManifestState.AGREED
    manifest.save()
    closing.open_agreed(decision)
    return Decision.objects.select_related("manifest").get(pk=decision.pk)


def small():
    return committee(cpas=2, associations=2, seats=2)


def question(one: ContentPage, *, parts: Collection[str] = ("fr", "nl"), **values: Any) -> Decision:
    return asked(small(), subject=one.search_subject(), parts=parts, **values)


def voted(decision: Decision, choice: str = "for") -> Decision:
    for name in EVERYBODY:
        cast(ballot(decision, name).pk, choice)
    closing.close(decision.pk, at=timezone.now() + timedelta(hours=100))
    return Decision.objects.get(pk=decision.pk)


def agreed(one: ContentPage | None = None, *, parts: Collection[str] = ("fr", "nl")) -> ContentPage:
    """Public as it was agreed to, by no decision."""
    one = one or article()
    manifest = asked_about(one, parts)
    Manifest.objects.filter(pk=manifest.pk).update(state=ManifestState.AGREED)
    GATED.open(one.pk, manifest.pk, parts)
    return fresh(one)


def public() -> list[str]:
    return list(
        ContentPage.objects.public().filter(own_production__isnull=False).order_by("pk").values_list("title", flat=True)
    )


def at_the_desk(client: Client) -> User:
    """An editor whose session passed the second factor, without the pages of the log-in."""
    person = editor(language="fr")
    client.force_login(person, backend=BACKEND)
    request = HttpRequest()
    request.session = client.session
    record_authentication(request, person, "mfa")
    request.session.save()
    return person
