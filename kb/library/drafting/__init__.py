"""Drafting a notice from what a file, a link or a title says: each line with where it was read, nothing invented.

    draft(reference)       {field: {"value", "where", "page"}}, nothing written              (sources)
    fill(contribution)     drafts, and writes it where a person has not written               (filling)
    write(contribution, …) the writing alone, for who looked at the words before a transaction

How each line of the notice is read from a document is in `lines`, all without the database; `composing` puts them
together.
"""

from kb.library.drafting.filling import fill, write
from kb.library.drafting.sources import draft, lines_of_reference

__all__ = ["draft", "fill", "lines_of_reference", "write"]
