"""What is done with a contribution: by whom, from which state, what it leaves behind, and who came first."""

from __future__ import annotations

from html import unescape
from importlib import import_module
from urllib.parse import urlencode

import pytest
from django.apps import apps
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse
from django.utils.translation import override

from kb.accounts.audiences import held_by
from kb.clock.models import Notice
from kb.clock.notices.noticing import told
from kb.clock.notices.waiting import waiting_for
from kb.groups.models import Body, Mandate
from kb.library.choices import Handling, ReferenceState
from kb.library.contributions import steps as handling
from kb.library.contributions import waiting as awaiting
from kb.library.models import Contribution, ContributionStep, Reference
from kb.library.models.references import NEEDS_AGREEMENT
from tests.kb.accounts import builders as people
from tests.kb.library import builders as make
from tests.kb.library.test_admin import add_url, form
from tests.sending import stamps

pytestmark = pytest.mark.django_db
migration = import_module("kb.library.migrations.0015_name_what_was_taken_back")
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
S = ReferenceState


def referent(code="PA"):
    user = make.member(code)
    Mandate.objects.filter(user=user).update(is_referent=True)
    return user


def editor(email="redaction@cass.example"):
    return people.editor(email)


def held(user, *, second_factor=False):
    return held_by(user, second_factor=second_factor)


@pytest.fixture
def author():
    return make.member("PA", email="auteur@cass.example")


def contribution(author, state=S.DRAFT, **values):
    return make.reference(
        "Une étude", state=state, created_by=author, audiences=values.pop("audiences", ("body:PA",)), **values
    )


def steps(reference):
    return [(step.handling, step.actor, step.word) for step in reference.steps.all()]


def notices(user):
    return [one.kind for one in Notice.objects.filter(user=user)]


def test_a_contribution_goes_its_whole_way_and_each_step_is_written_down(author):
    reader = referent()
    reference = contribution(author)

    handling.propose(reference, author, held=held(author))
    handling.send_back(reference, reader, "Il manque l’année.", held=held(reader))
    handling.propose(reference, author, held=held(author))
    done = handling.accept(reference, reader, held=held(reader))

    assert done.state == S.ACCEPTED and done.accepted_at
    assert steps(reference) == [
        (Handling.PROPOSED, author, ""),
        (Handling.RETURNED, reader, "Il manque l’année."),
        (Handling.MENDED, author, ""),
        (Handling.ACCEPTED, reader, ""),
    ]
    assert notices(author) == ["library.returned", "library.accepted"]
    assert Contribution.objects.get(reference=reference).confirmed_at


def test_the_word_of_the_one_who_sends_back_stands_on_the_reference_until_it_is_mended(author):
    reader = referent()
    reference = handling.send_back(contribution(author, S.PROPOSED), reader, "Il manque l’année.", held=held(reader))
    assert reference.state_reason == "Il manque l’année."
    assert handling.propose(reference, author, held=held(author)).state_reason == ""


@pytest.mark.parametrize("act", [handling.send_back, handling.refuse])
def test_sending_back_and_refusing_want_a_word(author, act):
    reader, reference = referent(), contribution(author, S.PROPOSED)
    with pytest.raises(ValidationError) as error:
        act(reference, reader, "  ", held=held(reader))
    assert list(error.value.message_dict) == ["word"]
    reference.refresh_from_db()
    assert reference.state == S.PROPOSED and not reference.steps.exists()


DECISIONS = [handling.accept, handling.send_back, handling.refuse]


@pytest.mark.parametrize("act", DECISIONS)
@pytest.mark.parametrize("who", ["author", "member", "consultant", "referent of another group", "half editor"])
def test_nobody_else_decides(author, act, who):
    other = {
        "author": lambda: author,
        "member": lambda: make.member("PA"),
        "consultant": lambda: make.member("PA", role="consultant"),
        "referent of another group": lambda: referent("LO"),
        "half editor": editor,
    }[who]()
    reference = contribution(author, S.PROPOSED)
    with pytest.raises(handling.NotAllowed):
        act(reference, other, "Un mot.", held=held(other))
    reference.refresh_from_db()
    assert reference.state == S.PROPOSED and not Notice.objects.exists()


@pytest.mark.parametrize("act", DECISIONS)
def test_an_editor_with_the_second_factor_decides_for_every_body(author, act):
    who = editor()
    act(contribution(author, S.PROPOSED), who, "Un mot.", held=held(who, second_factor=True))
    assert len(notices(author)) == 1


def test_the_referent_of_a_successor_follows_what_was_proposed_to_the_body_before(author):
    old, new = make.body("PA"), make.body("PB")
    old.successor = new
    old.save()
    reader = referent("PB")
    assert handling.accept(contribution(author, S.PROPOSED), reader, held=held(reader)).state == S.ACCEPTED


@pytest.mark.parametrize("state", [S.DRAFT, S.RETURNED, S.ACCEPTED, S.REFUSED, S.WITHDRAWN])
@pytest.mark.parametrize("act", DECISIONS)
def test_only_what_is_proposed_is_decided(author, act, state):
    reader = referent()
    with pytest.raises(handling.AlreadyHandled):
        act(contribution(author, state), reader, "Un mot.", held=held(reader))


def test_the_second_of_two_referents_is_told_who_came_first(author):
    first, second = referent(), referent()
    first.name = "La première référente"
    first.save()
    reference = contribution(author, S.PROPOSED)
    seen_by_second = Reference.objects.get(pk=reference.pk)
    handling.accept(reference, first, held=held(first))

    with pytest.raises(handling.AlreadyHandled) as refused:
        handling.refuse(seen_by_second, second, "Trop tard.", held=held(second))

    assert "La première référente" in str(refused.value)
    assert Reference.objects.get(pk=reference.pk).state == S.ACCEPTED
    assert notices(author) == ["library.accepted"]


def test_who_gave_no_name_is_shown_without_the_address(author):
    reader, chief = referent(), editor()
    reference = contribution(author, S.DRAFT)
    handling.propose(reference, author, held=held(author))
    late = Reference.objects.get(pk=reference.pk)
    address = awaiting.contribution_url(reference)
    own, of_referent = Client(), Client()
    own.force_login(author, backend=BACKEND), of_referent.force_login(reader, backend=BACKEND)
    pages = [of_referent.get(address), of_referent.get(reverse("library:contributions"))]
    handling.send_back(reference, chief, "Il manque l’année.", held=held(chief, second_factor=True))
    with override("en"), pytest.raises(handling.AlreadyHandled) as refused:
        handling.accept(late, reader, held=held(reader))
    pages.append(own.get(address))

    assert str(refused.value).endswith("by an editor.")
    assert all(page.status_code == 200 for page in pages)
    shown = [page.content.decode() for page in pages]
    with override(author.language):
        assert chief.shown_name in shown[2] and author.shown_name in shown[1]
    assert not any(chief.email in page for page in shown)
    assert not any(author.email in page for page in shown[:2])


def test_only_the_author_proposes_takes_back_and_deletes(author):
    other, reader = make.member("PA"), referent()
    draft, proposed = contribution(author), contribution(author, S.PROPOSED)
    for who in (other, reader):
        with pytest.raises(handling.NotAllowed):
            handling.propose(draft, who, held=held(who))
        with pytest.raises(handling.NotAllowed):
            handling.take_back(proposed, who, held=held(who))
        with pytest.raises(handling.NotAllowed):
            handling.delete_draft(draft, who, held=held(who))
    assert handling.take_back(proposed, author, held=held(author)).state == S.DRAFT
    assert steps(proposed) == [(Handling.TAKEN_BACK, author, "")]
    handling.delete_draft(proposed, author, held=held(author))
    assert not Reference.objects.filter(pk=proposed.pk).exists()


def test_what_is_proposed_is_not_deleted_behind_the_back_of_its_referent(author):
    with pytest.raises(handling.AlreadyHandled):
        handling.delete_draft(contribution(author, S.PROPOSED), author, held=held(author))


def test_who_is_no_longer_in_the_group_does_not_propose_there(author):
    reference = contribution(author)
    Mandate.objects.filter(user=author).update(is_suspended=True)
    with pytest.raises(handling.NotAllowed):
        handling.propose(reference, author, held=held(author))


@pytest.mark.parametrize("second_factor", [True, False])
def test_only_an_editor_withdraws(author, second_factor):
    who, reference = editor(), contribution(author, S.ACCEPTED)
    if not second_factor:
        with pytest.raises(handling.NotAllowed):
            handling.withdraw(reference, who, "Remplacée.", held=held(who))
        return
    done = handling.withdraw(reference, who, "Remplacée.", held=held(who, second_factor=True))
    assert (done.state, done.state_reason, notices(author)) == (S.WITHDRAWN, "Remplacée.", ["library.withdrawn"])


def test_nobody_is_told_of_their_own_act(author):
    Mandate.objects.filter(user=author).update(is_referent=True)
    reference = handling.propose(contribution(author), author, held=held(author))
    handling.accept(reference, author, held=held(author))
    assert not Notice.objects.exists()


# Notices in words


def words(user):
    return [one.sentence for one in told(list(Notice.objects.filter(user=user)), held(user)).values()]


def test_the_author_is_told_with_the_word_that_was_said(author):
    reader = referent()
    handling.send_back(contribution(author, S.PROPOSED), reader, "Il manque l’année.", held=held(reader))
    (sentence,) = words(author)
    assert "Une étude" in sentence and "Il manque l’année." in sentence


def test_what_was_mended_since_is_no_longer_told_as_sent_back(author):
    reader, reference = referent(), contribution(author, S.PROPOSED)
    handling.send_back(reference, reader, "Il manque l’année.", held=held(reader))
    handling.propose(reference, author, held=held(author))
    assert words(author) == []


def test_nobody_is_told_of_what_they_may_no_longer_see(author):
    reader, reference = referent(), contribution(author, S.PROPOSED)
    handling.accept(reference, reader, held=held(reader))
    assert len(words(author)) == 1
    Mandate.objects.filter(user=author).delete()
    assert words(author) == []


def test_notices_are_put_into_words_in_one_query_however_many(author, django_assert_num_queries):
    reader = referent()
    for _ in range(8):
        handling.accept(contribution(author, S.PROPOSED), reader, held=held(reader))
    mine, has = list(Notice.objects.filter(user=author)), held(author)
    with django_assert_num_queries(1):
        assert len(told(mine, has)) == 8


# What waits


def waiting(user, name, *, second_factor=False):
    lists = {one.name: one.waiting for one in waiting_for(user, held(user, second_factor=second_factor))}
    found = lists.get(name)
    return (found.total, [one.title for one in found.things]) if found else (0, [])


def test_what_is_proposed_waits_for_the_referent_and_for_no_other_member(author):
    reader, other, elsewhere = referent(), make.member("PA"), referent("LO")
    contribution(author, S.PROPOSED)
    contribution(author, S.DRAFT)
    assert waiting(reader, "library.to_accept") == (1, ["Une étude"])
    assert waiting(other, "library.to_accept") == waiting(elsewhere, "library.to_accept") == (0, [])


def test_editors_are_asked_where_nobody_follows_the_group_and_named_it_after_the_second_factor(author):
    who = editor()
    contribution(author, S.PROPOSED)
    assert waiting(who, "library.to_accept") == (1, [])
    assert waiting(who, "library.to_accept", second_factor=True) == (1, ["Une étude"])
    reader = referent()
    assert waiting(who, "library.to_accept", second_factor=True) == (0, [])
    Mandate.objects.filter(user=reader).update(is_suspended=True)
    assert waiting(who, "library.to_accept")[0] == 1


def test_what_a_referent_of_a_later_body_reads_over_waits_for_no_editor(author):
    who, reader, new = editor(), referent("NEW"), make.body("NEW")
    middle = make.body("MID")
    Body.objects.filter(pk=middle.pk).update(successor=new, is_active=False)
    Body.objects.filter(code="PA").update(successor=middle, is_active=False)
    contribution(author, S.PROPOSED)
    assert waiting(reader, "library.to_accept") == (1, ["Une étude"])
    assert waiting(who, "library.to_accept", second_factor=True) == (0, [])


def test_what_was_sent_back_waits_for_its_author(author):
    contribution(author, S.RETURNED, state_reason="Il manque l’année.")
    assert waiting(author, "library.to_mend") == (1, ["Une étude"])
    assert waiting(referent(), "library.to_mend") == (0, [])


def test_files_that_could_not_be_read_wait_for_editors_alone(author):
    make.file(make.reference("Un scan"), state="scan")
    make.file(make.reference("Un brouillon", state=S.DRAFT), state="broken")
    make.file(make.reference("Lu"), "texte")
    who = editor()
    assert waiting(who, "library.unread", second_factor=True) == (1, ["Un scan"])
    assert waiting(who, "library.unread") == (1, [])
    assert waiting(author, "library.unread") == (0, [])


@pytest.mark.parametrize(("find", "queries"), [(awaiting.to_accept, 3), (awaiting.to_mend, 2), (awaiting.unread, 2)])
def test_lists_that_wait_cost_the_same_queries_whatever_waits(author, find, queries, django_assert_num_queries):
    author.is_staff = True
    author.save()
    for _ in range(12):
        make.file(contribution(author, S.PROPOSED), state="scan")
        contribution(author, S.RETURNED)
    has = held(author, second_factor=True)
    with django_assert_num_queries(queries):
        found = find(author, has)
    assert (found.total, len(found.things)) == (12, 5)


# Own work and the committee


def test_accepting_publishes_no_own_work_to_which_the_committee_did_not_agree(author):
    reader = referent()
    reference = contribution(author, S.PROPOSED, audiences=("public",), own_production=make.body("PA"))
    with pytest.raises(ValidationError) as error:
        handling.accept(reference, reader, held=held(reader))
    assert "own_production" in error.value.message_dict
    assert Reference.objects.get().state == S.PROPOSED


def test_own_work_is_not_even_proposed_to_everyone(author):
    with pytest.raises(ValidationError):
        handling.propose(
            contribution(author, audiences=("public",), own_production=make.body("PA")), author, held=held(author)
        )


def test_own_work_for_the_members_needs_no_agreement(author):
    reader = referent()
    reference = contribution(author, S.PROPOSED, audiences=("members",), own_production=make.body("PA"))
    assert handling.accept(reference, reader, held=held(reader)).state == S.ACCEPTED


@pytest.mark.parametrize("way", ["save", "bulk_create", "clean"])
def test_no_way_of_saving_publishes_own_work_that_was_not_agreed(way):
    reference = Reference(
        body=make.body("PA"), title="À nous", state=S.ACCEPTED, audiences=["public"], own_production=make.body("PA")
    )
    ways = {
        "save": reference.save,
        "clean": reference.clean,
        "bulk_create": lambda: Reference.objects.bulk_create([reference]),
    }
    with pytest.raises(ValidationError):
        ways[way]()
    assert not Reference.objects.exists()


def test_a_change_of_state_in_the_admin_is_written_down_and_told(author):
    who, reference = editor(), contribution(author, S.PROPOSED)
    reference.state = S.REFUSED
    reference.state_reason = "Déjà là."
    reference.save()
    handling.note_change(reference, who, S.PROPOSED)
    handling.note_change(reference, who, S.REFUSED)
    assert steps(reference) == [(Handling.REFUSED, who, "Déjà là.")]
    assert notices(author) == ["library.refused"]


# The same in the admin


@pytest.fixture
def desk(client):
    cache.clear()
    people.log_in(client, editor())
    return client


def in_bulk(desk, action, *references, **values):
    address = reverse("wagtail_bulk_action", args=["library", "reference", action])
    asked = f"{address}?{urlencode({'id': [one.pk for one in references]}, doseq=True)}"
    if action == "accept":
        values["shown"] = desk.get(asked).context["form"]["shown"].value()
    return desk.post(asked, values, follow=True)


def test_a_bulk_acceptance_is_written_down_and_told(author, desk):
    reference = contribution(author, S.PROPOSED)
    in_bulk(desk, "accept", reference)
    assert [one.handling for one in reference.steps.all()] == [Handling.ACCEPTED]
    assert notices(author) == ["library.accepted"]


ACCEPTABLE = {S.DRAFT, S.PROPOSED, S.RETURNED}


def test_a_bulk_acceptance_takes_what_is_on_its_way_and_says_what_it_left_and_why(author, desk):
    every = {state: contribution(author, state, state_reason="Un mot.") for state in S}
    said = unescape(in_bulk(desk, "accept", *every.values()).content.decode())
    for state, reference in every.items():
        fresh = Reference.objects.get(pk=reference.pk)
        assert fresh.state == (S.ACCEPTED if state in ACCEPTABLE else state)
        assert fresh.steps.count() == (1 if state in ACCEPTABLE else 0)
        sentence = f"{reference.mark}: "
        with override("fr"):
            sentence += handling.last_said(reference)
        assert (sentence in said) is (state not in ACCEPTABLE), state
    assert Reference.objects.get(pk=every[S.REFUSED].pk).state_reason == "Un mot."


def test_a_bulk_withdrawal_takes_what_was_accepted_and_leaves_the_rest_as_it_was(author, desk):
    every = {state: contribution(author, state) for state in S}
    said = unescape(in_bulk(desk, "withdraw", *every.values(), reason="Remplacée.").content.decode())
    changed = {state for state, one in every.items() if Reference.objects.get(pk=one.pk).state_reason == "Remplacée."}
    assert changed == {S.ACCEPTED}
    assert [(one.handling, one.word) for one in every[S.ACCEPTED].steps.all()] == [(Handling.WITHDRAWN, "Remplacée.")]
    assert {state for state, one in every.items() if f"{one.mark}: " in said} == set(S) - {S.ACCEPTED}
    assert notices(author) == ["library.withdrawn"]


def test_nothing_is_called_done_where_nothing_was(author, desk):
    left = contribution(author, S.WITHDRAWN)
    assert "messages" in (answer := in_bulk(desk, "accept", left)).context
    assert [one.level_tag for one in answer.context["messages"]] == ["warning"]


@pytest.mark.parametrize(
    ("action", "values"),
    [
        ("audiences", {"audiences": ["members"]}),
        ("own_production", {}),
        ("accept", {}),
        ("withdraw", {"reason": "Vieille."}),
    ],
)
def test_a_bulk_action_does_not_undo_what_somebody_did_meanwhile(author, desk, action, values, monkeypatch):
    """The row was read for the list; a referent refuses it and its title is mended before the action reaches it."""
    reference, reader = contribution(author, S.PROPOSED), referent()
    first = Reference.objects.get(pk=reference.pk)
    run = handling.locked

    def somebody_first(stale):
        if first.state == S.PROPOSED:
            first.state = S.REFUSED
            monkeypatch.setattr(handling, "locked", run)
            handling.refuse(stale, reader, "Déjà là.", held=held(reader))
            Reference.objects.filter(pk=stale.pk).update(title="Un titre corrigé")
        return run(stale)

    monkeypatch.setattr(handling, "locked", somebody_first)
    said = unescape(in_bulk(desk, action, reference, **values).content.decode())
    fresh = Reference.objects.get()
    assert (fresh.state, fresh.state_reason, fresh.title) == (S.REFUSED, "Déjà là.", "Un titre corrigé")
    assert (f"{reference.mark}: " in said) is (action in ("accept", "withdraw"))
    assert [one.handling for one in fresh.steps.all()] == [Handling.REFUSED]


def test_a_bulk_action_goes_on_when_one_was_deleted_meanwhile(author, desk, monkeypatch):
    gone, there = contribution(author, S.PROPOSED), contribution(author, S.PROPOSED)
    run = handling.locked

    def somebody_first(stale):
        Reference.objects.filter(pk=gone.pk).delete()
        return run(stale)

    monkeypatch.setattr(handling, "locked", somebody_first)
    said = unescape(in_bulk(desk, "accept", gone, there).content.decode())
    assert f"{gone.mark}: " in said and f"{there.mark}: " not in said
    assert [(one.pk, one.state) for one in Reference.objects.all()] == [(there.pk, S.ACCEPTED)]


def test_what_an_editor_may_accept_unproposed_nobody_else_may(author):
    reader, who = referent(), editor()
    reference = contribution(author)
    Contribution.objects.create(reference=reference)
    for person in (author, reader, who):  # the editor without the second factor
        with pytest.raises(handling.NotAllowed):
            handling.accept_unproposed(reference, person, held=held(person))
    assert handling.accept_unproposed(reference, who, held=held(who, second_factor=True)).state == S.ACCEPTED
    assert Contribution.objects.get().confirmed_at  # a reading that ends later corrects nothing that was accepted


@pytest.mark.parametrize("action", ["accept", "audiences"])
def test_no_bulk_action_publishes_own_work_that_was_not_agreed(author, desk, action):
    if action == "accept":
        reference = contribution(author, S.PROPOSED, audiences=("public",), own_production=make.body("PA"))
    else:
        reference = contribution(author, S.ACCEPTED, audiences=("members",), own_production=make.body("PA"))
    answer = in_bulk(desk, action, reference, audiences=["public"])
    with override("fr"):
        assert str(NEEDS_AGREEMENT) in unescape(answer.content.decode())
    assert not Reference.objects.public().exists()


def test_the_form_of_the_admin_says_the_same_sentence(author, desk):
    group = make.body("PA")
    answer = desk.post(add_url(), form(group, own_production=group.pk) | {"files-TOTAL_FORMS": "0"})
    assert answer.status_code == 200 and not Reference.objects.exists()
    with override("fr"):
        assert str(NEEDS_AGREEMENT) in unescape(answer.content.decode())


def test_a_state_changed_in_the_form_of_the_admin_is_told(author, desk):
    reference = contribution(author, S.PROPOSED)
    address = reverse(Reference.snippet_viewset.get_url_name("edit"), args=[reference.pk])
    shown = desk.get(address).context["form"]["shown"].value()
    changed = form(
        reference.body,
        state="returned",
        state_reason="Il manque l’année.",
        audiences=["members"],
        shown=shown,
        **stamps(desk, address),
    )
    answer = desk.post(address, changed | {"files-TOTAL_FORMS": "0", "creators-TOTAL_FORMS": "0"})
    assert answer.status_code == 302
    assert [(one.handling, one.word) for one in reference.steps.all()] == [(Handling.RETURNED, "Il manque l’année.")]
    assert notices(author) == ["library.returned"]


def test_what_its_author_took_back_is_no_longer_called_withdrawn(author):
    taken, gone = contribution(author, S.DRAFT), contribution(author, S.WITHDRAWN)
    refused = contribution(author, S.WITHDRAWN)
    history = (
        (taken, ["proposed", "withdrawn", "proposed", "accepted"], ""),
        (gone, ["proposed", "accepted", "withdrawn"], ""),
        (refused, ["proposed", "withdrawn"], "Un double."),  # by an editor, in the admin
    )
    for reference, names, word in history:
        for name in names:
            ContributionStep.objects.create(reference=reference, handling=name, actor=author, word=word)
    migration.name_taken_back(apps, None)
    assert [[step.handling for step in reference.steps.all()] for reference, _names, _word in history] == [
        ["proposed", "taken_back", "proposed", "accepted"],
        ["proposed", "accepted", "withdrawn"],
        ["proposed", "withdrawn"],
    ]
    migration.name_withdrawn(apps, None)
    assert [step.handling for step in taken.steps.all()] == history[0][1]
