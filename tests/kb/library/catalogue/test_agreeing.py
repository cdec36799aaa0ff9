"""Our own work as what is agreed to: a vote opens exactly what was asked about, a dispute or a later vote takes it
off.
"""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.html import escape
from django.utils.translation import override

from kb.accounts.personal_data.scrubbing import Identity, scrub
from kb.decisions.choices import ManifestState
from kb.decisions.deciding import closing
from kb.decisions.deciding.casting import cast
from kb.decisions.deciding.disputing import dispute, looked_by_editor, looked_by_seat
from kb.decisions.errors import Refused
from kb.decisions.models import Decision, Manifest
from kb.files.models import FileVersion
from kb.groups.models import Mandate
from kb.library.catalogue.agreeing import GATED, rows_of
from kb.library.catalogue.gathering import gather
from kb.library.choices import PublishReason
from kb.library.models import Creator, Reference, ReferenceFile
from kb.library.models.references import KIND
from kb.pages.agreements import KINDS, NotAgreed, digest_of, last_word
from search.models import Outbox
from tests.kb.accounts.builders import fresh_limits as fresh_limits
from tests.kb.accounts.builders import log_in
from tests.kb.decisions.builders import asked, ballot, committee, invited
from tests.kb.library import builders as make
from tests.kb.library.conftest import index, readers  # noqa: F401

pytestmark = pytest.mark.django_db
EVERYBODY = ("cpas1", "cpas2", "asso1", "asso2")
PAGE, READER, FILE = (
    "/fr/bibliotheque/{}/",
    "/fr/bibliotheque/{}/lire/1.1/1/",
    "/fr/bibliotheque/{}/fichier/1.1/",
)


def report(**values) -> Reference:
    made = make.reference(
        "Rapport sur l’accueil",
        audiences=("body:PA",),
        own_production=make.body("PA"),
        creators=("Groupe PA", "IRFAM"),
        translated_titles={"nl": "Verslag over het onthaal"},
        abstract={"fr": "Trois constats.", "nl": "Drie vaststellingen."},
        date_text="2012-05",
        publisher="CASS",
        **values,
    )
    make.file(made, "Hortensia du quartier", audiences=("body:PA",), title="Le rapport")
    return made


def keys(reference: Reference) -> list[str]:
    return ["notice", *(f"file:{pk}" for pk in reference.files.values_list("pk", flat=True))]


def decided(reference: Reference, of, choice: str = "for", **values) -> Decision:
    """The vote of a whole committee, closed."""
    values.setdefault("parts", keys(reference))
    return voted(asked(of, subject=reference.search_subject(), **values), choice)


def voted(decision: Decision, choice: str = "for") -> Decision:
    for name in EVERYBODY:
        cast(ballot(decision, name).pk, choice)
    closing.close(decision.pk, at=timezone.now() + timedelta(hours=100))
    return Decision.objects.get(pk=decision.pk)


def small():
    return committee(cpas=2, associations=2, seats=2)


def public() -> list[str]:
    return list(Reference.objects.public().values_list("title", flat=True))


def found(client: Client, words: str = "Rapport") -> int:
    return client.get(reverse("search:results"), {"q": words}).context["answer"].results.total


def test_one_row_for_each_language_and_each_file_with_the_words_of_the_page():
    reference = report()
    notice, dutch, file = GATED.shown(reference.pk, keys(reference))
    assert (notice.subject, notice.language) == (f"{KIND}:{reference.pk}", "fr")
    assert notice.values["title"] == "Rapport sur l’accueil" and notice.values["abstract"] == "Trois constats."
    assert [one["name"] for one in notice.values["creators"]] == ["Groupe PA", "IRFAM"]
    assert (dutch.language, dutch.values) == (
        "nl",
        {"title": "Verslag over het onthaal", "abstract": "Drie vaststellingen."},
    )
    version = FileVersion.objects.get()
    assert file.values["versions"] == [{"number": 1, "sha256": version.sha256}] and file.label == "Le rapport"
    assert len(GATED.shown(reference.pk, ["notice"])) == 2
    assert GATED.shown(reference.pk, None) == (), "nobody else sees it now"
    assert GATED.body(reference.pk) == "PA" and str(GATED.titles(reference.pk)["nl"]) == "Verslag over het onthaal"


def test_what_lives_on_is_no_part_of_it_and_what_is_not_ours_has_no_rows():
    reference = report()
    before = digest_of(GATED.shown(reference.pk, keys(reference)))
    reference.concepts = [make.concept("accueil", "accueil")]
    reference.force = "superseded"
    reference.source = "Armoire 3"
    reference.save()
    assert digest_of(GATED.shown(reference.pk, keys(reference))) == before
    with pytest.raises(LookupError):
        GATED.shown(make.reference().pk, None)
    assert len(GATED.shown(report(state="accepted").pk, [])) == 2
    assert GATED.shown(report(state="proposed").pk, ["notice"]) == ()


def test_a_file_that_we_may_not_publish_says_why_it_cannot_be_chosen():
    reference = report()
    ReferenceFile.objects.update(publish_reason=PublishReason.UNKNOWN)
    notice, file = GATED.parts(reference.pk)
    assert (notice.key, notice.is_open, notice.refusal) == ("notice", False, "")
    assert file.refusal and not file.is_open
    assert len(GATED.shown(reference.pk, keys(reference))) == 2


def test_a_vote_makes_notice_and_file_public_and_everyone_finds_them(index, readers):  # noqa: F811
    of, reference = small(), report()
    index()
    assert readers.anyone.get(PAGE.format(reference.mark_slug)).status_code == 404
    decision = decided(reference, of)
    index()
    reference.refresh_from_db()
    assert decision.is_public and reference.agreement_id == decision.manifest_id and reference.first_public_at
    assert public() == [reference.title]
    assert readers.anyone.get(PAGE.format(reference.mark_slug)).status_code == 200
    assert readers.anyone.get(FILE.format(reference.mark_slug)).status_code == 200
    assert (found(readers.anyone), found(readers.anyone, "hortensia")) == (1, 1)
    assert GATED.url(reference.pk).endswith(f"/{reference.mark_slug}/")


@pytest.mark.parametrize("choice", ["against", "abstention"])
def test_without_an_agreement_nothing_opens(choice):
    of, reference = small(), report()
    assert not decided(reference, of, choice).is_public
    assert public() == []


def test_only_the_parts_that_were_chosen_open_others_are_for_the_group():
    of, reference = small(), report()
    ReferenceFile.objects.update(audiences=["public"])
    decided(reference, of, parts=["notice"])
    reference.refresh_from_db()
    assert public() == [reference.title] and reference.files.get().audiences == ["body:PA"]


CHANGES = {
    "its words": lambda reference: Reference.objects.filter(pk=reference.pk).update(title="Autre chose"),
    "its makers": lambda reference: Creator.objects.filter(reference=reference).first().delete(),
    "its file": lambda reference: make.version(reference.files.get().stored_file, ("Autre",), content=b"%PDF other"),
    "its state": lambda reference: Reference.objects.filter(pk=reference.pk).update(state="withdrawn"),
    "why we may publish": lambda reference: ReferenceFile.objects.update(publish_reason=PublishReason.UNKNOWN),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_changed_after_it_was_asked_does_not_open_and_nothing_is_half_done(change):
    of, reference = small(), report()
    decision = asked(of, subject=reference.search_subject(), parts=keys(reference))
    CHANGES[change](reference)
    decision = voted(decision)
    assert decision.manifest.state == ManifestState.AGREED and not decision.is_public
    reference.refresh_from_db()
    assert public() == [] and reference.audiences == ["body:PA"]
    assert reference.files.get().audiences == ["body:PA"]
    with pytest.raises(NotAgreed):
        GATED.open(reference.pk, decision.manifest_id, decision.manifest.parts)


def test_what_is_disputed_is_seen_by_editors_alone_and_its_address_says_so(index, readers):  # noqa: F811
    of, reference = small(), report()
    decision = decided(reference, of)
    index()
    dispute(decision.votes.filter(ballot=ballot(decision, "cpas1")).get().pk)
    assert Outbox.objects.filter(subject=reference.search_subject(), closes=True).exists()
    assert found(readers.anyone) == 0, "closed from the commit on"
    index()
    reference.refresh_from_db()
    assert reference.agreement_id is None and reference.effective_audiences == {"staff"} and public() == []
    with override("fr"):
        said = escape(last_word(reference.search_subject()))
    for name in ("anyone", "member", "other", "consultant"):
        client = readers.named(name)
        for address in (PAGE, READER, FILE):
            answer = client.get(address.format(reference.mark_slug))
            assert answer.status_code == 410, (name, address)
            assert said and said in answer.content.decode() and reference.title not in answer.content.decode()
        assert (found(client), found(client, "hortensia")) == (0, 0)
    assert readers.editor.get(PAGE.format(reference.mark_slug)).status_code == 200
    assert readers.editor.get(FILE.format(reference.mark_slug)).status_code == 200
    for address in ("/sitemap-references.xml", "/fr/bibliotheque/"):
        assert reference.mark_slug not in readers.anyone.get(address).content.decode()

    looked_by_editor(decision.pk)
    looked_by_seat(ballot(decision, "asso1").pk)
    assert public() == [reference.title]
    assert readers.anyone.get(PAGE.format(reference.mark_slug)).status_code == 200


def test_a_withdrawn_agreement_gives_it_back_to_its_group_and_says_so_to_anybody(readers):  # noqa: F811
    of, reference = small(), report()
    first = decided(reference, of)
    later = voted(asked(of, subject="", withdraws=first))
    reference.refresh_from_db()
    assert (reference.audiences, reference.files.get().audiences) == (["body:PA"], ["body:PA"])
    gone = readers.anyone.get(PAGE.format(reference.mark_slug))
    assert gone.status_code == 410 and later.code in gone.content.decode()
    assert readers.other.get(FILE.format(reference.mark_slug)).status_code == 410
    assert readers.member.get(PAGE.format(reference.mark_slug)).status_code == 200
    assert readers.member.get(FILE.format(reference.mark_slug)).status_code == 200
    assert readers.anyone.get(f"/r/{reference.mark_slug}").status_code == 302


def test_an_agreement_that_is_over_closes_nothing_that_rests_on_another():
    of, reference = small(), report()
    first = decided(reference, of, parts=["notice"])
    second = decided(reference, of)
    GATED.close(reference.pk, first.manifest_id, True)
    reference.refresh_from_db()
    assert reference.agreement_id == second.manifest_id and public() == [reference.title]


def test_voters_read_the_rows_and_the_file_as_they_were_asked_about(rf):
    reference = report()
    manifest = Manifest.objects.write(reference.search_subject(), GATED.shown(reference.pk, keys(reference)))
    Reference.objects.filter(pk=reference.pk).update(title="Autre chose")
    rows = manifest.shown()
    with override("fr"):
        notice, dutch, file = GATED.page(rf.get("/"), rows)["agreed_rows"]
    assert notice["title"] == "Rapport sur l’accueil" and dutch["language"] == "nl" and file["is_file"]
    assert "mai 2012" in dict((str(name), words) for name, words in notice["facts"]).values()
    assert GATED.file(rows[0].values) is None
    request = rf.get("/")
    request.user = None
    serve = GATED.file(rows[2].values)
    answer = serve(request)
    assert (answer.status_code, answer["Cache-Control"]) == (200, "private, no-store")
    FileVersion.objects.update(sha256="0" * 64)
    with pytest.raises(Exception, match="not what was asked about"):
        serve(request)


def test_the_template_of_a_row_shows_its_values(rf):
    from django.template.loader import render_to_string

    reference = report()
    page = GATED.page(rf.get("/"), GATED.shown(reference.pk, keys(reference)))
    shown = render_to_string(GATED.template, dict(page))
    for words in ("Rapport sur l’accueil", "Drie vaststellingen.", "Groupe PA; IRFAM", "Le rapport"):
        assert words in shown
    assert KINDS[KIND] is GATED
    assert len(rows_of(gather([reference.pk])[reference.pk])) == 0


def waiting(reference: Reference) -> ReferenceFile:
    """Its file has a second version, which waits for an editor as an import leaves it."""
    file = reference.files.get()
    make.version(file.stored_file, ("Seconde",), content=b"%PDF-1.4 second")
    ReferenceFile.objects.filter(pk=file.pk).update(opened_to=1)
    return file


def test_a_version_that_waits_for_an_editor_is_not_asked_about_and_opens_to_nobody(readers):  # noqa: F811
    of, reference = small(), report()
    file = waiting(reference)
    [row] = [one for one in GATED.shown(reference.pk, keys(reference)) if one.subject.startswith("library.file")]
    assert [one["number"] for one in row.values["versions"]] == [1]
    assert "2" in GATED.parts(reference.pk)[1].label and not GATED.parts(reference.pk)[1].refusal
    ReferenceFile.objects.update(opened_to=0)
    assert GATED.parts(reference.pk)[1].refusal, "nothing of it is open to anybody"
    ReferenceFile.objects.update(opened_to=1)
    assert decided(reference, of).is_public
    file.refresh_from_db()
    address = "/fr/bibliotheque/{}/fichier/1.{}/"
    codes = [readers.anyone.get(address.format(reference.mark_slug, number)).status_code for number in (1, 2)]
    assert (file.opened_to, codes) == (1, [200, 404])


def test_who_votes_reads_each_version_that_would_open():
    of, reference = small(), report()
    file = reference.files.get()
    make.version(file.stored_file, ("Seconde",), content=b"%PDF-1.4 second")
    ReferenceFile.objects.filter(pk=file.pk).update(opened_to=2)
    decision = asked(of, subject=reference.search_subject(), parts=keys(reference))
    client, address = seat_client(), f"/fr/decisions/vote/{decision.pk}/objet/3/"
    assert "?version=1" in client.get(address).content.decode()
    codes = {ask: client.get(f"{address}fichier/{ask}").status_code for ask in ("", "?version=1", "?version=3")}
    assert codes == {"": 200, "?version=1": 200, "?version=3": 404}


def seat_client(name: str = "cpas1") -> Client:
    client = Client()
    log_in(client, Mandate.objects.get(user__email=f"{name}@cass.example").user)
    return client


def chosen(reference: Reference, *audiences: str) -> None:
    """An editor chooses these audiences for the notice and its file."""
    fresh = Reference.objects.get(pk=reference.pk)
    fresh.audiences = list(audiences)
    fresh.save()
    for file in fresh.files.all():
        file.audiences = list(audiences)
        file.save()


WHEN = {
    "while it is open": lambda decision: decision,
    "once it is public": lambda decision: voted(decision),
    "in doubt": lambda decision: dispute(voted(decision).votes.first().pk),
}


@pytest.mark.parametrize("when", WHEN)
@pytest.mark.parametrize("audience", ["body:PA", "body:LOG"])
def test_no_voice_reads_further_what_an_editor_gave_to_fewer(when, audience):
    of, reference = small(), report()
    invited(of)
    decision = asked(of, subject=reference.search_subject(), parts=keys(reference))
    page = f"/fr/decisions/vote/{decision.pk}/"
    WHEN[when](decision)
    ways = [page + way for way in ("objet/1/", "objet/3/", "objet/3/fichier/")]
    clients = [seat_client("asso2"), seat_client("invite")]
    assert [client.get(way).status_code for client in clients for way in ways] == [200] * 6
    before = digest_of(GATED.shown(reference.pk, keys(reference)))
    make.body("LOG")
    chosen(reference, audience if (when, audience) != ("while it is open", "body:PA") else "members")
    assert digest_of(GATED.shown(reference.pk, keys(reference))) == before
    assert [client.get(way).status_code for client in clients for way in ways] == [404] * 6
    for client in clients:
        answer = client.get(page)
        assert answer.status_code == 200 and "Le rapport" not in answer.content.decode()


def test_the_words_of_an_erased_person_go_from_what_is_in_doubt_as_well_and_it_comes_back_without_them():
    of, reference = small(), report()
    Reference.objects.filter(pk=reference.pk).update(abstract={"fr": "Écrivez à jan@exemple.be.", "source": "fr"})
    decision = decided(reference, of)
    dispute(decision.votes.filter(ballot=ballot(decision, "cpas1")).get().pk)
    scrub(Reference.objects.all(), ["abstract"], Identity(7, addresses=("jan@exemple.be",)))
    reference.refresh_from_db()
    assert "jan@" not in str(reference.abstract) and public() == []
    assert all("jan@" not in str(row.values) for row in decision.manifest.shown())
    looked_by_editor(decision.pk)
    looked_by_seat(ballot(decision, "asso1").pk)
    assert public() == [reference.title]


@pytest.mark.parametrize("narrowed", [{"audiences": ["body:PA"]}, {"state": "withdrawn"}])
def test_the_page_of_a_decision_names_nothing_of_what_was_taken_off_to_its_body(narrowed):
    of, reference = small(), report()
    decision = decided(reference, of)
    page = f"/fr/decisions/{decision.code}/"
    assert "Le rapport" in seat_client().get(page).content.decode()
    fresh = Reference.objects.get(pk=reference.pk)
    for name, value in narrowed.items():
        setattr(fresh, name, value)
    fresh.save()
    answer = seat_client().get(page)
    assert answer.status_code == 200 and "Le rapport" not in answer.content.decode()


def addresses(reference: Reference) -> list[int]:
    """What anybody is answered at the page and at the file."""
    client = Client()
    return [client.get(way.format(reference.mark_slug)).status_code for way in (PAGE, FILE)]


def state_of(decision: Decision) -> tuple[str, bool]:
    fresh = Decision.objects.select_related("manifest").get(pk=decision.pk)
    return fresh.manifest.state, fresh.is_public


def test_a_file_for_the_group_that_came_meanwhile_is_no_part_of_the_question():
    of, reference = small(), report()
    first = decided(reference, of)
    second = asked(of, subject=reference.search_subject(), parts=["notice"])
    make.file(reference, "Annexe", audiences=("body:PA",), title="Annexe")
    assert voted(second).is_public
    assert addresses(reference) == [200, 404] and state_of(first) == (ManifestState.OVER, False)


def test_a_later_yes_that_opens_nothing_ends_the_wider_agreement_all_the_same():
    of, reference = small(), report()
    first = decided(reference, of)
    second = asked(of, subject=reference.search_subject(), parts=["notice"])
    chosen(reference, "body:PA")
    second = voted(second)
    assert state_of(first) == (ManifestState.OVER, False) and state_of(second) == (ManifestState.AGREED, False)
    fresh = Reference.objects.get(pk=reference.pk)
    fresh.audiences = ["public"]
    fresh.save()
    reference.refresh_from_db()
    assert reference.agreement_id == second.manifest_id, "an editor opens what was agreed to last"
    assert addresses(reference)[0] == 200 and FileVersion.objects.exists() and addresses(reference)[1] != 200
    with pytest.raises(NotAgreed):
        chosen(reference, "public")


def test_a_yes_that_opens_nothing_takes_off_what_rests_on_the_agreement_that_it_ends():
    of, reference = small(), report()
    first = decided(reference, of)
    second = asked(of, subject=reference.search_subject(), parts=["notice"])
    Manifest.objects.filter(pk=second.manifest_id).update(standing={"state": "of another day"})
    assert not voted(second).is_public
    reference.refresh_from_db()
    assert addresses(reference) != [200, 200] and public() == [] and reference.audiences == ["body:PA"]
    assert state_of(first) == (ManifestState.OVER, False)


def test_what_was_in_doubt_never_comes_back_by_an_agreement_that_a_later_yes_ended():
    of, reference = small(), report()
    first = decided(reference, of)
    second = asked(of, subject=reference.search_subject(), parts=["notice"])
    make.file(reference, "Annexe", audiences=("body:PA",), title="Annexe")
    dispute(first.votes.filter(ballot=ballot(first, "cpas1")).get().pk)
    voted(second)
    first.refresh_from_db()
    assert first.disputed_at is None and state_of(first) == (ManifestState.OVER, False)
    assert addresses(reference) == [200, 404] and state_of(second) == (ManifestState.AGREED, True)


def yes(decision: Decision) -> None:
    for name in EVERYBODY:
        cast(ballot(decision, name).pk, "for")


@pytest.mark.parametrize("order", ["the smaller one first", "in the same minute", "the newer one in doubt"])
def test_a_withdrawal_takes_off_what_it_is_about_whatever_agreement_that_rests_on(order):
    of, reference = small(), report()
    first = decided(reference, of)
    withdrawal = asked(of, subject="", withdraws=first)
    second = asked(of, subject=reference.search_subject(), parts=["notice"])
    yes(withdrawal)
    if order == "in the same minute":
        yes(second)
        for one in (second, withdrawal):
            closing.close(one.pk, at=timezone.now() + timedelta(hours=101))
    else:
        second = voted(second)
        if order == "the newer one in doubt":
            dispute(second.votes.first().pk)
        closing.close(withdrawal.pk, at=timezone.now() + timedelta(hours=100))
    assert [state_of(one) for one in (first, second)] == [(ManifestState.OVER, False)] * 2
    reference.refresh_from_db()
    assert (reference.agreement_id, reference.audiences, public()) == (None, ["body:PA"], [])
    assert addresses(reference) == [410, 410], "the address says that it was withdrawn"
    assert reference.mark_slug not in Client().get("/sitemap-references.xml").content.decode()
    assert not Decision.objects.exclude(disputed_at=None).exists()


def test_what_was_in_doubt_and_is_withdrawn_is_read_by_no_voice_and_waits_for_nobody():
    of, reference = small(), report()
    invited(of)
    first = decided(reference, of)
    withdrawal = asked(of, subject="", withdraws=first)
    dispute(first.votes.first().pk)
    yes(withdrawal)
    closing.close(withdrawal.pk, at=timezone.now() + timedelta(hours=100))
    for name in ("asso2", "invite"):
        ways = (f"/fr/decisions/vote/{first.pk}/objet/{way}" for way in ("1/", "3/fichier/"))
        assert [seat_client(name).get(way).status_code for way in ways] == [404, 404]
    with pytest.raises(Refused):
        looked_by_editor(first.pk)


@pytest.mark.parametrize("narrowed", [{"audiences": ["body:PA"]}, {"state": "withdrawn"}])
def test_what_is_taken_off_is_named_by_no_page_of_its_decision(narrowed):
    made = report()
    decision = asked(committee(), subject=made.search_subject(), parts=keys(made), asked_by=made.body)
    for name in EVERYBODY:
        cast(ballot(decision, name).pk, "for")
    closing.close(decision.pk, at=timezone.now() + timedelta(hours=80))
    decision.refresh_from_db()
    address = f"/fr/decisions/{decision.code}/"
    assert Client().get(address).status_code == 200
    fresh = Reference.objects.get(pk=made.pk)
    for name, value in narrowed.items():
        setattr(fresh, name, value)
    fresh.save()
    decision.refresh_from_db()
    assert not decision.is_public and Client().get(address).status_code == 404
    assert decision.code not in Client().get("/fr/decisions/").content.decode()


def test_a_doubt_that_was_settled_gives_back_nothing_that_an_editor_took_off_meanwhile():
    made = report()
    decision = asked(committee(), subject=made.search_subject(), parts=keys(made), asked_by=made.body)
    votes = [cast(ballot(decision, name).pk, "for").vote for name in EVERYBODY]
    closing.close(decision.pk, at=timezone.now() + timedelta(hours=80))
    dispute(votes[0].pk)
    fresh = Reference.objects.get(pk=made.pk)
    fresh.audiences = ["body:PA"]
    fresh.save()
    looked_by_editor(decision.pk)
    looked_by_seat(ballot(decision, "asso2").pk)
    assert Reference.objects.get(pk=made.pk).audiences == ["body:PA"]
    assert Client().get(f"/fr/bibliotheque/{made.mark_slug}/").status_code in (404, 410)


def test_what_was_put_to_the_committee_stays_ours_whatever_it_answered():
    made = report()
    decision = asked(committee(), subject=made.search_subject(), parts=keys(made), asked_by=made.body)
    for name in EVERYBODY:
        cast(ballot(decision, name).pk, "against")
    closing.close(decision.pk, at=timezone.now() + timedelta(hours=80))
    fresh = Reference.objects.get(pk=made.pk)
    fresh.own_production, fresh.audiences = None, ["public"]
    with pytest.raises(NotAgreed):
        fresh.save()
    with pytest.raises(NotAgreed):
        Reference.objects.filter(pk=made.pk).update(own_production=None)
    assert Reference.objects.get(pk=made.pk).own_production is not None
