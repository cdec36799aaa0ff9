"""What the demonstration says must hold together: codes lead somewhere, labels are unique, nobody is named."""

import json
import re
from collections import Counter
from datetime import date

import pytest

from home.choices import Place
from kb.demonstration.documents import document_names
from kb.demonstration.reading import DATA, read_data
from kb.directory.choices import OrganisationKind
from kb.groups.choices import BodyKind, MandateRole
from kb.languages import CODES, FORMER_WORDS, PATH_WORDS
from kb.library.choices import CreatorRole, Force, PublishReason, ReferenceState, ReferenceType
from kb.newsletter.choices import OwnHeading

CONCEPTS = read_data("vocabulary.json")["concepts"]
BODIES = {body["code"]: body for body in read_data("bodies.json")["bodies"]}
ORGANISATIONS = {
    organisation["code"]: organisation for organisation in read_data("organisations.json")["organisations"]
}
ACCOUNTS = {account["email"]: account for account in read_data("accounts.json")["accounts"]}
REFERENCES = {reference["key"]: reference for reference in read_data("references.json")["references"]}
PAGES = read_data("pages.json")
NEWSLETTER = read_data("newsletter.json")

by_code = pytest.mark.parametrize("concept", CONCEPTS, ids=lambda concept: concept["code"])
by_key = pytest.mark.parametrize("reference", REFERENCES.values(), ids=list(REFERENCES))


def strings_in(value):
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for part in value.values():
            yield from strings_in(part)
    elif isinstance(value, list):
        for part in value:
            yield from strings_in(part)


def trilingual_texts_in(value):
    """Every {fr, nl, en} below a value."""
    if isinstance(value, dict):
        if set(value) == set(CODES):
            yield value
        for part in value.values():
            yield from trilingual_texts_in(part)
    elif isinstance(value, list):
        for part in value:
            yield from trilingual_texts_in(part)


@pytest.mark.parametrize("path", sorted(DATA.rglob("*.json")), ids=lambda path: str(path.relative_to(DATA)))
def test_every_file_is_json_in_utf_8_with_letters_as_written(path):
    text = path.read_text(encoding="utf-8")
    assert json.loads(text)
    assert "\\u" not in text


def test_the_vocabulary_has_at_least_eighty_concepts_under_eight_to_ten_themes():
    assert len(CONCEPTS) >= 80
    assert 8 <= sum(concept["broader"] is None for concept in CONCEPTS) <= 10


@by_code
def test_every_concept_has_a_label_in_each_language(concept):
    assert all(concept["prefLabel"][language].strip() for language in CODES)
    assert all(
        isinstance(concept[kind][language], list) for kind in ("altLabels", "hiddenLabels") for language in CODES
    )
    assert concept["theme"] == (concept["broader"] is None)


@pytest.mark.parametrize("language", CODES)
def test_no_two_labels_of_a_language_are_alike(language):
    labels = Counter(
        label.casefold()
        for concept in CONCEPTS
        for label in [
            concept["prefLabel"][language],
            *concept["altLabels"][language],
            *concept["hiddenLabels"][language],
        ]
    )
    assert [label for label, times in labels.items() if times > 1] == []


@by_code
def test_broader_and_related_concepts_exist_and_do_not_contradict_each_other(concept):
    codes = {other["code"]: other for other in CONCEPTS}
    above = []
    step = concept["broader"]
    while step is not None:
        assert step in codes and step not in above
        above.append(step)
        step = codes[step]["broader"]
    assert concept["code"] not in above
    for related in concept["related"]:
        assert concept["code"] in codes[related]["related"]
        assert related not in above


def test_the_bodies_are_the_four_groups_the_committee_and_the_office():
    assert set(BODIES) == {"PA", "LOG", "SAN", "GUI", "CP", "CASS"}
    assert {body["kind"] for body in BODIES.values()} == set(BodyKind.values)


def test_the_commune_and_the_cpas_are_organisations():
    assert {"cpas", "commune"} <= set(ORGANISATIONS)


def test_organisations_use_known_kinds_languages_and_bodies():
    fields = read_data("organisations.json")["fields"]
    for organisation in ORGANISATIONS.values():
        assert organisation["kind"] in OrganisationKind.values
        assert organisation["field"] in fields
        assert organisation["language_side"] in {"", *CODES}
        assert {seat["body"] for seat in organisation["bodies"]} <= set(BODIES)


def test_log_ins_use_the_reserved_domain_and_known_bodies():
    for email, account in ACCOUNTS.items():
        assert email.endswith(".example")
        for mandate in account["mandates"]:
            assert mandate["body"] in BODIES
            assert mandate["organisation"] is None or mandate["organisation"] in ORGANISATIONS
            assert mandate["role"] in MandateRole.values
        assert account["employment"]["organisation"] in ORGANISATIONS


def test_every_role_is_there_with_a_referent_a_person_without_mandate_and_one_who_is_expected():
    mandates = [mandate for account in ACCOUNTS.values() for mandate in account["mandates"]]
    assert {mandate["role"] for mandate in mandates} == set(MandateRole.values)
    assert any(mandate.get("is_referent") for mandate in mandates)
    assert any(not account["mandates"] for account in ACCOUNTS.values())
    assert any("invited_days_ago" in account for account in ACCOUNTS.values())


def test_there_is_a_member_of_each_of_two_groups_and_one_editor():
    deliberative = {
        mandate["body"]
        for account in ACCOUNTS.values()
        for mandate in account["mandates"]
        if mandate["role"] == "member"
    }
    assert {"PA", "LOG"} <= deliberative
    assert [email for email, account in ACCOUNTS.items() if account["is_staff"]] == ["redaction@demo.example"]


def test_there_are_thirty_two_references_in_three_languages():
    languages = Counter(reference["language"] for reference in REFERENCES.values())
    assert sum(languages.values()) >= 32
    assert languages["fr"] >= 16 and languages["nl"] >= 9 and languages["en"] >= 7


@by_key
def test_every_code_of_a_reference_leads_somewhere(reference):
    codes = {concept["code"] for concept in CONCEPTS}
    assert reference["concepts"] and set(reference["concepts"]) <= codes
    assert reference["body"] in BODIES
    assert reference["own_production"] in {None, *BODIES}
    assert reference["created_by"] in ACCOUNTS
    assert reference["type"] in ReferenceType.values
    assert reference["state"] in ReferenceState.values
    assert reference["force"] in Force.values
    assert all(creator["role"] in CreatorRole.values for creator in reference["creators"])
    assert all(keyword["language"] in CODES for keyword in reference["keywords"])


@by_key
def test_texts_of_a_reference_are_in_known_languages_and_its_date_is_one(reference):
    assert set(reference["translated_titles"]) <= set(CODES) - {reference["language"]}
    assert reference["abstract"][reference["language"]]
    assert set(reference["abstract"]) <= set(CODES)
    assert re.fullmatch(r"\d{4}(-(0[1-9]|1[0-2])(-\d{2})?)?", reference["date_text"])


@by_key
def test_what_is_not_accepted_or_refused_says_why(reference):
    if reference["state"] in {"returned", "refused", "withdrawn"}:
        assert reference["state_reason"]


@by_key
def test_no_file_is_open_to_more_people_than_its_notice_or_than_its_right_allows(reference):
    known = {"public", "members", *(f"body:{code}" for code in BODIES)}
    notice = set(reference["audiences"])
    assert notice <= known
    for file in reference["files"]:
        assert set(file["audiences"]) <= known
        assert (
            notice == {"public"}
            or (notice == {"members"} and "public" not in file["audiences"])
            or set(file["audiences"]) <= notice
        )
        assert file["publish_reason"] in PublishReason.values
        assert not (file["publish_reason"] == "unknown" and "public" in file["audiences"])
        if file["publish_reason"] == "permission":
            date.fromisoformat(file["permission_date"])


@by_key
def test_creators_are_organisations_never_persons(reference):
    family_given = re.compile(r"[A-ZÉ][\w-]+, [A-ZÉ][\w-]+\.?")
    assert reference["creators"]
    for creator in reference["creators"]:
        assert creator["is_organisation"]
        assert creator["organisation"] in {None, *ORGANISATIONS}
        assert not family_given.fullmatch(creator["name"])


def test_every_document_is_used_by_one_file_and_every_file_has_its_document():
    used = [
        version["document"]
        for reference in REFERENCES.values()
        for file in reference["files"]
        for version in file["versions"]
    ]
    assert sorted(used) == sorted(document_names())


def test_the_rights_that_the_site_must_show_all_occur():
    notices = {tuple(reference["audiences"]) for reference in REFERENCES.values()}
    assert {("public",), ("members",), ("body:PA",), ("body:LOG",)} <= notices
    public = [reference for reference in REFERENCES.values() if reference["audiences"] == ["public"]]
    closed = [
        reference for reference in public if any(file["audiences"] == ["body:SAN"] for file in reference["files"])
    ]
    assert len(closed) == 1
    assert {reference["state"] for reference in REFERENCES.values()} == set(ReferenceState.values)
    assert any(len(file["versions"]) == 2 for reference in REFERENCES.values() for file in reference["files"])


def test_isbns_have_a_right_check_digit_and_dois_the_prefix_kept_for_tests():
    for reference in REFERENCES.values():
        assert not reference["doi"] or reference["doi"].startswith("10.5555/")
        digits = [int(sign) for sign in reference["isbn"] if sign.isdigit()]
        assert not digits or sum(digit * (3 if at % 2 else 1) for at, digit in enumerate(digits)) % 10 == 0


def test_nobody_is_called_by_a_title_and_a_name():
    named = re.compile(r"\b(M\.|Mme|Mr\.?|Mrs\.?|Dr\.?|Dhr\.|Mevr\.)\s+[A-ZÉ]")
    for path in sorted(DATA.rglob("*.json")):
        for text in strings_in(read_data(str(path.relative_to(DATA)))):
            assert not named.search(text), f"{path.name}: {text[:80]}"


def test_every_text_of_a_page_is_written_in_each_language():
    texts = list(trilingual_texts_in(PAGES))
    assert len(texts) > 60
    assert all(text[language].strip() for text in texts for language in CODES)


def test_pages_have_a_place_a_free_address_and_known_references():
    taken = {word for words in PATH_WORDS.values() for word in words.values()}
    taken |= {word for former in FORMER_WORDS.values() for words in former.values() for word in words}
    for page in PAGES["pages"]:
        assert page["place"] in Place.values
        assert re.fullmatch(r"[a-z0-9-]+", page["slug"]["fr"]) and not set(page["slug"].values()) & taken
        assert all(block["value"]["reference"] in REFERENCES for block in page["body"] if block["type"] == "reference")
    assert {page["place"] for page in PAGES["pages"]} >= {"contact", "accessibility", "privacy"}


@pytest.mark.parametrize("language", CODES)
def test_figures_of_2012_are_said_the_same_in_each_language(language):
    text = " ".join(
        text[language]
        for text in trilingual_texts_in([page for page in PAGES["pages"] if page["key"] == "zonal-meetings"])
    )
    assert "2012" in text and "2013" in text


def test_french_signs_stand_after_a_space_that_does_not_break():
    loose = re.compile(r"[^\W\d_] [:;?!»]|« ")
    for path in sorted(DATA.rglob("*.json")):
        content = read_data(str(path.relative_to(DATA)))
        for text in strings_in(content):
            assert not loose.search(text), f"{path.name}: {text[:80]}"


@pytest.mark.parametrize("issue", NEWSLETTER["issues"], ids=lambda issue: str(issue["number"]))
def test_issues_speak_of_public_things_only_and_say_the_lead_in_each_language(issue):
    keys = {page["key"] for page in PAGES["pages"] if "public" in page["audiences"]}
    keys |= {
        key
        for key, reference in REFERENCES.items()
        if reference["state"] == "accepted" and "public" in reference["audiences"]
    }
    spoken_of = [issue["lead_reference"], *(item.get("reference") or item.get("page") or "" for item in issue["items"])]
    assert set(filter(None, spoken_of)) <= keys
    assert all(set(issue[name]) == set(CODES) for name in ("title", "lead", "lead_link_words"))
    assert all(item["heading"] in OwnHeading.values and item["title"] for item in issue["items"] if "heading" in item)


def test_the_archive_has_three_issues_and_one_has_briefs_in_one_language_only():
    numbers = [issue["number"] for issue in NEWSLETTER["issues"]]
    assert len(numbers) >= 3 and numbers == sorted(set(numbers))
    own = [item for issue in NEWSLETTER["issues"] for item in issue["items"] if "heading" in item]
    assert any(set(item["title"]) - {"source"} == {"fr"} for item in own) and any(
        set(item["title"]) - {"source"} == {"nl"} for item in own
    )


def test_subscribers_have_addresses_that_exist_nowhere():
    assert {subscriber["language"] for subscriber in NEWSLETTER["subscribers"]} == set(CODES)
    assert all(subscriber["email"].endswith("@demo.example") for subscriber in NEWSLETTER["subscribers"])
