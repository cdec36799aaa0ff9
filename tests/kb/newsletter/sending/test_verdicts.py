"""What a refusal for good says of the mailbox, by the status of RFC 3463 or, without one, by its words."""

from __future__ import annotations

import pytest

from kb.newsletter.sending.verdicts import is_about_mailbox

ABOUT_THE_MAILBOX = [
    "550 5.1.1 <…>: Recipient address rejected: User unknown",
    "550 5.1.2 Host unknown",
    "550-5.1.1 The email account that you tried to reach does not exist",
    "553 5.1.3 bad syntax",
    "551 5.1.6 recipient no longer on server",
    "556 5.1.10 Recipient address has null MX",
    "550 5.2.0 mailbox unavailable",
    "550 5.2.1 mailbox disabled",
    "550 5.4.1 Recipient address rejected: Access denied",
    "554 5.4.4 Host or domain name not found",
    "550 5.5.0 Requested action not taken: mailbox unavailable",
    "550 no such user",
    "550 gone",
    "554 delivery error: dd This user doesn't have an account here",
    "5.0.0 smtp; 554 no such mailbox",
]
ABOUT_SOMETHING_ELSE = [
    "550 5.7.1 Message rejected due to DKIM failure",
    "550 5.7.26 Unauthenticated email is not accepted due to domain's DMARC policy",
    "554 5.7.1 Service unavailable; client host blocked using zen.spamhaus.org",
    "550 5.7.0 Local policy violation",
    "550 5.2.2 mailbox full",
    "552 5.2.3 message too big for this mailbox",
    "550 5.1.8 sender's domain does not resolve",
    "553 5.1.7 sender address syntax",
    "552 5.3.4 message too big",
    "554 5.4.6 too many hops",
    "554 5.6.0 content not acceptable",
    "550 rejected: listed at a DNSBL",
    "554 Your access to this mail system has been rejected due to the sending MTA's poor reputation",
    "550 SPF check failed",
    "550 this message looks like spam",
    "552 over quota",
    "5.0.0 smtp; 552 exceeded storage allocation",
    "5.0.0 smtp; 554 denied by our policy",
]


@pytest.mark.parametrize("said", ABOUT_THE_MAILBOX)
def test_an_unknown_or_closed_mailbox_is_the_mailbox_s_own_refusal(said):
    assert is_about_mailbox(said)


@pytest.mark.parametrize("said", ABOUT_SOMETHING_ELSE)
def test_a_policy_a_block_list_a_full_mailbox_or_our_message_is_not(said):
    assert not is_about_mailbox(said)


def test_the_status_of_a_report_goes_before_its_words():
    assert not is_about_mailbox("550 5.1.1 no such user", status="5.7.1")
    assert is_about_mailbox("550 said no", status="5.1.1")


def test_a_report_that_says_nothing_but_that_it_failed_counts():
    assert is_about_mailbox("", status="")
    assert is_about_mailbox("smtp; 550", status="5.0.0")
