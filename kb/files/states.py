"""The state of a version as people see it: icon, word, sentence. The states themselves are in `choices`."""

from __future__ import annotations

from dataclasses import dataclass

from kb.files.choices import STATE_ICONS, UNREAD_STATES, State, sentence_of
from kb.files.models import FileVersion


@dataclass(frozen=True, slots=True)
class ShownState:
    """code ends the class name state--<code>; word and sentence are in the language of the request;
    icon is one of the frame's.
    """

    code: str
    icon: str
    word: str
    sentence: str

    @property
    def is_unread(self) -> bool:
        """Whether something is to be completed: shown in amber."""
        return self.code in UNREAD_STATES


def shown_state(version: FileVersion) -> ShownState:
    """For templates/parts/file_state.html: {% include "parts/file_state.html" with state=… %}."""
    return ShownState(
        str(version.state), STATE_ICONS[version.state], str(State(version.state).label), state_sentence(version)
    )


def state_sentence(version: FileVersion) -> str:
    """What the state of this version means and what can be done about it, in the language of the request."""
    return sentence_of(version.state)
