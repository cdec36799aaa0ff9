"""Asking, confirming, changing, leaving, being erased: what each does, once, and what nobody learns from it."""

from __future__ import annotations

import re
from datetime import timedelta
from threading import Barrier, Thread

import pytest
from django.core import mail
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation

from kb.accounts.addresses import prove
from kb.clock.models import OutgoingMail
from kb.newsletter.choices import ConsentEvent, ConsentSource, SubscriberState
from kb.newsletter.message.addresses import LONGEST, clean_address, folded, masked
from kb.newsletter.message.links import Purpose, subscriber_of, token_of
from kb.newsletter.models import Consent, ErasedAddress, Sending, Subscriber
from kb.newsletter.subscribers import erased, subscribing
from kb.sheets.models import SheetImport, SheetLine
from tests.kb.accounts import builders as people
from tests.kb.newsletter.builders import issue, subscriber

pytestmark = pytest.mark.django_db

ADDRESS = "accueil@cpas.example"
WORDS = "J’accepte de recevoir L’Échos-CASS."


@pytest.fixture(autouse=True)
def _fresh_limits():
    from django.core.cache import cache

    cache.clear()


@pytest.fixture(autouse=True)
def posted(monkeypatch, settings):
    """Messages as they are written, before they are sealed."""
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    mail.outbox = []
    return mail.outbox


def ask(email: str = ADDRESS, language: str = "fr") -> None:
    subscribing.ask(email, language, wording=WORDS)


def word_in(message) -> str:
    return re.search(r"https?://\S+/(\S+)/\s", message.body + "\n").group(1)


# Addresses

GOOD = {
    "as it is": ("Nom.Prenom@CPAS.example", "Nom.Prenom@cpas.example"),
    "spaces around": ("  a@b.example\u00a0", "a@b.example"),
    "a full stop after": ("a@b.example.", "a@b.example"),
    "a plus and a quote": ("o'brien+echos@b.example", "o'brien+echos@b.example"),
    "domain in Greek": ("a@παράδειγμα.example", "a@xn--hxajbheg2az3al.example"),
    "domain in Arabic": ("a@مثال.example", "a@xn--mgbh0fb.example"),
    "domain in Cyrillic capitals": ("a@ПОЧТА.example", "a@xn--80a1acny.example"),
    "domain with an umlaut": ("a@büro.example", "a@xn--bro-hoa.example"),
    "Chinese full stop": ("a@例子。example", "a@xn--fsqu00a.example"),
}


@pytest.mark.parametrize("case", GOOD)
def test_an_address_is_cleaned(case):
    typed, kept = GOOD[case]
    assert clean_address(typed) == kept


BAD = {
    "five thousand signs": ("a" * 5000 + "@b.example", "long"),
    "255 signs": (f"a@{'.'.join(['b' * 60] * 4)}.{'c' * 10}", "long"),
    "65 before the at": ("a" * 65 + "@b.example", "long"),
    "header injection": ("a@b.example\nBcc: c@d.example", "invisible"),
    "carriage return": ("a@b.example\rx", "invisible"),
    "nul": ("a\x00@b.example", "invisible"),
    "tab inside": ("a\t@b.example", "invisible"),
    "right-to-left mark": ("a\u202e@b.example", "invisible"),
    "zero width": ("a\u200b@b.example", "invisible"),
    "line separator": ("a\u2028@b.example", "invisible"),
    "quoted": ('"a b"@b.example', "quoted"),
    "comment": ("a(x)@b.example", "quoted"),
    "a name around it": ("Bureau <a@b.example>", "several"),
    "two": ("a@b.example, c@d.example", "several"),
    "two at signs": ("a@b@c.example", "several"),
    "letters with accents": ("prénom@b.example", "letters"),
    "Arabic before the at": ("مثال@b.example", "letters"),
    "full-width at": ("a＠b.example", "invalid"),
    "no at": ("b.example", "invalid"),
    "nothing before": ("@b.example", "invalid"),
    "nothing after": ("a@", "invalid"),
    "space inside": ("a b@c.example", "invalid"),
    "dot before the at": ("a.@b.example", "invalid"),
    "two dots": ("a..b@c.example", "invalid"),
    "host of one word": ("a@localhost", "domain"),
    "a number": ("a@192.0.2.1", "domain"),
    "in brackets": ("a@[192.0.2.1]", "domain"),
    "underscore": ("a@b_c.example", "domain"),
    "label too long": (f"a@{'b' * 64}.example", "domain"),
    "hyphen first": ("a@-b.example", "domain"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_is_no_address_is_said_in_a_sentence_of_its_own(case):
    typed, code = BAD[case]
    with pytest.raises(ValidationError) as refused:
        clean_address(typed)
    assert refused.value.code == code


def test_the_longest_address_fits():
    longest = f"{'a' * 64}@{'.'.join(['b' * 60] * 3)}."
    longest += "c" * (LONGEST - len(longest))
    assert len(clean_address(longest)) == LONGEST


@pytest.mark.parametrize(
    ("address", "shown"), [("accueil@cpas.example", "a•••@cpas.example"), ("a@cpas.example", "•••@cpas.example")]
)
def test_a_masked_address_does_not_give_it_away(address, shown):
    assert masked(address) == shown


# Asking and confirming


def test_who_asks_is_subscribed_once_they_confirm(posted):
    ask()
    row = Subscriber.objects.get()
    assert row.state == SubscriberState.PENDING
    assert (row.email, posted[0].to, posted[0].kind) == (ADDRESS, [ADDRESS], "newsletter.confirm")
    done = subscribing.confirm(word_in(posted[0]))
    assert (done.pk, done.state) == (row.pk, SubscriberState.ACTIVE)
    assert [(one.event, one.source, one.wording) for one in done.consents.all()] == [
        (ConsentEvent.ASKED, ConsentSource.FORM, WORDS),
        (ConsentEvent.GIVEN, ConsentSource.LINK, WORDS),
    ]
    assert all(abs(timezone.now() - one.at) < timedelta(minutes=1) for one in done.consents.all())


def test_the_word_is_kept_hashed(posted):
    ask()
    word = word_in(posted[0])
    assert len(word) == 32
    row = Subscriber.objects.get()
    assert word not in (row.confirm_hash, row.key) and len(row.confirm_hash) == 64


def test_a_word_counts_once(posted):
    ask()
    word = word_in(posted[0])
    assert subscribing.confirm(word)
    assert subscribing.confirm(word) is None
    assert Consent.objects.filter(event=ConsentEvent.GIVEN).count() == 1


def test_a_word_replayed_after_leaving_has_no_effect(posted):
    ask()
    word = word_in(posted[0])
    row = subscribing.confirm(word)
    subscribing.unsubscribe(row)
    assert subscribing.confirm(word) is None
    assert Subscriber.objects.get().state == SubscriberState.UNSUBSCRIBED


def test_leaving_takes_an_open_link_back(posted):
    ask()
    subscribing.unsubscribe(Subscriber.objects.get())
    assert subscribing.confirm(word_in(posted[0])) is None


def test_a_word_works_for_seven_days(posted):
    ask()
    word = word_in(posted[0])
    Subscriber.objects.update(confirm_expires_at=timezone.now() + timedelta(seconds=1))
    assert subscribing.row_of(word)
    Subscriber.objects.update(confirm_expires_at=timezone.now() - timedelta(seconds=1))
    assert subscribing.row_of(word) is None and subscribing.confirm(word) is None
    ask()
    left = Subscriber.objects.get().confirm_expires_at - timezone.now()
    assert timedelta(days=6, hours=23) < left <= timedelta(days=7)


def test_a_newer_message_takes_the_place_of_the_older(posted):
    ask()
    ask()
    assert subscribing.confirm(word_in(posted[0])) is None
    assert subscribing.confirm(word_in(posted[1]))


@pytest.mark.parametrize("word", ["", "x", "é" * 300, "a" * 5000])
def test_an_unknown_word_confirms_nothing(word):
    subscriber(state="pending")
    assert subscribing.row_of(word) is None and subscribing.confirm(word) is None


def test_the_same_address_however_written_is_one_subscriber(posted):
    ask("Accueil@cpas.example")
    subscribing.confirm(word_in(posted[0]))
    ask("ACCUEIL@cpas.example")
    assert Subscriber.objects.count() == 1
    assert posted[1].to == ["Accueil@cpas.example"]


def test_a_stranger_changes_nothing_of_an_active_subscription(posted):
    row = subscriber(ADDRESS, language="nl")
    before = Subscriber.objects.values().get()
    ask(language="fr")
    assert Subscriber.objects.values().get() == before
    assert posted[0].kind == "newsletter.already" and posted[0].extra_headers["Content-Language"] == "nl"
    assert subscriber_of(word_in(posted[0])) == row


def test_a_stranger_does_not_change_the_language_of_who_left_before_they_confirm(posted):
    subscriber(ADDRESS, language="nl", state="unsubscribed")
    ask(language="fr")
    row = Subscriber.objects.get()
    assert (row.language, row.state) == ("nl", "unsubscribed")
    done = subscribing.confirm(word_in(posted[0]))
    assert (done.language, done.state) == ("fr", "active")


def test_whose_mailbox_refused_may_resume_by_the_form(posted):
    subscriber(ADDRESS, state="not_now", refusals=2)
    ask()
    assert posted[0].kind == "newsletter.resume"
    assert Subscriber.objects.get().state == SubscriberState.NOT_NOW
    done = subscribing.confirm(word_in(posted[0]))
    assert (done.state, done.refusals) == (SubscriberState.ACTIVE, 0)
    assert done.consents.last().event == ConsentEvent.RESUMED


def test_who_was_erased_comes_back_by_their_own_choice_only(posted):
    row = subscriber(ADDRESS)
    subscribing.erase(row)
    ask()
    assert erased.was_erased(ADDRESS)
    subscribing.confirm(word_in(posted[0]))
    assert not erased.was_erased(ADDRESS)
    assert Subscriber.objects.get().state == SubscriberState.ACTIVE


STATES = ("new", "pending", "active", "not_now", "unsubscribed", "erased")


def in_state(state: str, address: str = ADDRESS) -> None:
    if state == "erased":
        subscribing.erase(subscriber(address))
    elif state != "new":
        subscriber(address, state=state)


@pytest.mark.parametrize("state", STATES)
def test_asking_takes_the_same_statements_and_one_message_whatever_the_address_is(state, posted):
    in_state(state)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert ask() is None
    kinds = [query["sql"].split()[0] for query in queries if not query["sql"].startswith(("SAVEPOINT", "RELEASE"))]
    assert kinds == ["INSERT", "SELECT", "UPDATE", "INSERT"]
    assert len(posted) == 1


@pytest.mark.parametrize("state", STATES)
def test_the_fourth_message_within_the_hour_is_not_written_and_takes_no_link_away(state, posted):
    in_state(state)
    for _time in range(5):
        ask()
    assert len(posted) == 3
    if state != "active":
        assert subscribing.confirm(word_in(posted[2]))


def test_the_limit_of_one_address_is_not_another_s(posted):
    for _time in range(4):
        ask()
    ask("autre@cpas.example")
    assert len(posted) == 4


@pytest.mark.parametrize("language", ["fr", "nl", "en"])
def test_the_wording_is_in_the_language_of_the_page(language):
    with translation.override("en"):
        assert len(subscribing.wording(language)) > 80


# Races


@pytest.mark.django_db(transaction=True)
def test_two_who_ask_and_confirm_at_the_same_moment_make_one_subscriber(posted):
    barrier, found = Barrier(4), []

    def asking() -> None:
        barrier.wait()
        try:
            ask()
        finally:
            connection.close()

    def confirming(word: str) -> None:
        barrier.wait()
        try:
            found.append(subscribing.confirm(word))
        finally:
            connection.close()

    run([Thread(target=asking) for _each in range(4)])
    assert Subscriber.objects.count() == 1
    working = [word for word in map(word_in, posted) if subscribing.row_of(word)]
    assert len(working) == 1
    run([Thread(target=confirming, args=working) for _each in range(4)])
    assert sum(one is not None for one in found) == 1
    assert Consent.objects.filter(event=ConsentEvent.GIVEN).count() == 1


def run(threads: list[Thread]) -> None:
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


# Changing


def test_a_new_address_counts_once_its_link_is_used(posted):
    row = subscriber(ADDRESS)
    subscribing.ask_new_address(row, "neuf@cpas.example")
    row.refresh_from_db()
    assert (row.email, row.state) == (ADDRESS, "active")
    assert [message.to for message in posted] == [["neuf@cpas.example"]]
    assert ADDRESS not in posted[0].body
    done, former_key = subscribing.confirm(word_in(posted[0])), row.key
    assert (done.email, done.email_key, done.new_email, done.confirm_hash) == (
        "neuf@cpas.example",
        "neuf@cpas.example",
        "",
        "",
    )
    assert done.key != former_key and subscriber_of(token_of(former_key, Purpose.CHANGE)) is None
    assert posted[1].to == [ADDRESS] and posted[1].kind == "newsletter.changed" and "neuf@cpas" not in posted[1].body
    assert done.consents.last().event == ConsentEvent.CHANGED


def test_a_former_address_is_kept_nowhere_but_in_the_message_that_tells_it(settings):
    settings.EMAIL_BACKEND = "kb.clock.mail.posting.Backend"
    made = issue(live=True)
    subscriber(ADDRESS)
    Sending.objects.create(
        issue=made, revision=made.live_revision, starts_at=timezone.now(), state="stopped", note=f"550 <{ADDRESS}> no"
    )
    OutgoingMail.objects.create(address=ADDRESS, kind="newsletter.confirm", subject="x", state="sent")
    word, values = subscribing._new_token()
    Subscriber.objects.update(**{**values, "new_email": "neuf@cpas.example"})
    assert subscribing.confirm(word).email == "neuf@cpas.example"
    assert ADDRESS not in Sending.objects.get().note
    assert list(OutgoingMail.objects.filter(address=ADDRESS).values_list("kind", flat=True)) == ["newsletter.changed"]


def test_an_address_that_is_subscribed_is_told_so_and_stays(posted):
    row, other = subscriber(ADDRESS), subscriber("autre@cpas.example")
    subscribing.ask_new_address(row, "autre@cpas.example")
    assert (posted[0].to, posted[0].kind) == (["autre@cpas.example"], "newsletter.already")
    row.refresh_from_db()
    assert row.email == ADDRESS
    assert Subscriber.objects.count() == 2 and subscriber_of(word_in(posted[0])) == other


@pytest.mark.parametrize("state", ["nobody", *SubscriberState])
def test_who_changes_their_address_cannot_find_out_whether_another_is_known(state, posted):
    """Neither by an earlier link of their own, nor by what their export tells."""
    row = subscriber(ADDRESS)
    if state != "nobody":
        subscriber("cible@cpas.example", state=state)
    subscribing.ask_new_address(row, "neuf@cpas.example")
    earlier = word_in(posted[0])
    subscribing.ask_new_address(row, "cible@cpas.example")
    row.refresh_from_db()
    assert subscribing.row_of(earlier) is None and row.new_email == "cible@cpas.example"


@pytest.mark.parametrize("state", ["pending", "unsubscribed"])
def test_who_left_is_not_subscribed_by_a_change_of_address(state, posted):
    row = subscriber(ADDRESS, state=state)
    subscribing.ask_new_address(row, "neuf@cpas.example")
    row.refresh_from_db()
    assert (posted, row.new_email, row.confirm_hash) == ([], "", "")


def test_who_left_while_the_link_was_under_way_stays_unsubscribed(posted):
    row = subscriber(ADDRESS)
    stale = Subscriber.objects.get()
    subscribing.unsubscribe(row)
    subscribing.ask_new_address(stale, "neuf@cpas.example")
    assert posted == [] and Subscriber.objects.get().new_email == ""


def test_an_address_that_was_never_confirmed_or_left_makes_room(posted):
    row = subscriber(ADDRESS)
    subscriber("autre@cpas.example", state="unsubscribed")
    subscribing.ask_new_address(row, "autre@cpas.example")
    assert subscribing.confirm(word_in(posted[0])).pk == row.pk
    assert [one.email for one in Subscriber.objects.all()] == ["autre@cpas.example"]


def test_an_address_subscribed_meanwhile_is_not_taken(posted):
    row = subscriber(ADDRESS)
    subscribing.ask_new_address(row, "autre@cpas.example")
    subscriber("autre@cpas.example")
    with pytest.raises(subscribing.AddressTaken):
        subscribing.confirm(word_in(posted[0]))
    row.refresh_from_db()
    assert row.email == ADDRESS and Subscriber.objects.count() == 2


def test_messages_to_a_new_address_are_counted_too(posted):
    row = subscriber(ADDRESS)
    for _time in range(5):
        subscribing.ask_new_address(row, "cible@cpas.example")
    assert len(posted) == 3
    assert subscribing.confirm(word_in(posted[2]))


def test_a_change_of_language_is_written_down_once():
    row = subscriber(ADDRESS)
    subscribing.change_language(row, "nl")
    subscribing.change_language(row, "nl")
    assert Subscriber.objects.get().language == "nl"
    assert [(one.event, one.language) for one in row.consents.filter(event=ConsentEvent.CHANGED)] == [
        (ConsentEvent.CHANGED, "nl")
    ]


# Leaving, being erased


def test_leaving_twice_is_leaving_once():
    row = subscriber(ADDRESS)
    assert subscribing.unsubscribe(row) and row.state == SubscriberState.UNSUBSCRIBED
    assert not subscribing.unsubscribe(row)
    assert row.consents.filter(event=ConsentEvent.WITHDRAWN).count() == 1


def test_leaving_with_a_row_read_before_is_leaving_once():
    row = subscriber(ADDRESS)
    stale = Subscriber.objects.get()
    subscribing.unsubscribe(row)
    assert not subscribing.unsubscribe(stale)


def test_an_erased_address_is_nowhere_but_as_a_hash():
    row = subscriber(ADDRESS, new_email="neuf@cpas.example")
    OutgoingMail.objects.create(
        address=ADDRESS.upper(), kind="newsletter.confirm", subject="x", sealed=b"x", state="sent"
    )
    OutgoingMail.objects.create(address=ADDRESS, kind="newsletter.already", subject="x", sealed=b"x")
    other = OutgoingMail.objects.create(address=ADDRESS, kind="accounts.invitation", subject="x")
    subscribing.erase(row)
    assert not Subscriber.objects.exists() and not Consent.objects.exists()
    assert list(
        OutgoingMail.objects.filter(kind__startswith="newsletter.").values_list("address", "subject", "kind")
    ) == [(subscribing.NOBODY, "", "newsletter.confirm")]
    other.refresh_from_db()
    assert other.address == ADDRESS
    kept = ErasedAddress.objects.get()
    assert re.fullmatch("[0-9a-f]{64}", kept.hash)
    assert erased.was_erased("ACCUEIL@cpas.example") and not erased.was_erased("autre@cpas.example")


def test_erasing_oneself_takes_nothing_away_from_somebody_whose_address_one_typed(posted):
    other = SheetLine.objects.create(
        sheet_import=SheetImport.objects.create(kind="subscribers", original_name="liste.xlsx"),
        sheet="subscribers",
        number=2,
        values={"email": "cible@cpas.example", "proof": "liste"},
    )
    mine = OutgoingMail.objects.create(
        address="cible@cpas.example", kind="newsletter.address", subject="x", sealed=b"x"
    )
    welcome = OutgoingMail.objects.create(
        address="cible@cpas.example", kind="newsletter.welcome", subject="x", sealed=b"x"
    )
    subscribing.erase(subscriber(ADDRESS, new_email="cible@cpas.example"))
    other.refresh_from_db()
    assert other.values["email"] == "cible@cpas.example"
    assert (
        not OutgoingMail.objects.filter(pk=mine.pk).exists()
        and OutgoingMail.objects.get(pk=welcome.pk).address == "cible@cpas.example"
    )


def test_an_erased_address_is_not_in_what_a_server_said_about_the_sending():
    row, made = subscriber(ADDRESS), issue(live=True)
    said = f"550 5.7.1 <{ADDRESS.upper()}> is not welcome"
    Sending.objects.create(
        issue=made,
        revision=made.live_revision,
        starts_at=timezone.now(),
        state="stopped",
        trouble="refuses_all",
        note=said,
    )
    subscribing.erase(row)
    note = Sending.objects.get().note
    assert ADDRESS not in note.lower() and "is not welcome" in note


def test_hashes_are_made_with_a_key_and_former_keys_are_recognised(settings):
    settings.SECRET_KEY = "one"
    erased.remember(ADDRESS)
    with_one = erased.hash_of(ADDRESS)
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "two", ["one"]
    assert erased.was_erased(ADDRESS) and erased.hash_of(ADDRESS) != with_one
    settings.SECRET_KEY_FALLBACKS = []
    assert not erased.was_erased(ADDRESS)


def test_a_key_of_its_own_makes_hashes_outlive_the_secret(settings):
    settings.NEWSLETTER_ADDRESS_KEY, settings.SECRET_KEY = "its own", "one"
    erased.remember(ADDRESS)
    settings.SECRET_KEY = "two"
    assert erased.was_erased(ADDRESS)


# What mail servers answer


def test_the_second_refusal_for_good_means_not_now_until_its_owner_lifts_it():
    row = subscriber(ADDRESS)
    subscribing.note_refused(row, "550 no such user")
    row.refresh_from_db()
    assert (row.state, row.refusals, row.refused_words) == ("active", 1, "550 no such user")
    subscribing.note_refused(row, "x" * 5000)
    row.refresh_from_db()
    assert (row.state, row.refusals) == ("not_now", 2)
    assert subscribing.lift(row)
    assert (row.state, row.refusals, row.refused_words) == ("active", 0, "")
    assert row.consents.last().event == ConsentEvent.RESUMED
    assert not subscribing.lift(row)


def test_a_message_that_arrives_forgets_an_earlier_refusal(django_assert_num_queries):
    row = subscriber(ADDRESS)
    with django_assert_num_queries(0):
        subscribing.note_accepted(row)
    subscribing.note_refused(row, "550")
    row.refresh_from_db()
    subscribing.note_accepted(row)
    subscribing.note_refused(row, "550")
    row.refresh_from_db()
    assert (row.state, row.refusals) == ("active", 1)


@pytest.mark.parametrize("state", ["unsubscribed", "pending"])
def test_refusals_do_not_bring_who_left_into_another_state(state):
    row = subscriber(ADDRESS, state=state)
    for _time in range(3):
        subscribing.note_refused(row, "550")
    row.refresh_from_db()
    assert row.state == state


def test_a_refusal_for_somebody_erased_meanwhile_is_no_error():
    row = subscriber(ADDRESS)
    stale = Subscriber.objects.get()
    subscribing.erase(row)
    subscribing.note_refused(stale, "550")
    subscribing.note_accepted(stale)
    assert not subscribing.unsubscribe(stale)


# Members


def test_a_member_subscribes_a_proven_address_of_their_own(posted):
    user = people.member()
    prove(user, user.email)
    row = subscribing.subscribe_own(user, "nl", wording=WORDS)
    assert (row.email_key, row.state, row.language) == (folded(user.email), "active", "nl")
    assert [(one.event, one.source, one.wording) for one in row.consents.all()] == [
        (ConsentEvent.GIVEN, ConsentSource.ACCOUNT, WORDS)
    ]
    assert subscribing.own_subscriptions(user) == [row]
    assert not posted


def test_a_member_whose_address_is_not_proven_subscribes_nobody():
    user = people.member()
    assert subscribing.subscribe_own(user, "fr", wording=WORDS) is None
    assert not Subscriber.objects.exists()
    subscriber(user.email)
    assert subscribing.own_subscriptions(user) == []
