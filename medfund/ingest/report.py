"""What became of one delivered file."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

Status = Literal["landed", "identical", "rejected", "refused"]


class FileProblem(Exception):
    """A file that cannot be taken; the message is the sentence for the user."""


@dataclass
class BatchReport:
    """The account of one source file (or archive member, or sheet).

    rows_read = rows_landed + rows_rejected + rows_identical, always. A refused file has no batch and no rows.
    """

    source_file: str
    status: Status = "refused"
    table_name: str | None = None
    batch_id: str | None = None
    sha256: str | None = None
    rows_read: int = 0
    rows_landed: int = 0
    rows_rejected: int = 0
    rows_identical: int = 0
    rows_superseded: int = 0
    values_nulled: int = 0
    loaded_at: str | None = None
    problem: str | None = None
    warnings: list[str] = field(default_factory=list)
    details: dict[str, Any] = field(default_factory=dict)

    def as_batch(self) -> dict[str, Any]:
        """Content of batch.json: the public columns first, then the details."""
        return {
            "batch_id": self.batch_id,
            "table_name": self.table_name,
            "source_file": self.source_file,
            "sha256": self.sha256,
            "rows_read": self.rows_read,
            "rows_landed": self.rows_landed,
            "rows_rejected": self.rows_rejected,
            "rows_identical": self.rows_identical,
            "rows_superseded": self.rows_superseded,
            "values_nulled": self.values_nulled,
            "loaded_at": self.loaded_at,
            "warnings": self.warnings,
            **self.details,
        }

    def sentence(self) -> str:
        """One line for the user."""
        if self.status == "refused":
            return self.problem or f"{self.source_file}: refused"
        parts = [f"{self.rows_landed} landed"]
        if self.rows_identical:
            parts.append(f"{self.rows_identical} identical to what was there")
        if self.rows_rejected:
            parts.append(f"{self.rows_rejected} rejected")
        if self.rows_superseded:
            parts.append(f"{self.rows_superseded} superseded")
        if self.values_nulled:
            parts.append(f"{self.values_nulled} values set to null")
        where = f"batch {self.batch_id}" if self.batch_id else "not kept (dry run)"
        return (
            f"{self.source_file}: {self.table_name}, {self.rows_read} rows read, {', '.join(parts)}; {where}"
        )
