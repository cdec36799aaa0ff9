"""The door to the office formats: Open XML in `openxml`, OpenDocument in `opendocument`, books in `epub`; their
containers in `package`.
"""

from search.extraction.office.epub import read as read_epub
from search.extraction.office.opendocument import read_odp, read_ods, read_odt
from search.extraction.office.openxml import read_docx, read_pptx, read_word_xml, read_xlsx

__all__ = ["read_docx", "read_epub", "read_odp", "read_ods", "read_odt", "read_pptx", "read_word_xml", "read_xlsx"]
