"""Closing is immediate: with no worker running, what was just closed is in nobody's answer, and what was only edited is
in everybody's.

A table of every registered kind of thing that can be found, and of every way in which one can close: a new kind, or a
new way, is one line.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.db import transaction
from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import override

from home.models import ContentPage
from kb.accounts.audiences import STAFF
from kb.decisions.choices import ManifestState, Outcome, State
from kb.decisions.deciding.closing import end_agreement
from kb.decisions.deciding.disputing import dispute
from kb.decisions.models import Ballot, Decision, Manifest, Vote
from kb.files.models import FileVersion
from kb.groups.models import Mandate
from kb.library.contributions import steps as handling
from kb.library.models import Creator
from search import registry
from search.models import Outbox
from search.opening import site_engine, site_finder
from search.public.answering import ask, suggest
from search.public.forms import SearchForm
from search.query import parse
from tests.home import builders as pages
from tests.kb.directory import builders as directory
from tests.kb.library import builders as library
from tests.kb.library.conftest import index, readers  # noqa: F401
from tests.kb.newsletter import builders as newsletters

pytestmark = pytest.mark.django_db

Way = Callable[[Any], Any]
EVERYBODY = frozenset({"public"})


class Closed(Exception):
    """Takes back what a way did, so that the next one finds the same site and the same index."""


@contextmanager
def taken_back():
    try:
        with transaction.atomic():
            yield
            raise Closed
    except Closed:
        pass


def said(words: str) -> str:
    """Everything that the results page and the suggestions tell anybody of these words, "" for nothing."""
    finder = site_finder()
    answer = ask(finder, SearchForm.read(QueryDict(f"q={words}")), audiences=EVERYBODY, language="fr")
    found = answer.results
    counted = [f"{facet.name} {row.value} {row.count}" for facet in answer.facets for row in facet.rows if row.count]
    numbers = [number for number in (found.total, found.total_all, found.total_passages) if number]
    alike = [hit.key for hit in found.similar if hit.subject in finder.closing]
    titles = [
        one.text
        for one in suggest(finder, words[:6], audiences=EVERYBODY, language="fr")
        if words in one.text.casefold()
    ]
    return " ".join(map(str, [*numbers, *counted, *(hit.key for hit in found.hits), *alike, *titles]))


def sections_of(words: str) -> list[str]:
    """Every section the engine names to an editor, who sees everything: in the reader,
    and counted on the results page.
    """
    finder, query, everyone = site_finder(), parse(words, "fr"), EVERYBODY | {STAFF}
    keys = [key for key, _ in site_engine().stored()]
    hits = [anchor for key in keys for anchor in finder.section_hits(query, *key.rsplit("/", 1), audiences=everyone)]
    return [*hits, *finder.section_counts(query, keys, audiences=everyone)]


def saved(**values) -> Way:
    def way(row):
        fresh = type(row).objects.get(pk=row.pk)
        for name, value in values.items():
            setattr(fresh, name, value)
        fresh.save()

    return way


def written(**values) -> Way:
    """The same, saying which fields."""

    def way(row):
        for name, value in values.items():
            setattr(row, name, value)
        row.save(update_fields=list(values))

    return way


def updated(**values) -> Way:
    return lambda row: type(row).objects.filter(pk=row.pk).update(**values)


def updated_in_bulk(**values) -> Way:
    def way(row):
        fresh = type(row).objects.get(pk=row.pk)
        for name, value in values.items():
            setattr(fresh, name, value)
        type(row).objects.bulk_update([fresh], list(values))

    return way


def deleted(row):
    type(row).objects.get(pk=row.pk).delete()


def deleted_in_bulk(row):
    type(row).objects.filter(pk=row.pk).delete()


GROUP = ["body:PA"]

# kind -> {thing: ways to close it}; the things are made in `site`, by the same names
WAYS: dict[str, dict[str, dict[str, Way]]] = {
    "library.reference": {
        "pervenche": {
            "fewer readers": saved(audiences=GROUP),
            "fewer readers, said so": written(audiences=GROUP),
            "fewer readers for many": updated(audiences=GROUP),
            "fewer readers, row by row": updated_in_bulk(audiences=GROUP),
            "a draft again": saved(state="draft"),
            "a draft again, many": updated(state="draft"),
            "withdrawn": lambda row: handling.withdraw(row, None, "Retirée", held=frozenset({STAFF})),
            "deleted": deleted,
            "many deleted": deleted_in_bulk,
        },
        "mimosa": {  # a word of its file alone
            "the notice has fewer readers": lambda file: saved(audiences=GROUP)(file.reference),
            "the file has fewer readers": saved(audiences=GROUP),
            "the file has fewer readers, said so": written(audiences=GROUP),
            "files have fewer readers": updated(audiences=GROUP),
            "nobody knows why we may publish it": saved(publish_reason="unknown"),
            "nobody knows why we may publish them": updated(publish_reason="unknown"),
            "the file is deleted": deleted,
            "files are deleted": deleted_in_bulk,
            "the version is deleted": lambda file: file.stored_file.versions.get().delete(),
            "versions are deleted": lambda file: FileVersion.objects.filter(stored_file=file.stored_file).delete(),
        },
    },
    "home.page": {
        "glycine": {
            "fewer readers": saved(audiences=GROUP),
            "fewer readers for many": updated(audiences=GROUP),
            "unpublished": lambda page: page.unpublish(),
            "many unpublished": lambda page: ContentPage.objects.filter(pk=page.pk).unpublish(),
            "many not live": updated(live=False),
            "expired": lambda page: (
                updated(expire_at=timezone.now() - timedelta(1))(page),
                call_command("publish_scheduled"),
            ),
            "a version for fewer readers": lambda page: published(page, audiences=GROUP),
            "deleted": deleted,
            "many deleted": deleted_in_bulk,
            "deleted with its parent": lambda page: deleted(page.get_parent().specific),
        },
        "blauweregen": {  # its translation
            "its source has fewer readers": lambda page: saved(audiences=GROUP)(page.source_page()),
            "sources have fewer readers": lambda page: published(page.source_page(), audiences=GROUP),
            "unpublished": lambda page: page.unpublish(),
        },
    },
    "directory.organisation": {
        "aubepine": {
            "no more": saved(is_active=False),
            "no more, said so": written(is_active=False),
            "many no more": updated(is_active=False),
            "row by row": updated_in_bulk(is_active=False),
            "deleted": deleted,
            "many deleted": deleted_in_bulk,
        },
        "chevrefeuille": {  # a service of it
            "no more": saved(is_active=False),
            "many no more": updated(is_active=False),
            "deleted": deleted,
            "many deleted": deleted_in_bulk,
            "its organisation is no more": lambda service: saved(is_active=False)(service.organisation),
        },
        "troene": {  # a place of that service
            "deleted": deleted,
            "many deleted": deleted_in_bulk,
            "its service is no more": lambda place: saved(is_active=False)(place.service),
        },
    },
    "newsletter.issue": {
        "jonquille": {
            "unpublished": lambda issue: issue.unpublish(),
            "many not live": updated(live=False),
            "deleted": deleted,
            "many deleted": deleted_in_bulk,
        },
        "narcisse": {"agreed to without that item": lambda issue: approved(issue, items=lambda items: items[1:])},
        "pervenche": {},  # spoken of: closes with the reference
    },
    "decisions.decision": {
        "muguet": {
            "not public any more": saved(is_public=False),
            "not public, said so": written(is_public=False),
            "many not public": updated(is_public=False),
            "row by row": updated_in_bulk(is_public=False),
            "a vote in doubt": lambda decision: dispute(decision.votes.get().pk),
            "withdrawn by a later one": lambda decision: end_agreement(decision.pk),
            "deleted": deleted,
            "many deleted": deleted_in_bulk,
        },
    },
}

# kind -> {thing: changes that close nothing}
EDITS: dict[str, dict[str, dict[str, Way]]] = {
    "library.reference": {
        "pervenche": {
            "another title": saved(title="Étude pervenche et lilas"),
            "another publisher for many": updated(publisher="Commune"),
            "a name": lambda row: Creator.objects.create(reference=row, name="Dupont, Anne"),
            "a name less": lambda row: row.creators.all().delete(),
            "more readers": saved(audiences=["public", "members"]),
            "a file more": lambda row: library.file(row, "Autre chose"),
            "a better copy": lambda row: library.version(row.files.get().stored_file, ("Le mimosa encore",)),
            "a concept": lambda row: (row.concepts.add(library.concept("lilas", "Lilas")), row.save()),
            "the file's title": lambda row: saved(title="Annexe")(row.files.get()),
        },
    },
    "home.page": {
        "glycine": {
            "another text": saved(intro="Une glycine et un lilas"),
            "a draft for fewer readers": lambda page: drafted(page, audiences=GROUP),
            "moved": lambda page: page.move(pages.home(), pos="last-child"),
            "published again": lambda page: published(page, intro="Une glycine encore"),
            "more readers": saved(audiences=["public", "members"]),
            "a translation is taken off": lambda page: page.get_translations().get().specific.unpublish(),
        },
    },
    "directory.organisation": {
        "aubepine": {
            "another phone": saved(phone="02 000 00 00"),
            "many phones": updated(phone="02 000 00 00"),
            "a service": lambda row: directory.service(row, "Accueil"),
            "a service's words": lambda row: saved(cost={"fr": "Gratuit", "source": "fr"})(row.services.get()),
            "a place": lambda row: directory.place(row, "Rue Neuve"),
            "what was no more is deleted": lambda row: directory.service(row, "Ancien", is_active=False).delete(),
        },
    },
    "newsletter.issue": {
        "jonquille": {
            "agreed to with another word": lambda issue: approved(
                issue, lead={"fr": "Des jonquilles partout", "source": "fr"}
            )
        },
    },
    "decisions.decision": {
        "muguet": {
            "other words of the outcome": saved(words={"fr": "CP-2012-001. Accord sur le muguet.", "source": "fr"}),
            "a reason for many": updated(reason="Encore"),
        },
    },
}


def published(page, **values):
    drafted(page, **values).publish()


def drafted(page, **values):
    for name, value in values.items():
        setattr(page, name, value)
    return page.save_revision()


def approved(issue, *, items=lambda items: items, **values):
    writing = issue.get_latest_revision_as_object()
    writing.items = items(list(writing.items.all()))
    for name, value in values.items():
        setattr(writing, name, value)
    newsletters.approve(writing)


def decided(question: str) -> Decision:
    """A public decision with one vote, on something whose kind nobody registered."""
    manifest = Manifest.objects.create(subject="decisions.muguet:1", digest="1", state=ManifestState.AGREED)
    decision = Decision.objects.create(
        body=library.body("CP"),
        question={"fr": question, "source": "fr"},
        state=State.CLOSED,
        outcome=Outcome.AGREEMENT,
        is_public=True,
        year=2012,
        number=1,
        closed_at=timezone.now(),
        manifest=manifest,
    )
    seat = Mandate.objects.create(user=library.member("CP"), body=decision.body, side="cpas")
    ballot = Ballot.objects.create(
        decision=decision, mandate=seat, user=seat.user, side="cpas", voice=seat.voice, standing=seat.standing
    )
    Vote.objects.create(decision=decision, ballot=ballot, choice="for")
    return decision


@pytest.fixture
def site(index):  # noqa: F811
    """One thing of each name, public and in the index."""
    reference = library.reference(
        "Étude pervenche", creators=("CPAS",), concepts=(library.concept("fleurs", "Fleurs"),), date_text="1997"
    )
    file = library.file(reference, "Le mimosa de la page une", "Encore le mimosa", "Toujours le mimosa")
    parent = pages.page("Parent", slug="parent")
    page = pages.page("Une glycine", slug="glycine", parent=parent, date=date(2013, 1, 5))
    dutch = pages.page("Een blauweregen", language="nl", of=page, slug="blauweregen")
    organisation = directory.organisation("Maison aubepine")
    service = directory.service(organisation, "Permanence chevrefeuille")
    place = directory.place(organisation, "Rue du troene", service=service)
    spoken_of = newsletters.item(
        "Étude pervenche", subject=f"library.reference:{reference.pk}", heading="library.references"
    )
    issue = newsletters.issue(13, title="Des jonquilles", items=[newsletters.item("Un narcisse"), spoken_of], live=True)
    decision = decided("Publier le muguet ?")
    index()
    assert not Outbox.objects.exists()
    return {
        "decisions.decision": {"muguet": decision},
        "library.reference": {"pervenche": reference, "mimosa": file},
        "home.page": {"glycine": page, "blauweregen": dutch},
        "directory.organisation": {"aubepine": organisation, "chevrefeuille": service, "troene": place},
        "newsletter.issue": {"jonquille": issue, "narcisse": issue, "pervenche": issue},
    }


def test_every_registered_kind_stands_in_the_tables():
    assert {kind.code for kind in registry.kinds()} == set(WAYS) == set(EDITS)


@pytest.mark.parametrize("kind", WAYS)
def test_whatever_closes_a_thing_takes_it_out_of_every_answer_before_any_drain(site, kind):
    for words, ways in WAYS[kind].items():
        thing = site[kind][words]
        assert said(words), f"{words} is not there to be closed"
        assert sections_of(words)
        for name, way in ways.items():
            with taken_back():
                way(type(thing).objects.get(pk=thing.pk))
                assert said(words) == "", f"{words}, {name}"
                assert sections_of(words) == [], f"{words}, {name}"


@pytest.mark.parametrize("kind", EDITS)
def test_whatever_only_edits_a_thing_leaves_it_where_it_was(site, kind):
    for words, edits in EDITS[kind].items():
        thing = site[kind][words]
        before = said(words)
        for name, edit in edits.items():
            with taken_back():
                edit(type(thing).objects.get(pk=thing.pk))
                assert site_finder().closing.isdisjoint({f"{kind}:{getattr(thing, 'organisation_id', thing.pk)}"}), name
                assert said(words).split()[:3] == before.split()[:3], f"{words}, {name}"


@pytest.mark.parametrize("given", [["public"], GROUP], ids=["opened", "closed"])
def test_readers_chosen_in_a_draft_are_those_of_no_translation_before_it_is_published(given):
    was = GROUP if given == ["public"] else ["public"]
    page = pages.page("Une glycine", slug="glycine", audiences=was)
    dutch = pages.page("Een blauweregen", language="nl", of=page, slug="blauweregen")
    draft = drafted(page, audiences=given)
    assert ContentPage.objects.get(pk=dutch.pk).audiences == was
    draft.publish()
    assert ContentPage.objects.get(pk=dutch.pk).audiences == given


def test_a_mandate_that_ended_opens_nothing_from_the_next_request_on_and_leaves_nothing_to_index(index, readers):  # noqa: F811
    """Who holds which audience is asked at each request; entries say what audiences they are for,
    whoever holds them.
    """
    library.reference("Étude citronnier", audiences=("body:PA",))
    index()
    with override("fr"):
        address = reverse("search:results")
    assert readers.member.get(address, {"q": "citronnier"}).context["answer"].results.total == 1
    Mandate.objects.filter(body__code="PA").update(until=timezone.localdate() - timedelta(1))
    assert readers.member.get(address, {"q": "citronnier"}).context["answer"].results.total == 0
    assert not Outbox.objects.exists()
