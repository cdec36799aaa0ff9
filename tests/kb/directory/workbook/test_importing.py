"""The directory as a workbook: what goes out comes in again as it was, and each line says what it would do or what is
wrong with it.
"""

from __future__ import annotations

import io
from datetime import date

import pytest
from django.core.files.base import ContentFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils.translation import override
from openpyxl import Workbook, load_workbook

from kb.directory.hours import by_day, write_day
from kb.directory.models import Closure, Employment, Membership, OpeningHours, Organisation, Place, Service
from kb.directory.workbook.exporting import SHEETS, directory_workbook
from kb.directory.workbook.importing import DIRECTORY
from kb.languages import current_language
from kb.sheets import bringing_in
from kb.sheets.kinds import Context, sheet_kinds
from kb.sheets.models import SheetImport
from tests.kb.accounts import builders as people
from tests.kb.directory import builders as make
from tests.kb.library.builders import concept

pytestmark = pytest.mark.django_db

HEADERS = {sheet.code: {column.key: column.headers["en"] for column in sheet.columns} for sheet in SHEETS}
NAMES = {sheet.code: sheet.names["en"] for sheet in SHEETS}


@pytest.fixture
def filled():
    """Something of everything, with awkward values among them."""
    theme = concept("housing", "Logement", "Huisvesting", "Housing")
    made = make.organisation(
        "=Union & Cie",
        "union",
        other_names={"nl": "Huurdersbond", "source": "fr"},
        language_side="fr",
        kind="other",
        description={"fr": "Défend les locataires.\nTous.", "en": "Defends tenants."},
        spoken=["tr", "fr", "ary"],
        phone="+32 2 000 10 30",
        email="union@union.example",
        url="https://union.example/",
        concepts=[theme],
    )
    service = make.service(
        made,
        "Permanence",
        "permanence",
        publics={"fr": "Locataires"},
        cost={"fr": "Gratuit"},
        concepts=[theme],
        sort_order=3,
    )
    place = make.place(
        made, code="siege", service=service, house_number="12", postal_code="1030", latitude="50.860000", longitude="4.380000",  # noqa: E501
        week={1: "09:00-12:00, 13:00-16:30 sur rdv", 3: "rdv"},
    )  # fmt: skip
    make.place(made, "", "annexe", name="Annexe", municipality={})
    make.closure(place, date(2030, 8, 1), date(2030, 8, 15), reason={"fr": "Congé"})
    make.membership(made, since=date(2005, 1, 1), until=date(2010, 12, 31))
    make.membership(made, service)
    make.organisation("Vide", "vide", is_active=False)
    return made


def book(**sheets: list[dict]) -> bytes:
    """A workbook with English headers: {sheet: lines}."""
    made = Workbook()
    made.remove(made.active)
    for code, lines in sheets.items():
        sheet = made.create_sheet(NAMES[code])
        keys = list(dict.fromkeys(key for line in lines for key in line))
        sheet.append([HEADERS[code][key] for key in keys])
        for line in lines:
            sheet.append([line.get(key) for key in keys])
    packed = io.BytesIO()
    made.save(packed)
    return packed.getvalue()


def put_in(content: bytes) -> SheetImport:
    """Looked through in the language of the moment, nothing written."""
    user = people.member(f"gestion{SheetImport.objects.count()}@cass.example", language=current_language())
    made = bringing_in.put_in(ContentFile(content), kind="directory", name="directory.xlsx", user=user)
    bringing_in.work_through.call(made.pk)
    made.refresh_from_db()
    return made


def lines(sheet_import: SheetImport) -> list[tuple[str, str, str]]:
    return list(sheet_import.rows.order_by("pk").values_list("sheet", "verdict", "message"))


def verdicts(sheet_import: SheetImport) -> list[str]:
    return [verdict for _sheet, verdict, _message in lines(sheet_import)]


def written(content: bytes) -> SheetImport:
    made = put_in(content)
    bringing_in.write(made)
    bringing_in.work_through.call(made.pk)
    made.refresh_from_db()
    return made


def everything() -> list:
    """All that an import could change, for comparing."""
    found = [list(model.objects.order_by("pk").values()) for model in (Service, Place, Closure, Membership)]
    found.append(
        list(
            Organisation.objects.order_by("pk").values(
                *(f.name for f in Organisation._meta.fields if f.name != "updated_at")
            )
        )
    )
    found.append(
        sorted(OpeningHours.objects.values_list("place__code", "weekday", "opens", "closes", "by_appointment"), key=str)
    )
    found.append(sorted(Organisation.concepts.through.objects.values_list("organisation_id", "concept_id")))
    return found


@pytest.mark.parametrize("out", ["fr", "nl", "en"])
@pytest.mark.parametrize("back", ["fr", "nl", "en"])
def test_what_goes_out_comes_in_again_as_it_was(filled, out, back):
    with override(out):
        content = directory_workbook()
    before = everything()
    with override(back):
        found = put_in(content)
        assert lines(found) == [
            *([("organisations", "same", "")] * 2),
            *(("services", "same", ""), ("places", "same", ""), ("places", "same", ""), ("closures", "same", "")),
            *([("memberships", "same", "")] * 2),
        ]
        assert found.problem == ""
        bringing_in.write(found)
        bringing_in.work_through.call(found.pk)
    assert everything() == before


def test_what_goes_out_fills_an_empty_directory_as_it_was(filled):
    content = directory_workbook()
    before = sheets_of(content)
    Organisation.objects.all().delete()
    found = written(content)
    assert set(verdicts(found)) == {"new"}
    assert sheets_of(directory_workbook()) == before


def sheets_of(content: bytes) -> dict[str, list]:
    loaded = load_workbook(io.BytesIO(content))
    return {sheet.title: [[cell.value for cell in row] for row in sheet.rows] for sheet in loaded.worksheets}


def test_formulas_go_out_as_text(filled):
    sheet = load_workbook(io.BytesIO(directory_workbook())).worksheets[0]
    cells = {cell.value: cell for row in sheet.rows for cell in row}
    assert cells["=Union & Cie"].data_type == "s"
    assert cells["+32 2 000 10 30"].data_type == "s"


def test_nothing_is_written_by_looking(filled):
    before = everything()
    put_in(book(organisations=[{"code": "union", "name": "Autre"}, {"code": "neuve", "name": "Neuve"}]))
    assert everything() == before


def test_each_line_says_what_it_would_do(filled):
    content = book(
        organisations=[
            {"code": "union", "name": "=Union & Cie", "phone": "02 000 10 99"},
            {"code": "neuve", "name": "Neuve"},
            {"code": "vide", "name": "Vide"},
        ],
        places=[{"organisation": "union", "code": "siege", "day_1": "10-12"}],
    )
    with override("en"):
        found = lines(put_in(content))
    assert found == [
        ("organisations", "changed", "Phone: +32 2 000 10 30 → 02 000 10 99"),
        ("organisations", "new", ""),
        ("organisations", "same", ""),
        ("places", "changed", "Monday: 09:00-12:00, 13:00-16:30 by appointment → 10-12"),
    ]


WRONG = {
    "a language": (
        {"organisations": [{"code": "union", "spoken": "klingonese"}]},
        "Languages spoken: “klingonese” is not among the languages",
    ),
    "a kind": ({"organisations": [{"code": "union", "kind": "circus"}]}, "Kind: “circus” is not one of"),
    "a side": ({"organisations": [{"code": "union", "language_side": "east"}]}, "“east” is no language side"),
    "an address": ({"organisations": [{"code": "union", "email": "union at home"}]}, "E-mail address: "),
    "a theme": ({"organisations": [{"code": "union", "concepts": "gardening"}]}, "“gardening” is no concept"),
    "a yes": ({"organisations": [{"code": "union", "is_active": "perhaps"}]}, "neither yes nor no"),
    "a code": ({"organisations": [{"code": "Not a code!", "name": "X"}]}, "Code: "),
    "no name": ({"organisations": [{"code": "neuve"}]}, "It is new and has no name."),
    "a long phone": ({"organisations": [{"code": "union", "phone": "0" * 60}]}, "Phone: "),
    "no organisation": (
        {"services": [{"organisation": "personne", "code": "x", "name": "X"}]},
        "No organisation has the code “personne”",
    ),
    "no service": (
        {"memberships": [{"organisation": "union", "service": "autre"}]},
        "has no service with the code “autre”",
    ),
    "no place": (
        {"closures": [{"organisation": "union", "place": "x", "since": "1/1/2030", "until": "2/1/2030"}]},
        "has no place with the code “x”",
    ),
    "hours": (
        {"places": [{"organisation": "union", "code": "siege", "day_2": "le matin"}]},
        "Tuesday: “le matin” is not understood as hours",
    ),
    "degrees": (
        {"places": [{"organisation": "union", "code": "siege", "latitude": "north"}]},
        "Latitude: “north” is no number of degrees",
    ),
    "one degree": (
        {"places": [{"organisation": "union", "code": "annexe", "latitude": "50.8"}]},
        "Give both the latitude and the longitude",
    ),
    "an end": (
        {"memberships": [{"organisation": "union", "since": "1/1/2005", "until": "1/1/2004"}]},
        "would end before it begins",
    ),
    "a day": ({"memberships": [{"organisation": "union", "since": "someday"}]}, "“someday” is no day"),
    "an order": (
        {"services": [{"organisation": "union", "code": "permanence", "sort_order": "first"}]},
        "“first” is no whole number",
    ),
    "twice": (
        {"organisations": [{"code": "union", "phone": "1"}, {"code": "union", "phone": "2"}]},
        "Line 2 of this sheet says something",
    ),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_line_that_is_not_understood_says_what_is_wrong_with_it_and_is_not_written(filled, what):
    sheets, sentence = WRONG[what]
    before = everything()
    with override("en"):
        found = put_in(book(**sheets))
        _sheet, verdict, message = lines(found)[-1]
        assert (verdict, sentence in message) == ("unclear", True), message
        if what != "twice":
            bringing_in.write(found)
            bringing_in.work_through.call(found.pk)
            assert everything() == before


def test_an_empty_cell_leaves_what_is_there_and_a_dash_empties_it(filled):
    content = book(
        organisations=[
            {
                "code": "union",
                "phone": "-",
                "email": "",
                "description_fr": "-",
                "concepts": "–",
                "spoken": "-",
                "name": "",
            }
        ],
        places=[
            {
                "organisation": "union",
                "code": "siege",
                "service": "-",
                "day_1": "-",
                "day_3": "",
                "latitude": "-",
                "longitude": "-",
            }
        ],
        memberships=[{"organisation": "union", "since": "2005-01-01", "until": "-"}],
    )
    assert set(verdicts(written(content))) == {"changed"}
    union = Organisation.objects.get(code="union")
    assert (union.phone, union.email, union.spoken, union.name) == ("", "union@union.example", [], "=Union & Cie")
    assert union.description == {"en": "Defends tenants."} and not union.concepts.exists()
    place = Place.objects.get(code="siege")
    assert place.service is None and place.latitude is None
    assert {day: write_day(some, "en") for day, some in by_day(place.hours.all()).items()} == {3: "by appointment"}
    assert Membership.objects.get(service=None).until is None


def test_what_one_sheet_makes_the_next_may_name(filled):
    content = book(
        organisations=[
            {
                "code": "neuve",
                "name": "Neuve",
                "kind": "association",
                "spoken": "Frans, Turks",
                "concepts": "Huisvesting",
            }
        ],
        services=[{"organisation": "neuve", "code": "guichet", "name": "Guichet", "publics_nl": "Iedereen"}],
        places=[
            {
                "organisation": "neuve",
                "code": "rue",
                "service": "guichet",
                "street_fr": "Rue de l’Exemple",
                "day_5": "9h-12h30",
            }
        ],
        closures=[
            {"organisation": "neuve", "place": "rue", "since": "1/8/2030", "until": "15/8/2030", "reason_fr": "Congé"}
        ],
        memberships=[{"organisation": "neuve", "service": "guichet", "since": "2013-01-01"}],
    )
    found = put_in(content)
    assert verdicts(found) == ["new"] * 5
    bringing_in.write(found)
    bringing_in.work_through.call(found.pk)
    neuve = Organisation.objects.get(code="neuve")
    service = neuve.services.get()
    assert (neuve.spoken, [one.code for one in neuve.concepts.all()], service.publics) == (
        ["fr", "tr"],
        ["housing"],
        {"nl": "Iedereen"},
    )
    place = neuve.places.get()
    assert (place.service, write_day(by_day(place.hours.all())[5])) == (service, "09:00-12:30")
    assert Closure.objects.get(place=place).until == date(2030, 8, 15)
    assert Membership.objects.get(organisation=neuve).service == service
    assert set(verdicts(put_in(content))) == {"same"}


def test_a_membership_whose_beginning_becomes_known_is_the_same_membership(filled):
    content = book(memberships=[{"organisation": "union", "service": "permanence", "since": "1998-03-01"}])
    assert verdicts(written(content)) == ["changed"]
    assert Membership.objects.get(service__code="permanence").since == date(1998, 3, 1)
    assert Membership.objects.count() == 2


def test_a_line_whose_organisation_was_refused_is_refused_too(filled):
    found = put_in(
        book(
            organisations=[{"code": "neuve", "name": ""}],
            services=[{"organisation": "neuve", "code": "x", "name": "X"}],
        )
    )
    assert verdicts(found) == ["unclear", "unclear"]


def test_a_sheet_with_few_columns_leaves_the_others_alone(filled):
    written(book(organisations=[{"code": "union", "phone": "02 000 10 31"}]))
    union = Organisation.objects.get(code="union")
    assert (union.phone, union.spoken, union.kind) == ("02 000 10 31", ["tr", "fr", "ary"], "other")


def test_the_kind_is_offered_with_its_rule_for_empty_cells():
    kind = next(one for one in sheet_kinds() if one.code == "directory")
    with override("en"):
        assert "An empty cell leaves what is there as it is" in str(kind.help)
    for sheet in kind.sheets:
        headers = [column.headers[code] for column in sheet.columns for code in ("fr", "nl", "en")]
        assert all(headers) and all(len(name) <= 31 for name in sheet.names.values())
        for code in ("fr", "nl", "en"):
            assert len({column.headers[code] for column in sheet.columns}) == len(sheet.columns)


def test_a_line_takes_few_queries_whatever_is_there(filled):
    for number in range(12):
        make.full(number)
    cases = {
        "organisations": {"code": "union", "name": "Autre", "concepts": "housing"},
        "services": {"organisation": "union", "code": "permanence", "name": "Autre", "concepts": ""},
        "places": {
            "organisation": "union",
            "code": "siege",
            "service": "permanence",
            **{f"day_{day}": "9-12" for day in range(1, 8)},
        },
        "closures": {"organisation": "union", "place": "siege", "since": "2030-08-01", "until": "2030-08-20"},
        "memberships": {"organisation": "union", "service": "permanence", "since": "", "until": ""},
    }
    for code, values in cases.items():
        context = Context()
        DIRECTORY.look(context, DIRECTORY.sheet(code), values)
        context = Context(memory={key: value for key, value in context.memory.items() if key == "concepts"})
        with CaptureQueriesContext(connection) as asked:
            DIRECTORY.look(context, DIRECTORY.sheet(code), values)
        assert len(asked) <= 8, code


def test_the_workbook_takes_the_same_queries_with_two_and_five_organisations():
    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            directory_workbook()
        return len(asked)

    theme = concept("housing", "Logement")
    for number in range(2):
        make.full(number, [theme])
    two = queries()
    for number in range(2, 5):
        make.full(number, [theme])
    assert queries() == two


def test_nothing_of_people_goes_out(filled):
    Employment.objects.create(
        user=people.member("dahlia@union.example", name="Personne Dahlia"),
        organisation=filled,
        function="Directrice dahlia",
    )
    assert "ahlia" not in str(sheets_of(directory_workbook()))
