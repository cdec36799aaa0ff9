"""Cutting text into terms, keeping it, finding it again; reading files. The public door is filled by `indexing` and `engines`."""
