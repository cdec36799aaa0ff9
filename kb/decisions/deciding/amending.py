"""What changes under an agreement without a vote: a correction of form, read by a second editor; a translation that
comes later, read by a person named as knowing the language. The body is told, any of its voices calls it back.

    the draft ─ propose ─► waits for the second person ─ confirm ─► public, the body told ─ call_back ─► the agreed text shows
The manifest is rewritten, the agreement stays. What is more than that is a new question.
"""  # noqa: E501

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils import timezone

from kb.decisions.choices import RUNNING, AmendmentKind, AmendmentState, ManifestState, Outcome, State
from kb.decisions.deciding.comparing import CAME, Difference, differences
from kb.decisions.deciding.wording import why_not
from kb.decisions.errors import Refused
from kb.decisions.messages import tell_body
from kb.decisions.models import Amendment, Decision, Manifest
from kb.groups.choices import Voice
from kb.groups.models import Mandate
from kb.languages import CODES
from kb.pages.agreements import GatedKind, NotAgreed, Part, Shown, digest_of, kind_of


@dataclass(frozen=True, slots=True)
class Draft:
    """What a draft would change of what was agreed to, by kind. why_not: {kind: code of the refusal, "" for none}.
    new: the languages that a translation may add.
    """

    manifest: Manifest
    rows: dict[str, tuple[Shown, ...]]
    parts: dict[str, list[str]]
    changes: dict[str, tuple[Difference, ...]]
    why_not: dict[str, str]
    new: tuple[Part, ...]

    def is_still(self, amendment: Amendment) -> bool:
        """Whether it says what was proposed, and that may be confirmed."""
        rows = self.rows[amendment.kind]
        is_same = self.manifest.pk == amendment.manifest_id and digest_of(rows) == amendment.digest
        return is_same and not self.why_not[amendment.kind]


def draft_of(subject: str, *, added: str = "") -> Draft:
    """added: the key of the part that a translation adds, "" for the first there is. Raises Refused where there is
    nothing agreed to or nothing drafted, and where an editor took off a part of what was agreed to.
    """
    kind, pk = _kind(subject)
    manifest = _agreed(subject)
    agreed = manifest.shown()
    if not is_whole(kind, pk, agreed):
        raise Refused("not-public-now")
    languages = {row.language for row in agreed}
    held = [key for key in manifest.parts if key not in CODES or key in languages]
    offered = [one for one in kind.parts(pk) if one.key in CODES and not one.refusal and one.key not in held]
    added_by = {part.key: kind.shown(pk, frozenset([*held, part.key])) for part in offered}
    new = tuple(part for part in offered if not why_no_translation(agreed, added_by[part.key]))
    key = added or next((part.key for part in (*new, *offered)), "")
    parts = {
        AmendmentKind.FORM.value: held,
        AmendmentKind.TRANSLATION.value: sorted([*held, key] if key in added_by else held),
    }
    same = kind.shown(pk, frozenset(held))
    rows = {AmendmentKind.FORM.value: same, AmendmentKind.TRANSLATION.value: added_by.get(key, same)}
    why = {
        AmendmentKind.FORM.value: why_not(voted_on(manifest, agreed), rows[AmendmentKind.FORM.value]),
        AmendmentKind.TRANSLATION.value: why_no_translation(agreed, rows[AmendmentKind.TRANSLATION.value]),
    }
    changes = {name: differences(agreed, some) for name, some in rows.items()}
    if not any(changes.values()):
        raise Refused("same-text")
    if not changes[AmendmentKind.FORM.value]:
        why[AmendmentKind.FORM.value] = "same-text"
    return Draft(manifest, rows, parts, changes, why, new)


def voted_on(manifest: Manifest, agreed: Collection[Shown]) -> list[Shown]:
    """The rows as the committee read them, before the corrections that stand: many small ones are no small one. A
    language that came later is as it came.
    """
    first: dict[tuple[str, str], Shown] = {}
    for amendment in manifest.amendments.filter(state=AmendmentState.STANDING).order_by("pk"):
        for row in amendment.former_rows():
            first.setdefault(row.place, row)
    return [first.get(row.place, row) for row in agreed]


def is_whole(kind: GatedKind, pk: int, agreed: Collection[Shown]) -> bool:
    """Whether all that was agreed to is public now: no editor took a part of it off."""
    live = {row.place for row in kind.shown(pk, None)}
    return bool(live) and {row.place for row in agreed} <= live


@transaction.atomic
def draft_to_show(subject: str, amendment: Amendment | None = None) -> Draft:
    """The same for a page that shows it; amendment: as that one chose."""
    return _draft_as(amendment) if amendment is not None else draft_of(subject)


def _draft_as(amendment: Amendment) -> Draft:
    manifest = amendment.manifest
    languages = set(manifest.rows.values_list("language", flat=True))
    added = next((key for key in amendment.parts if key in CODES and key not in languages), "")
    return draft_of(manifest.subject, added=added)


def why_no_translation(before: Collection[Shown], after: Collection[Shown]) -> str:
    """Why these rows are more than a new language of what was agreed to; "" where they are one."""
    found = differences(before, after)
    came = [one.row.language for one in found if one.how == CAME]
    known = {"", *(row.language for row in before)}
    if not came or known.intersection(came):
        return "translation-language"
    return "translation-only" if len(came) < len(found) else ""


@transaction.atomic
def propose(subject: str, kind: str, *, by: Any, reader: Any = None, added: str = "", word: str = "") -> Amendment:
    """Notes what the draft says now; a proposal that still waits is replaced. Raises Refused."""
    draft = draft_of(subject, added=added)
    if draft.why_not[kind]:
        raise Refused(draft.why_not[kind])
    _check_unasked(draft, kind)
    if kind == AmendmentKind.TRANSLATION and (reader is None or reader.pk == by.pk):
        raise Refused("second-person")
    waiting = Amendment.objects.filter(manifest=draft.manifest, state=AmendmentState.PROPOSED)
    waiting.update(state=AmendmentState.REFUSED)
    return Amendment.objects.create(
        manifest=draft.manifest,
        kind=kind,
        parts=draft.parts[kind],
        digest=digest_of(draft.rows[kind]),
        asked_by=by,
        reader=reader if kind == AmendmentKind.TRANSLATION else None,
        word=word[:300],
    )


def may_confirm(amendment: Amendment, user: Any, *, is_staff: bool) -> bool:
    """Whether this person is the second one. is_staff: with the second factor, now. One query for who is named."""
    if amendment.state != AmendmentState.PROPOSED or user.pk == amendment.asked_by_id:
        return False
    if amendment.kind == AmendmentKind.FORM:
        return is_staff
    return user.pk == amendment.reader_id and (is_staff or sits(user))


def sits(user: Any) -> bool:
    """Whether a mandate of this person runs, in whichever body. One query."""
    return Mandate.objects.running().filter(user=user.pk).exists()


@transaction.atomic
def confirm(amendment_id: int, *, by: Any, is_staff: bool) -> Amendment:
    """Makes public what was proposed, where the draft still says it. Raises Refused, with nothing changed."""
    amendment, decision, kind, pk = _held(amendment_id)
    if not may_confirm(amendment, by, is_staff=is_staff):
        raise Refused("second-person" if amendment.state == AmendmentState.PROPOSED else "amendment-over")
    draft = _draft_as(amendment)
    rows = draft.rows[amendment.kind]
    if not draft.is_still(amendment):
        raise Refused("amendment-changed")
    _check_unasked(draft, amendment.kind)
    amendment.keep(list(draft.manifest.parts), draft.manifest.shown())
    _write(kind, pk, draft.manifest, rows, amendment.parts)
    amendment.state, amendment.decided_by, amendment.decided_at = AmendmentState.STANDING, by, timezone.now()
    amendment.save()
    tell_body(decision, "amended", amendment=amendment)
    return amendment


@transaction.atomic
def send_back(amendment_id: int, *, by: Any, is_staff: bool) -> Amendment:
    """The second person does not agree with it: it is a draft again."""
    amendment = _held(amendment_id)[0]
    if not may_confirm(amendment, by, is_staff=is_staff):
        raise Refused("second-person" if amendment.state == AmendmentState.PROPOSED else "amendment-over")
    amendment.state, amendment.decided_by, amendment.decided_at = AmendmentState.REFUSED, by, timezone.now()
    amendment.save()
    return amendment


def may_call_back(amendment: Amendment, decision: Decision, user: Any) -> bool:
    """Whether a running mandate of the body gives this person a voice. One query."""
    mandates = Mandate.objects.running().filter(user=user.pk, body=decision.body_id, voice=Voice.DELIBERATIVE)
    return amendment.state == AmendmentState.STANDING and mandates.exists()


@transaction.atomic
def call_back(amendment_id: int, *, by: Any) -> Amendment:
    """The text that was agreed to shows at once. Raises Refused."""
    amendment, decision, kind, pk = _held(amendment_id)
    if not may_call_back(amendment, decision, by):
        raise Refused("not-yours" if amendment.state == AmendmentState.STANDING else "amendment-over")
    manifest = amendment.manifest
    later = manifest.amendments.filter(state=AmendmentState.STANDING, decided_at__gt=amendment.decided_at)
    if later.exists():
        raise Refused("amendment-later")
    if manifest.state not in (ManifestState.AGREED, ManifestState.SUSPENDED):
        raise Refused("amendment-over")
    rows, parts = amendment.former_rows(), amendment.former["parts"]
    if manifest.state == ManifestState.AGREED and is_whole(kind, pk, rows):
        _write(kind, pk, manifest, rows, parts)
    else:  # a part was taken off meanwhile, or it is in doubt: what changed is not shown, editors alone see the rest
        Manifest.objects.rewrite(manifest, rows, parts)
        kind.close(pk, manifest.pk, False)
    amendment.state, amendment.called_back_by, amendment.called_back_at = AmendmentState.CALLED_BACK, by, timezone.now()
    amendment.save()
    tell_body(decision, "called_back", amendment=amendment)
    return amendment


def decision_of(manifest: Manifest) -> Decision:
    """Raises Refused for what was public before the gate: no body agreed to it."""
    decision = Decision.objects.select_related("body").filter(manifest=manifest).exclude(number=None).first()
    if decision is None:
        raise Refused("no-agreement")
    return decision


def _check_unasked(draft: Draft, kind: str) -> None:
    """Raises Refused where the body is being asked about this, said no to a text in it, or called it back."""
    subject, rows = draft.manifest.subject, draft.rows[kind]
    if Decision.objects.filter(manifest__subject=subject, state__in=RUNNING).exists():
        raise Refused("asked-already")
    back = draft.manifest.amendments.filter(state=AmendmentState.CALLED_BACK, digest=digest_of(rows))
    agreed = set(draft.manifest.rows.values_list("digest", flat=True))
    new = [row.digest for row in rows if row.digest not in agreed]
    about = Decision.objects.filter(manifest__subject=subject, manifest__rows__digest__in=new, state=State.CLOSED)
    if back.exists() or about.filter(outcome=Outcome.NO_AGREEMENT).exists():
        raise Refused("said-no")


def _write(kind: GatedKind, pk: int, manifest: Manifest, rows: Collection[Shown], parts: Collection[str]) -> None:
    Manifest.objects.rewrite(manifest, rows, parts)
    try:
        kind.open(pk, manifest.pk, parts)
    except NotAgreed:
        raise Refused("amendment-changed") from None


def _kind(subject: str) -> tuple[GatedKind, int]:
    try:
        kind, pk = kind_of(subject)
        kind.titles(pk)
    except LookupError:
        raise Refused("no-object") from None
    return kind, pk


def _agreed(subject: str) -> Manifest:
    agreed = Manifest.objects.select_for_update().filter(subject=subject, state=ManifestState.AGREED)
    manifest = agreed.exclude(digest="").order_by("-pk").first()
    if manifest is None:
        raise Refused("no-agreement")
    decision_of(manifest)
    return manifest


def _held(amendment_id: int) -> tuple[Amendment, Decision, GatedKind, int]:
    amendment = Amendment.objects.select_for_update(of=("self",)).select_related("manifest").get(pk=amendment_id)
    kind, pk = _kind(amendment.manifest.subject)
    return amendment, decision_of(amendment.manifest), kind, pk
