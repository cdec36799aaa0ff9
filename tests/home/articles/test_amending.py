"""An article that was agreed to changes without a vote: a correction of form, a later translation, and no more."""

from __future__ import annotations

from datetime import date

import pytest
from django.core import mail
from django.core.cache import cache
from django.test import Client

from home.models import ContentPage
from kb.accounts.audiences import STAFF
from kb.accounts.models import User
from kb.decisions.choices import AmendmentKind, AmendmentState
from kb.decisions.deciding import amending, closing
from kb.decisions.deciding.comparing import CAME
from kb.decisions.errors import Refused
from kb.decisions.models import Amendment, Decision
from kb.decisions.waiting import to_read
from kb.groups.choices import MandateRole
from kb.groups.models import Mandate
from kb.pages.agreements import digest_of
from tests.home.articles.builders import (
    ADDRESS,
    BACKEND,
    DUTCH,
    article,
    asked_about,
    at_the_desk,
    drafted,
    fresh,
    small,
    translated,
    voted,
    yes,
)
from tests.home.builders import page as new_page
from tests.kb.accounts.builders import editor, member
from tests.kb.decisions.builders import asked
from tests.kb.groups.builders import mandate
from tests.kb.library import builders as library

pytestmark = pytest.mark.django_db
LONG = (
    "Les hortensias du quartier fleurissent chaque été devant les maisons, et les voisins en parlent encore à la "
    "rentrée, quand les écoles ouvrent de nouveau leurs portes."
)
TYPO = LONG.replace("fleurissent", "fleurisent")
FORM, TRANSLATION = AmendmentKind.FORM, AmendmentKind.TRANSLATION


@pytest.fixture
def made():
    """Public with a slip in it, agreed to; (article, decision)."""
    one = article(text=TYPO)
    return fresh(one), yes(asked_about(one))


def mended(one, text: str = LONG):
    return drafted(one, body=[("text", f"<p>{text}</p>")])


def page(address: str = ADDRESS) -> str:
    answer = Client().get(address)
    return answer.content.decode() if answer.status_code == 200 else ""


def voice(name: str = "voix", role: str = MandateRole.MEMBER, of: str = "CP"):
    user = member(f"{name}@cass.example", name=name)
    mandate(user, library.body(of), role=role)
    return user


def test_a_correction_of_form_is_public_once_a_second_editor_read_it(made):
    one, decision = made
    mended(one)
    first, second = editor(), editor("autre@cass.example")
    proposed = amending.propose(one.search_subject(), FORM, by=first)
    assert "fleurisent" in page()
    assert to_read(second, frozenset({STAFF})).total == 1 and to_read(first, frozenset({STAFF})).total == 0
    for by, is_staff in ((first, True), (second, False), (voice(), False)):
        with pytest.raises(Refused):
            amending.confirm(proposed.pk, by=by, is_staff=is_staff)
    amending.confirm(proposed.pk, by=second, is_staff=True)
    assert "fleurissent" in page() and "fleurisent" not in page()
    decision.refresh_from_db()
    assert decision.is_public and fresh(one).agreement_id == decision.manifest_id
    with pytest.raises(Refused):
        amending.confirm(proposed.pk, by=second, is_staff=True)


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"title": "Un autre accueil"}, "form-much"),
        ({"body": [("text", f"<p>{TYPO}</p>"), ("text", "<p>Un constat de plus.</p>")]}, "form-else"),
        ({"body": [("text", f"<p>{LONG.replace('et les', 'sans les')}</p>")]}, "form-negation"),
    ],
)
def test_more_than_form_is_a_new_question(made, values, code):
    one, _decision = made
    drafted(one, **values)
    with pytest.raises(Refused) as refused:
        amending.propose(one.search_subject(), FORM, by=editor())
    assert refused.value.code == code and "fleurisent" in page()


def test_a_draft_that_changed_since_is_not_what_the_second_person_read(made):
    one, _decision = made
    mended(one)
    proposed = amending.propose(one.search_subject(), FORM, by=editor())
    drafted(one, title="Tout autre chose")
    with pytest.raises(Refused) as refused:
        amending.confirm(proposed.pk, by=editor("autre@cass.example"), is_staff=True)
    assert refused.value.code == "amendment-changed" and "fleurisent" in page()


def test_any_voice_of_the_committee_calls_it_back_and_the_agreed_text_shows_at_once(made):
    one, decision = made
    before = decision.manifest.digest
    mended(one)
    proposed = amending.propose(one.search_subject(), FORM, by=editor())
    amending.confirm(proposed.pk, by=editor("autre@cass.example"), is_staff=True)
    for nobody in (member("rien@cass.example"), voice("pa", of="PA"), voice("invite", MandateRole.INVITEE)):
        with pytest.raises(Refused):
            amending.call_back(proposed.pk, by=nobody)
    amending.call_back(proposed.pk, by=voice())
    assert "fleurisent" in page()
    decision = Decision.objects.select_related("manifest").get(pk=decision.pk)
    assert decision.manifest.digest == before == digest_of(decision.manifest.shown()) and decision.is_public


def test_a_later_translation_is_read_by_who_is_named_and_called_back_alone(made):
    one, _decision = made
    translated(one)
    first, reader = editor(), voice("lectrice", of="PA")
    with pytest.raises(Refused):
        amending.propose(one.search_subject(), TRANSLATION, by=first, reader=first)
    proposed = amending.propose(one.search_subject(), TRANSLATION, by=first, reader=reader)
    draft = amending.draft_of(one.search_subject())
    assert [change.how for change in draft.changes[TRANSLATION]] == [CAME]
    with pytest.raises(Refused):
        amending.confirm(proposed.pk, by=editor("autre@cass.example"), is_staff=True)
    assert page(DUTCH) == ""
    amending.confirm(proposed.pk, by=reader, is_staff=False)
    assert "Een onthaal" in page(DUTCH) and "fleurisent" in page()
    amending.call_back(proposed.pk, by=voice())
    assert "Een onthaal" not in page(DUTCH) and "fleurisent" in page()


def both():
    """French and Dutch public, a slip in the French."""
    one = article(text=TYPO)
    translated(one)
    yes(asked_about(one))
    return fresh(one)


def test_a_language_that_an_editor_took_off_comes_back_by_no_amendment():
    one = both()
    mended(one)
    proposed = amending.propose(one.search_subject(), FORM, by=editor())
    dutch = ContentPage.objects.get(slug="een-onthaal")
    dutch.unpublish()
    with pytest.raises(Refused):
        amending.confirm(proposed.pk, by=editor("autre@cass.example"), is_staff=True)
    assert page(DUTCH) == "" and "fleurisent" in page()


def test_called_back_after_a_language_was_taken_off_nothing_that_nobody_agreed_to_is_shown():
    one = both()
    mended(one)
    proposed = amending.propose(one.search_subject(), FORM, by=editor())
    amending.confirm(proposed.pk, by=editor("autre@cass.example"), is_staff=True)
    ContentPage.objects.get(slug="een-onthaal").unpublish()
    amending.call_back(proposed.pk, by=voice())
    assert page(DUTCH) == "" and "fleurissent" not in page()


def test_what_a_later_decision_ended_is_not_called_back(made):
    one, decision = made
    mended(one)
    proposed = amending.propose(one.search_subject(), FORM, by=editor())
    amending.confirm(proposed.pk, by=editor("autre@cass.example"), is_staff=True)
    closing.end_agreement(decision.pk)
    with pytest.raises(Refused) as refused:
        amending.call_back(proposed.pk, by=voice())
    assert refused.value.code == "amendment-over" and page() == ""


def test_a_translation_beside_a_changed_text_is_more_than_a_translation(made):
    one, _decision = made
    translated(one)
    drafted(one, title="Un autre accueil")
    with pytest.raises(Refused) as refused:
        amending.propose(one.search_subject(), TRANSLATION, by=editor(), reader=voice())
    assert refused.value.code == "translation-only"


def test_what_an_editor_took_off_meanwhile_is_not_opened_by_it(made):
    one, _decision = made
    mended(one)
    proposed = amending.propose(one.search_subject(), FORM, by=editor())
    fresh(one).unpublish()
    with pytest.raises(Refused):
        amending.confirm(proposed.pk, by=editor("autre@cass.example"), is_staff=True)
    assert page() == "" and Amendment.objects.get().state == AmendmentState.PROPOSED


@pytest.mark.parametrize("reader", ["anyone", "member", "consultant", "named", "voice", "editor"])
def test_who_reads_an_amendment_before_and_after_it_is_public(made, reader):
    one, decision = made
    translated(one)
    named = voice("lectrice", of="PA")
    proposed = amending.propose(one.search_subject(), TRANSLATION, by=editor(), reader=named)
    client, address = Client(), f"/fr/decisions/modification/{proposed.pk}/"
    if reader == "editor":
        cache.clear()
        person = at_the_desk_of(client)
    elif reader != "anyone":
        people = {
            "member": lambda: voice("autre", of="LOG"),
            "consultant": lambda: voice("consulte", MandateRole.CONSULTANT, of="PA"),
            "named": lambda: named,
            "voice": voice,
        }
        person = people[reader]()
        client.force_login(person, backend=BACKEND)
    before = client.get(address)
    assert (before.status_code == 200) == (reader in {"named", "editor"})
    if reader == "named":
        assert "Een onthaal" in before.content.decode()
        client.post(address, {"do": "confirm"})
    else:
        client.post(address, {"do": "confirm"})
        assert page(DUTCH) == ""
        amending.confirm(proposed.pk, by=named, is_staff=False)
    after = client.get(address)
    assert (after.status_code == 200) == (reader in {"named", "editor", "voice"})
    listed = client.get(f"/fr/decisions/{decision.code}/").content.decode()
    assert (address in listed) == (reader in {"editor", "voice"})
    client.post(address, {"do": "call"})
    assert (page(DUTCH).count("Een onthaal") == 0) == (reader == "voice")


def test_many_small_corrections_are_no_small_one(made):
    one, _decision = made
    first, second = editor(), editor("autre@cass.example")
    text = LONG
    mended(one, text)
    amending.confirm(amending.propose(one.search_subject(), FORM, by=first).pk, by=second, is_staff=True)
    text = text.replace("quartier", "voisinage")
    mended(one, text)
    with pytest.raises(Refused) as refused:
        amending.propose(one.search_subject(), FORM, by=first)
    assert refused.value.code == "form-much"


def test_the_committee_s_word_comes_before_an_amendment():
    of, one = small(), article(text=TYPO)
    voted(asked(of, subject=one.search_subject(), parts=["fr"]))
    mended(one)
    first, second = editor(), editor("autre@cass.example")
    proposed = amending.propose(one.search_subject(), FORM, by=first)
    open_one = asked(of, subject=one.search_subject(), parts=["fr"])
    with pytest.raises(Refused) as refused:
        amending.confirm(proposed.pk, by=second, is_staff=True)
    assert refused.value.code == "asked-already"
    voted(open_one, "against")
    for way in (
        lambda: amending.confirm(proposed.pk, by=second, is_staff=True),
        lambda: amending.propose(one.search_subject(), FORM, by=first),
    ):
        with pytest.raises(Refused) as refused:
            way()
        assert refused.value.code == "said-no"
    assert "fleurisent" in page()


def test_what_was_called_back_is_not_proposed_again(made):
    one, _decision = made
    mended(one)
    proposed = amending.propose(one.search_subject(), FORM, by=editor())
    amending.confirm(proposed.pk, by=editor("autre@cass.example"), is_staff=True)
    amending.call_back(proposed.pk, by=voice())
    mended(one)
    with pytest.raises(Refused) as refused:
        amending.propose(one.search_subject(), FORM, by=User.objects.get(email="redaction@cass.example"))
    assert refused.value.code == "said-no"


def test_one_language_is_added_at_a_time(made):
    one, _decision = made
    translated(one)
    half = new_page("Half", language="en", of=one, slug="half", live=False, body=[("text", "<p>Half.</p>")])
    half.save_revision()
    reader = voice("lectrice", of="PA")
    proposed = amending.propose(one.search_subject(), TRANSLATION, by=editor(), reader=reader, added="nl")
    amending.confirm(proposed.pk, by=reader, is_staff=False)
    assert "Een onthaal" in page(DUTCH) and not fresh(half).live


def test_who_is_named_reads_the_text_beside_the_agreed_one_as_long_as_a_mandate_runs(made, client):
    one, _decision = made
    translated(one)
    reader = voice("lectrice", of="PA")
    proposed = amending.propose(one.search_subject(), TRANSLATION, by=editor(), reader=reader)
    client.force_login(reader, backend=BACKEND)
    address = f"/fr/decisions/modification/{proposed.pk}/"
    shown = client.get(address).content.decode()
    assert "Hortensia&#x27;s in de wijk" in shown or "Hortensia's in de wijk" in shown
    assert "fleurisent" in shown
    Mandate.objects.filter(user=reader).update(until=date(2020, 1, 1))
    assert client.get(address).status_code == 404
    with pytest.raises(Refused):
        amending.confirm(proposed.pk, by=reader, is_staff=False)


def test_everybody_who_sits_in_the_body_is_told_also_who_came_since(made):
    one, _decision = made
    came = voice("nouvelle")
    mended(one)
    proposed = amending.propose(one.search_subject(), FORM, by=editor())
    amending.confirm(proposed.pk, by=editor("autre@cass.example"), is_staff=True)
    (told,) = [sent for sent in mail.outbox if sent.kind == "decisions.amended"]
    assert told.to == [came.email] and f"/fr/decisions/modification/{proposed.pk}/" in told.body


def at_the_desk_of(client):
    """Another editor than the one who proposed."""
    from allauth.account.internal.flows.login import record_authentication
    from django.http import HttpRequest

    person = editor("autre@cass.example", language="fr")
    client.force_login(person, backend=BACKEND)
    request = HttpRequest()
    request.session = client.session
    record_authentication(request, person, "mfa")
    request.session.save()
    return person


def test_editors_propose_it_in_the_admin_and_are_told_why_not(client, made):
    cache.clear()
    one, _decision = made
    at_the_desk(client)
    address = f"/admin/decision/amend/?subject={one.search_subject()}"
    assert "error" not in client.get(address).content.decode().split("<h1")[1][:20]
    mended(one)
    asking = client.get(f"/admin/decision/ask/?subject={one.search_subject()}").content.decode()
    assert "/admin/decision/amend/" in asking or "sièges" in asking
    form = client.get(address)
    assert "fleurisent</del>" in form.content.decode()
    answer = client.post(address, {"kind": "form", "word": "Une faute"})
    proposed = Amendment.objects.get()
    assert answer.status_code == 302 and answer.url.endswith(f"/{proposed.pk}/")
    drafted(one, title="Un autre accueil")
    told = client.get(address)
    assert told.status_code == 200 and not told.context["allowed"]
