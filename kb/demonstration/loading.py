"""Writing the demonstration into an empty database: what `data` says becomes bodies, people, concepts, references,
files and pages.

Everything goes through the same models and functions as an editor's work; the worker then reads the files like any
other.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.utils.translation import override

from home.building import PagePlan, PageText, build_site
from kb.accounts import audiences
from kb.accounts.models import User
from kb.demonstration.accounts import make_demonstration_accounts, refuse_in_production
from kb.demonstration.decisions import decided_keys, make_decisions
from kb.demonstration.documents import make_document
from kb.demonstration.histories import give_histories
from kb.demonstration.newsletters import make_newsletter, pages_by_key, subjects_by_key
from kb.demonstration.organisations import make_organisation
from kb.demonstration.reading import body_in, read_data
from kb.directory.models import Organisation
from kb.files.intake.storing import Received, receive, store
from kb.groups.models import Body, Side
from kb.languages import CODES
from kb.library.catalogue.binding import agree_before
from kb.library.models import Creator, Reference, ReferenceFile, ReferenceKeyword
from kb.library.models.references import KIND
from kb.vocabulary.models import AltLabel, Concept, Keyword

PASSWORD = "schaerbeek-demo"
Progress = Callable[[str], None]
Documents = dict[tuple[str, int], list[Received]]  # (key of the reference, place of the file): its versions


def is_empty() -> bool:
    """Whether nobody has worked in this database yet."""
    return not (User.objects.exists() or Reference.objects.exists() or Body.objects.exists())


def log_ins() -> Iterator[str]:
    """Lines that say with which demonstration accounts one can log in; none where there are none."""
    described = [account for account in read_data("accounts.json")["accounts"] if "invited_days_ago" not in account]
    there = set(
        User.objects.filter(email__in=[account["email"] for account in described]).values_list("email", flat=True)
    )
    if not settings.DEBUG or not there:
        return
    yield f"Log in with the password {PASSWORD} as"
    width = max(len(email) for email in there)
    for account in described:
        if account["email"] in there:
            second = " (second factor: .venv/bin/python manage.py demo_code)" if account["is_staff"] else ""
            yield f"  {account['email'].ljust(width)}  {account['function']['en']}{second}"


def load(progress: Progress = lambda line: None) -> None:
    """Writes the whole demonstration in one transaction. Raises NotADemonstration where DEBUG is off."""
    refuse_in_production()
    described = read_data("references.json")["references"]
    progress("documents")
    with override("fr"):
        documents = receive_documents(described)
    with override("fr"), transaction.atomic():
        progress("bodies, vocabulary and organisations")
        bodies = {item["code"]: make_body(item) for item in read_data("bodies.json")["bodies"]}
        concepts = make_concepts(read_data("vocabulary.json")["concepts"])
        for item in read_data("organisations.json")["organisations"]:
            make_organisation(item, concepts)
        make_demonstration_accounts(read_data("accounts.json")["accounts"], PASSWORD)
        decisions = read_data("decisions.json")["decisions"]
        decided = decided_keys(decisions)
        references: dict[str, Reference] = {}
        for number, item in enumerate(described, start=1):
            progress(f"reference {number} of {len(described)}")
            references[item["key"]] = make_reference(
                item, bodies, concepts, documents, is_decided=item["key"] in decided
            )
        marks = {key: reference.mark for key, reference in references.items()}
        progress("pages")
        pages = read_data("pages.json")
        make_pages(pages, marks)
        progress("decisions")
        subjects = {**subjects_by_key(marks), **pages_by_key(pages["pages"])}
        make_decisions(decisions, subjects)
        give_histories()
        progress("newsletter")
        make_newsletter(read_data("newsletter.json"), subjects_by_key(marks), pages_by_key(pages["pages"]))


def make_body(item: dict) -> Body:
    body = Body.objects.create(code=item["code"], kind=item["kind"], name=item["name"], purpose=item["purpose"])
    Side.objects.bulk_create(Side(body=body, **side) for side in item.get("sides", ()))
    return body


def make_concepts(items: list[dict]) -> dict[str, Concept]:
    """All concepts first, then what points from one to another."""
    concepts = {}
    for item in items:
        labels = {f"label_{code}": item["prefLabel"][code] for code in CODES}
        notes = {f"note_{code}": (item.get("scopeNote") or {}).get(code, "") for code in CODES}
        concepts[item["code"]] = Concept.objects.create(code=item["code"], **labels, **notes)
    for item in items:
        concept = concepts[item["code"]]
        for key, hidden in (("altLabels", False), ("hiddenLabels", True)):
            for language, words in item[key].items():
                for word in words:
                    AltLabel.objects.create(concept=concept, language=language, text=word, hidden=hidden)
        if item.get("broader"):
            concept.broader = concepts[item["broader"]]
            concept.save()
        concept.related.set([concepts[code] for code in item["related"]])
    return concepts


def make_reference(
    item: dict, bodies: dict[str, Body], concepts: dict[str, Concept], documents: Documents, *, is_decided: bool = False
) -> Reference:
    """is_decided: the committee is asked for it afterwards; it is its body's until then."""
    plain: tuple[str, ...] = (
        "type",
        "language",
        "title",
        "subtitle",
        "translated_titles",
        "abstract",
        "publisher",
        "container_title",
        "date_text",
        "pages",
    )
    plain += ("url", "doi", "isbn", "force", "source", "state", "state_reason", "audiences", "mark_year")
    ours = bodies[item["own_production"]] if item["own_production"] else None
    reference = Reference(
        body=bodies[item["body"]],
        own_production=ours,
        created_by=User.objects.get(email=item["created_by"]) if item["created_by"] else None,
        **{name: item[name] for name in plain},
    )
    reference.creators.set(
        [
            Creator(
                name=creator["name"],
                is_organisation=creator["is_organisation"],
                organisation=Organisation.objects.get(code=creator["organisation"])
                if creator["organisation"]
                else None,
                role=creator["role"],
                sort_order=place,
            )
            for place, creator in enumerate(item["creators"])
        ]
    )
    reference.concepts.set([concepts[code] for code in item["concepts"]])
    reference.keyword_items.set(
        [
            ReferenceKeyword(tag=Keyword.objects.get_or_create(name=word["text"], language=word["language"])[0])
            for word in item["keywords"]
        ]
    )
    wants_agreement = reference.is_for_everyone()
    if ours and wants_agreement:
        reference.audiences = [audiences.body(ours.code)]  # until there is one
    reference.full_clean(exclude=["mark_year", "mark_number"])
    reference.save()
    reference.audiences = item["audiences"]
    for place, described in enumerate(item["files"]):
        make_file(reference, described, place, documents[item["key"], place])
    if wants_agreement and not is_decided:
        agree_before(reference.pk)
    return reference


def receive_documents(described: list[dict]) -> Documents:
    """The documents of all references, in the storage before the transaction opens."""
    with tempfile.TemporaryDirectory() as folder:
        return {
            (item["key"], place): [
                receive(make_document(version["document"], Path(folder))) for version in file["versions"]
            ]
            for item in described
            for place, file in enumerate(item["files"])
        }


def make_file(reference: Reference, described: dict, place: int, versions: list[Received]) -> None:
    stored_file = None
    for version in versions:
        owner_kind = "" if stored_file else KIND
        stored_file = store(
            version, user=reference.created_by, stored_file=stored_file, owner_kind=owner_kind
        ).stored_file
    file = ReferenceFile(
        reference=reference,
        stored_file=stored_file,
        title=described["title"],
        language=described["language"],
        audiences=described["audiences"],
        publish_reason=described["publish_reason"],
        permission_date=date.fromisoformat(described["permission_date"]) if described["permission_date"] else None,
        sort_order=place,
    )
    file.clean()
    file.save()


def make_pages(described: dict, marks: dict[str, str]) -> None:
    home = {code: page_text(described["home"], code, marks) for code in CODES}
    plans = [
        PagePlan(
            texts={code: page_text(page, code, marks) for code in CODES},
            place=page["place"],
            date=date.fromisoformat(page["date"]) if page["date"] else None,
            audiences=page["audiences"],
            own_production=page.get("own_production", ""),
        )
        for page in described["pages"]
    ]
    for code, page in build_site(home, plans).items():
        page.body = body_in(described["home"]["body"], code, marks)
        page.save_revision().publish()


def page_text(page: dict, language: str, marks: dict[str, str]) -> PageText:
    return PageText(
        title=page["title"][language],
        slug=page["slug"][language] if "slug" in page else "",
        intro=page["intro"][language],
        body=body_in(page["body"], language, marks),
        search_description=page.get("search_description", {}).get(language, ""),
    )
