"""Weights of the formula, the same on every engine, each with where it was measured.

Score of a document = sum over the query's words of BM25 (k1 1.2, b .75) in five fields, its frequencies in levels
(`engines.levels`), its counts those the reader may know; then twice its best page on top for the first documents.
Sources: "recipe" is the development collections (libreoffice_help, debian_faq, cnil), "books" the help pages bound into
long documents, "latency" a library of a million pages.
"""

BODY = 1.0
TITLE = 0.7  # recipe: .5 to 1 are level; BM25F and repeated titles lose .02 to .08
EXACT_TITLE = 0.2  # recipe: pays on cnil
PAIRS = 0.1  # recipe: libreoffice .659 to .666
PIECES = 0.15  # recipe: Dutch .632 to .658; they order, they never match

COMPOUND = 0.1  # recipe: the longer words that hold the word asked, all as one; .3 costs libreoffice .01 to .02
COMPOUND_PART = 0.3  # recipe: a part of the compound asked
PHRASE = 1.0

PAGE = 2.0  # books: document + 2 x best page, .603 to .701
RERANKED = 25  # books: 10, 20, 50, 100 documents give .670 .684 .687 .687
PAGES_READ = 1000  # latency: best pages looked at among those documents
SECTIONS_SHOWN = 3

SIMILAR_BELOW = 50  # recipe: with fewer found, documents that share pieces are added outside the totals
SIMILAR_SHARE = 0.4  # of the pieces of one word; none at all would add documents that resemble nothing asked
PIECE_POSTINGS = 400_000  # latency: above this many entries read for pieces, only the rarest pieces of each word
RAREST_PIECES = 3
RAREST_PIECES_WEIGHT = 2.0  # makes up for those left out
