"""Why a file could not be read; each is one of the states of a file version."""


class ExtractionError(Exception):
    """`reason` is a short technical sentence in English, for the log and for `read_files`; media_type what the file was
    known to be, or "".
    """

    state = "broken"

    def __init__(self, reason: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.media_type = ""


class EncryptedFile(ExtractionError):
    """The file wants a password."""

    state = "encrypted"


class BrokenFile(ExtractionError):
    """The file is damaged, or reading it crashed."""

    state = "broken"


class TooLarge(ExtractionError):
    """The file, what it unpacks to, or the text it gives is over a limit."""

    state = "too_large"


class Unsupported(ExtractionError):
    """Not a format that is read here."""

    state = "unsupported"


class Unconfined(Exception):
    """The process that reads cannot be shut in here, and is asked to be: nothing that a file could help,
    and no state of it.
    """


class TimedOut(ExtractionError):
    """Reading took too long: worth another try."""

    state = "waiting"
