"""What differs between what was agreed to and what is asked about: row by row, block by block, word by word."""

from __future__ import annotations

import pytest
from django.utils import timezone

from kb.decisions.deciding import closing
from kb.decisions.deciding.casting import cast
from kb.decisions.deciding.comparing import CAME, STAYS, WENT, differences, since_agreed
from kb.decisions.deciding.edits import MOST
from kb.pages.agreements import Shown
from tests.kb.accounts.builders import editor, log_in
from tests.kb.decisions.builders import SUBJECT, asked, ballot, committee, leaflets


def row(language: str = "fr", subject: str = "page:1", **values) -> Shown:
    return Shown(subject, language, f"Page {language}", values)


def words(line, how: str) -> str:
    return " ".join("".join(piece.words for piece in line.pieces if piece.how == how).split())


def test_the_same_rows_differ_in_nothing_and_what_came_or_went_is_named():
    before, after = [row(title="A"), row("nl", title="B")], [row(title="A"), row("en", title="C")]
    assert differences(before, before) == ()
    assert [(one.row.language, one.how, one.lines) for one in differences(before, after)] == [
        ("en", CAME, ()),
        ("nl", WENT, ()),
    ]


def test_a_changed_line_says_its_words():
    (one,) = differences([row(abstract="Trois pages sur le logement")], [row(abstract="Quatre pages sur le logement")])
    (line,) = one.lines
    assert (words(line, WENT), words(line, CAME), words(line, STAYS)) == ("Trois", "Quatre", "pages sur le logement")


def block(number: int, html: str) -> dict:
    return {"number": number, "type": "text", "html": html}


def test_blocks_are_found_again_where_they_stand_now():
    before = [block(1, "<p>Un</p>"), block(2, "<p>Deux fois</p>"), block(3, "<p>Trois</p>")]
    after = [block(1, "<p>Zéro</p>"), block(2, "<p>Un</p>"), block(3, "<p>Deux mois</p>"), block(4, "<p>Trois</p>")]
    (one,) = differences([row(body=before)], [row(body=after)])
    assert [(line.place, words(line, WENT), words(line, CAME)) for line in one.lines] == [
        (1, "", "Zéro"),
        (3, "fois", "mois"),
    ]


def test_a_block_that_went_and_blocks_that_only_moved():
    before, after = [block(1, "<p>Un</p>"), block(2, "<p>Deux</p>")], [block(1, "<p>Deux</p>")]
    (one,) = differences([row(body=before)], [row(body=after)])
    assert [words(line, WENT) for line in one.lines] == ["Un"]


def test_another_file_is_said_though_nobody_can_read_its_digest():
    (one,) = differences([row(title="A", file_hash="1" * 40)], [row(title="A", file_hash="2" * 40)])
    assert len(one.lines) == 1 and one.lines[0].pieces == ()


def test_a_text_of_which_most_is_other_words_is_shown_whole():
    old, new = (" ".join(f"{sign}{number}" for number in range(MOST)) for sign in "ab")
    (one,) = differences([row(abstract=f"Avant {old} après")], [row(abstract=f"Avant {new} après")])
    assert [piece.how for piece in one.lines[0].pieces] == [STAYS, WENT, CAME, STAYS]


@pytest.mark.django_db
def test_voters_and_coordinators_read_what_changes_since_the_agreement_in_force(client):
    with leaflets() as things:
        of = committee()
        first = asked(of)
        for name in ("cpas1", "cpas2", "asso1", "asso2"):
            cast(ballot(first, name).pk, "for")
        assert since_agreed(SUBJECT, things.shown(1)) is None
        closing.close(first.pk, at=timezone.now() + timezone.timedelta(hours=80))
        first.refresh_from_db()
        things.drafts[1] = "Quatre pages <b>sur</b> l'accueil"
        log_in(client, editor(), language="fr")
        form = client.get(f"/admin/decision/ask/?subject={SUBJECT}").content.decode()
        second = asked(of)
        client.logout()
        log_in(client, ballot(second, "cpas1").user)
        page = client.get(f"/fr/decisions/vote/{second.pk}/objet/1/").content.decode()
        for content in (form, page):
            assert first.code in content and "<del>Trois</del>" in content and "<ins>Quatre</ins>" in content
            assert "<b>sur</b>" not in content
