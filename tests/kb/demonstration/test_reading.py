"""Pages of the demonstration become StreamField data that the site's own blocks accept."""

import pytest

from home.models import ContentPage
from kb.demonstration.reading import body_in, read_data
from kb.languages import CODES

PAGES = read_data("pages.json")
MARKS = {"cass-rencontres": "CASS 2012/1", "log-entretien": "LOG 2010/1"}


@pytest.mark.parametrize("language", CODES)
@pytest.mark.parametrize("page", [PAGES["home"], *PAGES["pages"]], ids=lambda page: page.get("key", "home"))
def test_the_blocks_of_the_site_take_the_body_of_every_page(page, language):
    body = body_in(page["body"], language, MARKS)
    stream = ContentPage._meta.get_field("body").to_python(body)
    assert [block.block_type for block in stream] == [block["type"] for block in page["body"]]
    assert stream.get_prep_value()


def test_a_column_of_numbers_is_kept_as_numbers():
    table = next(
        block
        for page in PAGES["pages"]
        if page["key"] == "zonal-meetings"
        for block in page["body"]
        if block["type"] == "table"
    )
    [(kind, value)] = body_in([table], "nl", {})
    assert kind == "table"
    assert [column["type"] for column in value["columns"]] == ["words", "number"]
    assert value["rows"][1]["values"] == ["Deelnemers, ongeveer", 200]


def test_a_link_to_a_reference_that_is_not_there_is_left_out():
    page = next(page for page in PAGES["pages"] if page["key"] == "tenants-rights")
    assert "reference" not in [kind for kind, _value in body_in(page["body"], "fr", {})]
    assert ("reference", {"mark": "LOG 2010/1", "note": "La brochure du GT Logement"}) in body_in(
        page["body"], "fr", MARKS
    )
