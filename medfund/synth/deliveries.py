"""Monthly deliveries: what a bureau hands over month by month, corrections of earlier months included.

A folder per month holds what was new in it, as it was known at its end, and in files named `_late` what came later about
earlier months: settlements that were refunded or withdrawn meanwhile, rows that arrived after the month had closed, and a
few rows once more for no reason. Everything loaded in order makes what one export of all months makes, since the last
version of each row is the export's. A folder after the last month holds what is still under way then.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import duckdb

from medfund.synth import calibration as cal
from medfund.synth.scene import Output, Window, suffix, write_file

# What the first version of a row says that was changed later: expressions over the last version's columns.
_STAND = "CASE WHEN init_setl_id IS NULL THEN '0' ELSE refd_setl_flag END AS refd_setl_flag"
_BY_ITEM = "CASE WHEN refd_setl_flag = '0' AND vali_flag = '1' AND clr_way = '30' THEN '1' ELSE clr_way END AS clr_way"
_EARLIER = {
    "setl_d": f"'1' AS vali_flag, {_STAND}, {_BY_ITEM}",
    "outmed_setl_d": f"'1' AS vali_flag, {_STAND}, {_BY_ITEM}",
    "fee_list_d": "'1' AS vali_flag",
    "mdtrt_d": "'1' AS vali_flag",
    "acct_pay_detl_d": "'1' AS vali_flag",
    "setl_list_diag_d": "'1' AS vali_flag",
    "setl_list_oprn_d": "'1' AS vali_flag",
    "fixmedins_b": "NULL AS endtime",
}
# When rows without a time of change are handed over.
_DATED = {
    "fund_acct_bal": "strptime(ym::VARCHAR, '%Y%m')",
    "fund_vchr_d": "strptime(ym::VARCHAR, '%Y%m')",
    "fund_bank_stmt_d": "txn_date",
    "fund_budg_a": '"生效日期"',
    "audit_case_d": "greatest(open_date, close_date)",
}
_LATE_TABLE = "setl_d"
_BOOKED_AFTER = "INTERVAL 30 MINUTE"


@dataclass
class Deliveries(Output):
    """Writes each row into the folder of the month in which it was handed over."""

    first: int = 0
    last: int = 0

    def table(
        self, con: duckdb.DuckDBPyConnection, table: str, query: str, stem: str, form: str = "utf-8"
    ) -> None:
        """Hand over the rows of a file: in the month its name gives, or by their own dates."""
        month = re.search(r"_(20\d{4})", stem)
        home = int(month[1]) // 100 * 12 + int(month[1]) % 100 - 1 if month else None
        self._take(con, table, query, home)
        if home is not None:
            self._hand_over(con, table, home, stem, form)
            return
        for due in self._months_due(con, table):
            self._hand_over(con, table, due, f"{stem}_{Window.text(due)}", form)

    def month(self, con: duckdb.DuckDBPyConnection, table: str, query: str, month: int) -> None:
        """Hand over a month's rows."""
        self._take(con, table, query, month)
        self._hand_over(con, table, month, f"{table}_{Window.text(month)}", "utf-8")

    def close(self, con: duckdb.DuckDBPyConnection) -> None:
        """Hand over what is still under way."""
        tables = con.execute(
            "SELECT table_name FROM duckdb_tables() WHERE table_name LIKE 'due\\_%' ESCAPE '\\'"
        ).fetchall()
        for (name,) in sorted(tables):
            table = name.removeprefix("due_")
            for due in self._months_due(con, table):
                self._hand_over(con, table, due, f"{table}_{Window.text(due)}", "utf-8")

    def _take(self, con: duckdb.DuckDBPyConnection, table: str, query: str, home: int | None) -> None:
        """Put the rows of `query` into `due_<table>`: `due` is the month of delivery, `is_late` says that it isn't theirs."""
        query = self.final(con, table, query)
        con.execute(
            f"CREATE OR REPLACE TEMP TABLE handed AS SELECT *, row_number() OVER () AS at_row FROM ({query})"
        )
        columns = {row[0] for row in con.execute("DESCRIBE handed").fetchall()}
        changed = "updt_time" if "updt_time" in columns else _DATED.get(table)
        born = "crte_time" if table in _EARLIER else changed
        home_month = str(home) if home is not None else _month_of(born) if born else str(self.first)
        final_month = _month_of(changed) if changed and table in _EARLIER else home_month
        late = "false"
        if table == _LATE_TABLE:
            late = f"hash(setl_id || 'late') % 10000 < {round(cal.LATE_SHARE * 10_000)}"
        home_month = f"least(greatest({home_month}, {self.first}), {self.last + 1})"
        con.execute(f"""CREATE OR REPLACE TEMP TABLE version AS SELECT *, {home_month} AS home,
            {home_month} + CASE WHEN {late} THEN 1 ELSE 0 END AS arrives,
            least(greatest({final_month}, {self.first}), {self.last + 1}) AS settles FROM handed""")
        parts = [
            "SELECT * EXCLUDE (home, arrives, settles), greatest(arrives, settles) AS due, "
            "greatest(arrives, settles) > home AS is_late FROM version"
        ]
        if table in _EARLIER:
            parts.append(f"""SELECT * EXCLUDE (home, arrives, settles)
                REPLACE ({_EARLIER[table]}, crte_time::TIMESTAMP + {_BOOKED_AFTER} AS updt_time),
                arrives AS due, arrives > home AS is_late
                FROM version WHERE settles > arrives""")
        if table == _LATE_TABLE:
            parts.append(f"""SELECT * EXCLUDE (home, arrives, settles), greatest(arrives, settles) + 1 AS due, true AS is_late
                FROM version WHERE hash(setl_id || 'again') % 10000 < {round(cal.AGAIN_SHARE * 10_000)}
                    AND greatest(arrives, settles) < {self.last}""")
        rows = " UNION ALL ".join(f"({part})" for part in parts)
        exists = con.execute("SELECT count(*) FROM duckdb_tables() WHERE table_name = ?", [f"due_{table}"])
        start = f"INSERT INTO due_{table}" if exists.fetchall()[0][0] else f"CREATE TEMP TABLE due_{table} AS"
        con.execute(f"{start} SELECT * FROM ({rows})")

    def _months_due(self, con: duckdb.DuckDBPyConnection, table: str) -> list[int]:
        found = con.execute(f"SELECT DISTINCT due FROM due_{table} ORDER BY due").fetchall()
        return [int(row[0]) for row in found]

    def _hand_over(
        self, con: duckdb.DuckDBPyConnection, table: str, month: int, stem: str, form: str
    ) -> None:
        folder = f"{month // 12:04d}-{month % 12 + 1:02d}"
        for late in (False, True):
            where = f"due = {month} AND is_late = {late}"
            if not con.execute(f"SELECT count(*) FROM due_{table} WHERE {where}").fetchall()[0][0]:
                continue
            shape = self._form(table, form)
            path = self.path(f"{folder}/{stem}{'_late' if late else ''}{suffix(shape)}")
            query = f"SELECT * EXCLUDE (at_row, due, is_late) FROM due_{table} WHERE {where} ORDER BY at_row"
            self.rows[table] = self.rows.get(table, 0) + write_file(con, query, path, shape)
        con.execute(f"DELETE FROM due_{table} WHERE due = {month}")


def _month_of(moment: str) -> str:
    """SQL for the counted month of a moment."""
    return f"(year({moment}::TIMESTAMP) * 12 + month({moment}::TIMESTAMP) - 1)"
