"""Does a published table of fund figures add up? Rules K1-K15, within a document and between documents.

`check(files)` reads cells and says what ties, what ties only by rounding, and which cell is the likely
culprit where something does not. Nothing here knows any particular publication: which identities apply
follows from the cells that are printed. `docs/footing_rules.md` explains every rule.
"""

from medfund.checker.bands import DEFAULT_BANDS, Bands
from medfund.checker.document import Document, read_documents
from medfund.checker.report import CheckReport, DocumentReport, check, check_documents

__all__ = [
    "DEFAULT_BANDS",
    "Bands",
    "CheckReport",
    "Document",
    "DocumentReport",
    "check",
    "check_documents",
    "read_documents",
]
