"""Carries out what was asked for: plants into settlements, rewrites exports, and writes the answer key."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from medfund.synth.city import Institutions, People
from medfund.synth.faults import rewrites, visits
from medfund.synth.faults.kinds import KINDS
from medfund.synth.scene import Columns, Window

Con = duckdb.DuckDBPyConnection
Answer = dict[str, Any]

COLUMNS = ("table", "key_columns", "key_values", "fault", "group", "rule_id", "incident", "role", "amount", "fund_amount",
           "is_innocent", "note")  # fmt: skip
# Incidents that a window may cut: how many rows of them a rule needs.
_ENOUGH = {"frequent_outpatient": 101, "dialysis": 12, "wrong_death_date": 1}


def key_path(directory: Path) -> Path:
    """Where the answer key of exports in `directory` is written: beside it, so that loading the folder never meets it."""
    return directory.with_name(f"{directory.name}.answer_key.csv")


class Planter:
    """Plants kinds that have a rate. Without any it changes nothing."""

    def __init__(
        self,
        con: Con,
        people: People,
        places: Institutions,
        window: Window,
        seed: int,
        rates: dict[str, float],
    ) -> None:
        self.con, self.window, self.rates = con, window, rates
        self._names = list(KINDS)
        number = {name: i for i, name in enumerate(KINDS) if name in rates and name in visits.ACTS}
        self._memory = visits.Memory(rates, number, seed, people, places) if number else None
        con.execute("""CREATE TEMP TABLE fault_mark (kind VARCHAR, incident BIGINT, role BIGINT, shift BIGINT,
            setl_id VARCHAR, mdtrt_id VARCHAR, medfee BIGINT, fund BIGINT)""")
        con.execute("""CREATE TEMP TABLE fault_row (kind VARCHAR, incident BIGINT, "table" VARCHAR, key_columns VARCHAR,
            key_values VARCHAR, amount DECIMAL(16, 2), setl_id VARCHAR, note VARCHAR)""")
        con.execute(
            "CREATE TEMP TABLE given_care (mdtrt_id BIGINT, alike BIGINT, disease BIGINT, condition BIGINT)"
        )

    def simulated(self, month: int, rows: Columns) -> Columns:
        """A month's settlements with what is planted into them."""
        if self._memory is None:
            return rows
        rows, marks = visits.plant(self._memory, month, rows)
        if month in self.window and len(marks["kind"]):
            self.con.register("marks", pa.table(marks))
            self.con.register("kinds", pa.table({"kind": range(len(self._names)), "name": self._names}))
            self.con.execute("""INSERT INTO fault_mark SELECT k.name, incident, role, shift, '97' || setl_id,
                '98' || mdtrt_id, medfee, fund FROM marks JOIN kinds k USING (kind)""")
            self.con.execute("""INSERT INTO given_care SELECT mdtrt_id, CASE WHEN alike >= 0 THEN alike END,
                CASE WHEN disease >= 0 THEN disease END, CASE WHEN condition >= 0 THEN condition END
                FROM marks WHERE alike >= 0 OR disease >= 0 OR condition >= 0""")
            self.con.unregister("marks")
            self.con.unregister("kinds")
        return rows

    def rewritten(self, con: Con, table: str, query: str) -> str:
        """The query for the rows of a table that are about to be written, with what is planted into them."""
        acts = [
            act for kinds, act in rewrites.ACTS.get(table, ()) if not kinds or set(kinds) & self.rates.keys()
        ]
        if con is not self.con or not acts or self._memory is None:
            return query
        con.execute(
            f"CREATE OR REPLACE TEMP TABLE touched AS SELECT *, row_number() OVER () AS at_row FROM ({query})"
        )
        for act in acts:
            act(con)
        return "SELECT * EXCLUDE (at_row) FROM touched ORDER BY at_row"

    def write_key(self, directory: Path, answers: Iterable[Answer]) -> dict[str, int]:
        """Write the answer key beside `directory`. Returns the planted rows by kind."""
        listed = self._listed() + [row for answer in answers for row in _answer_rows(answer)]
        listed.sort(key=lambda row: (self._names.index(row[3]), row[6], row[7], row[0], row[2]))
        with key_path(directory).open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(COLUMNS)
            writer.writerows(listed)
        counts: dict[str, int] = {}
        for row in listed:
            counts[row[3]] = counts.get(row[3], 0) + 1
        return counts

    def _listed(self) -> list[tuple[Any, ...]]:
        """Rows of the key for what was planted at a rate. Incidents cut off by the window aren't listed."""
        if self._memory is None:
            return []
        con = self.con
        size = self._memory.size
        con.register(
            "sizes",
            pa.table(
                {
                    "incident": pa.array(list(size), pa.int64()),
                    "size": pa.array(list(size.values()), pa.int64()),
                }
            ),
        )
        con.register(
            "known",
            pa.table(
                {
                    "kind": self._names,
                    "grp": [k.group for k in KINDS.values()],
                    "rule": [k.rule for k in KINDS.values()],
                    "innocent": [k.innocent for k in KINDS.values()],
                    "text": [k.note for k in KINDS.values()],
                    "by_line": [k.by_line for k in KINDS.values()],
                    "enough": pa.array([_ENOUGH.get(k) for k in KINDS], pa.int64()),
                }
            ),
        )
        found = con.execute("""
            WITH mark AS (
                SELECT m.*, count(*) OVER (PARTITION BY m.kind, m.incident) AS here FROM fault_mark m
            ),
            whole AS (
                SELECT m.*, k.* EXCLUDE (kind) FROM mark m JOIN known k USING (kind) JOIN sizes z USING (incident)
                WHERE here >= coalesce(k.enough, z.size)
            )
            SELECT 'setl_d', 'setl_id', setl_id, kind, grp, rule, incident, role,
                CASE WHEN role = 0 THEN 0 ELSE medfee END / 100.0, CASE WHEN role = 0 THEN 0 ELSE fund END / 100.0,
                innocent, text
            FROM whole w WHERE role = 2 AND incident IN (SELECT incident FROM fault_row)
                OR NOT by_line AND role < 2 AND NOT EXISTS (FROM fault_row f WHERE f.kind = w.kind)
            UNION ALL
            SELECT f."table", f.key_columns, f.key_values, w.kind, w.grp, w.rule, w.incident, w.role, f.amount,
                f.amount * w.fund / nullif(w.medfee, 0), w.innocent, concat_ws(': ', w.text, f.note)
            FROM whole w JOIN fault_row f ON f.kind = w.kind AND f.incident = w.incident AND f.setl_id = w.setl_id
        """).fetchall()
        con.unregister("sizes")
        con.unregister("known")
        return [(*row[:8], _money(row[8]), _money(row[9]), str(row[10]).lower(), row[11]) for row in found]


def _money(yuan: Any) -> str:
    return "" if yuan is None else f"{yuan:.2f}"


def _answer_rows(answer: Answer) -> list[tuple[Any, ...]]:
    """What a fault planted a fixed number of times says, as rows of the key."""
    kind = KINDS[answer["fault"]]
    end = (kind.name, kind.group, kind.rule, 0, 1)
    if "setl_ids" in answer:
        ids, amount = answer["all_setl_ids"], "1.23"
        return [("setl_d", "setl_id", i, *end, amount, "", "false", answer["expect"]) for i in ids]
    known = {
        "book_org": "org_code",
        "fund_code": "fund_code",
        "ym": "month",
        "subj_code": "subj_code",
        "file": "file",
    }
    key = {column: answer[name] for column, name in known.items() if name in answer}
    return [
        (
            answer["table"],
            ",".join(key),
            ",".join(key.values()),
            *end,
            answer.get("amount", ""),
            "",
            "false",
            answer["expect"],
        )
    ]
