"""Tables: files and frames of any library become columns of known types, and an error names file, row and column."""

from unflat.tables.columns import MAX_CATEGORIES
from unflat.tables.files import open_table, read_table
from unflat.tables.frames import Table, as_table
from unflat.tables.ts import read_ts

__all__ = ["MAX_CATEGORIES", "Table", "as_table", "open_table", "read_table", "read_ts"]
