"""What the landed rows of a batch say about the bureau's ways: modes, integer money, codes never seen."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from medfund.contract import Table
from medfund.ingest.sqltypes import ident, quoted
from medfund.settings import PROJECT_ROOT, Bureau

CODES = PROJECT_ROOT / "seeds" / "codes"
# Fewer amounts than this say nothing about whole yuan.
_ENOUGH = 20
_LISTED = 50
# Of a text that stands where a code should, so many characters are shown.
_SHOWN = 60
_FIRST = 5000
# Up to here one grouping over all coded columns is cheaper than one for each: it costs less to plan.
_SMALL = 50_000


@dataclass
class _Dictionary:
    """One code list: how codes are compared, and the codes by that spelling."""

    normalise: str
    by_prefix: bool
    codes: set[str] = field(default_factory=set)
    longest: int = 0
    patterns: list[re.Pattern[str]] = field(default_factory=list)

    def normal(self, code: str) -> str:
        """The spelling by which codes are compared."""
        plain = code.replace("_", "")
        if self.normalise == "strip_leading_zero":
            return plain.lstrip("0") or "0"
        return plain.zfill(2) if self.normalise == "zero_pad_2" else plain

    def lists(self, value: str) -> bool:
        """True for a code that is listed, rolls up to a listed one, or has a listed form."""
        code = self.normal(value)
        if code in self.codes or (
            self.by_prefix and any(code[:n] in self.codes for n in range(1, min(len(code), self.longest + 1)))
        ):
            return True
        return any(pattern.search(value) for pattern in self.patterns)


class Codes:
    """The project's code lists; remembers its answers, since deliveries repeat the same codes."""

    def __init__(self, folder: Path = CODES) -> None:
        self._dictionaries: dict[str, _Dictionary] = {}
        self._answers: dict[tuple[str, str], bool] = {}
        for row in _read(folder / "code_dictionary.csv"):
            self._dictionaries[row["dictionary"]] = _Dictionary(
                row["normalise"], row["rollup"] == "longest_prefix"
            )
        for row in _read(folder / "code_value.csv"):
            one = self._dictionaries[row["dictionary"]]
            one.codes.add(one.normal(row["code"]))
            one.longest = max(one.longest, len(one.normal(row["code"])))
        for row in _read(folder / "code_pattern.csv"):
            self._dictionaries[row["dictionary"]].patterns.append(re.compile(row["regex"]))

    def unlisted(self, dictionary: str, value: str) -> bool:
        """True when the dictionary lists codes and this is none of them."""
        key = dictionary, value
        if key not in self._answers:
            known = self._dictionaries.get(dictionary)
            self._answers[key] = bool(known and known.codes) and not (known and known.lists(value))
        return self._answers[key]


def _read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def unlisted_codes(
    con: duckdb.DuckDBPyConnection, relation: str, table: Table, rows: int, codes: Codes
) -> dict[str, list[dict[str, Any]]]:
    """Codes of the landed rows that no dictionary lists, by column: code, rows, first row number.

    `relation` is the SQL of the landed rows, `rows` how many there are.
    """
    coded = {
        c.name: str(c.dictionary)
        for c in table.landed
        if c.dictionary and c.type == "text" and c.privacy is None
    }
    if not coded:
        return {}
    values = ", ".join(map(ident, coded))
    if rows <= _SMALL:
        names = ", ".join(map(quoted, coded))
        sql = f"""SELECT name, value, count(*), min(_row_no) FROM (
                SELECT unnest([{names}]) AS name, unnest([{values}]) AS value, _row_no FROM {relation}
            ) WHERE value IS NOT NULL GROUP BY ALL"""
    else:
        sets = ", ".join(f"({ident(name)})" for name in coded)
        which = " ".join(f"WHEN GROUPING({ident(name)}) = 0 THEN {quoted(name)}" for name in coded)
        sql = f"""SELECT CASE {which} END AS name, coalesce({values}) AS value, count(*), min(_row_no)
            FROM {relation} GROUP BY GROUPING SETS ({sets}) HAVING value IS NOT NULL"""
    by_column: dict[str, list[dict[str, Any]]] = {}
    seen = con.execute(sql).fetchall()
    missed = [one for one in seen if codes.unlisted(coded[one[0]], one[1])]
    for name, value, n, first in sorted(missed, key=lambda one: (one[0], -one[2], one[1])):
        listed = by_column.setdefault(name, [])
        if len(listed) < _LISTED:
            listed.append({"code": value[:_SHOWN], "rows": n, "first_row": first})
    return by_column


def integer_money(con: duckdb.DuckDBPyConnection, relation: str, table: Table, rows: int) -> list[str]:
    """Money columns whose amounts are all whole yuan, as when an extract casts money to integers.

    `relation` is the SQL of the landed rows, `rows` how many there are.
    """
    money = [c.name for c in table.landed if c.is_money]
    if not money:
        return []
    # Most columns show a fen within the first rows; only what is left is read to the end.
    found = con.execute(
        f"""SELECT name, bool_and(value = trunc(value)), count(*) FROM (
            SELECT unnest([{", ".join(map(quoted, money))}]) AS name, unnest([{", ".join(map(ident, money))}]) AS value
            FROM (FROM {relation} LIMIT {_FIRST})
        ) WHERE value <> 0 GROUP BY name"""
    ).fetchall()
    enough = {name: whole and n >= _ENOUGH for name, whole, n in found}
    if rows <= _FIRST:
        return [name for name in money if enough.get(name)]
    left = [name for name in money if name not in {name for name, whole, _ in found if not whole}]
    if not left:
        return []
    tests = ", ".join(
        f"coalesce(bool_and({m} = trunc({m})), false) AND count(nullif({m}, 0)) >= {_ENOUGH}"
        for m in map(ident, left)
    )
    answers = con.execute(f"SELECT {tests} FROM {relation}").fetchone() or ()
    return [name for name, whole in zip(left, answers, strict=True) if whole]


def settlement_modes(con: duckdb.DuckDBPyConnection, relation: str, bureau: Bureau) -> dict[str, Any]:
    """How this delivery's settlements read, each with the counts it was decided on.

    fund_scope: does the fund total close the payer identity without (`excl`) or with (`incl`) the personal
    account; on rows with account money. mutual_aid: is family money inside account money; on rows that have
    some. refunds: how reversals are written. Rows are settlements; the tolerance is one fen.
    """
    row = con.execute(
        f"""WITH s AS (
            SELECT coalesce(medfee_sumamt, 0) AS fee, coalesce(fund_pay_sumamt, 0) AS fund,
                coalesce(acct_pay, 0) AS account, coalesce(cash_payamt, 0) AS cash, psn_pay,
                coalesce(acct_mulaid_pay, 0) AS aid,
                coalesce(psn_pay, coalesce(acct_pay, 0) + coalesce(cash_payamt, 0)) AS person,
                coalesce(nullif(hosp_part_amt, 0), ownpay_hosp_part, 0) AS hospital,
                init_setl_id, refd_setl_flag
            FROM {relation}
            WHERE vali_flag = '1'
        )
        SELECT count(*) FILTER (account <> 0),
            count(*) FILTER (account <> 0 AND abs(fee - fund - person - hospital) <= 0.01),
            count(*) FILTER (account <> 0 AND abs(fee - (fund - account) - person - hospital) <= 0.01),
            count(*) FILTER (aid <> 0 AND psn_pay IS NOT NULL),
            count(*) FILTER (aid <> 0 AND abs(psn_pay - account - cash) <= 0.01),
            count(*) FILTER (aid <> 0 AND abs(psn_pay - account - cash - aid) <= 0.01),
            count(*) FILTER (init_setl_id IS NOT NULL),
            count(*) FILTER (init_setl_id IS NOT NULL AND fee < 0),
            count(*) FILTER (init_setl_id IS NOT NULL AND fee > 0),
            count(*) FILTER (init_setl_id IS NULL AND refd_setl_flag = '1')
        FROM s"""
    ).fetchone()
    assert row is not None
    with_account, excl, incl, with_aid, inside, outside, reversals, negative, positive, refunded = row
    if reversals == 0:
        refunds = "flag only" if refunded else "none seen"
    else:
        refunds = "negative mirror rows" if negative >= positive else "positive rows with a flag"
    return {
        "fund_scope": {
            "detected": _decide(with_account, excl, incl, "excl", "incl"),
            "setting": bureau.modes.fund_scope,
            "rows_with_account_money": with_account,
            "rows_that_close_excl": excl,
            "rows_that_close_incl": incl,
        },
        "mutual_aid": {
            "detected": _decide(with_aid, inside, outside, "inside", "outside"),
            "setting": bureau.modes.mutual_aid,
            "rows_with_mutual_aid": with_aid,
            "rows_that_close_inside": inside,
            "rows_that_close_outside": outside,
        },
        "refunds": {
            "detected": refunds,
            "setting": bureau.modes.refunds,
            "reversal_rows": reversals,
            "negative_reversals": negative,
            "positive_reversals": positive,
            "refunded_originals": refunded,
        },
    }


def empty_values(con: duckdb.DuckDBPyConnection, rows: Path, table: Table) -> dict[str, int]:
    """Rows without a value, by column, from the file's own statistics; full columns are left out."""
    found = con.execute(
        f"""SELECT path_in_schema, sum(stats_null_count)::BIGINT FROM parquet_metadata({quoted(str(rows))})
        GROUP BY 1 HAVING sum(stats_null_count) > 0"""
    ).fetchall()
    counts = dict(found)
    return {c.name: counts[c.name] for c in table.landed if c.name in counts}


def repeated_visits(con: duckdb.DuckDBPyConnection, relation: str) -> dict[str, Any] | None:
    """Visits with several unrefunded settlements at one institution: how many, and the first of them."""
    # Few hashes come twice, and those that do by chance are told apart by what they are of.
    found = con.execute(
        f"""WITH settled AS (
            SELECT mdtrt_id, fixmedins_code, setl_id, hash(mdtrt_id, fixmedins_code) AS visit FROM {relation}
            WHERE vali_flag = '1' AND refd_setl_flag <> '1' AND fixmedins_code IS NOT NULL
        ),
        several AS (SELECT visit FROM settled GROUP BY visit HAVING count(*) > 1)
        SELECT mdtrt_id, fixmedins_code, count(DISTINCT setl_id) FROM settled SEMI JOIN several USING (visit)
        GROUP BY ALL HAVING count(DISTINCT setl_id) > 1 ORDER BY ALL"""
    ).fetchall()
    if not found:
        return None
    return {
        "count": len(found),
        "first": [{"mdtrt_id": v, "fixmedins_code": i, "settlements": n} for v, i, n in found[:_LISTED]],
    }


def contradicted_kinds(con: duckdb.DuckDBPyConnection, relation: str) -> list[str]:
    """Institution codes whose prefix (H hospital, P pharmacy) and type say different kinds; the prefix counts."""
    found = con.execute(
        f"""SELECT DISTINCT i.fixmedins_code
        FROM {relation} i
        JOIN read_csv({quoted(str(CODES / "code_value.csv"))}, header=true, all_varchar=true) v
            ON v.dictionary = 'fixmedins_type' AND v.code = ltrim(i.fixmedins_type, '0')
        WHERE CASE left(i.fixmedins_code, 1) WHEN 'H' THEN v.grouping = 'pharmacy'
            WHEN 'P' THEN v.grouping <> 'pharmacy' ELSE false END
        ORDER BY 1"""
    ).fetchall()
    return [code for (code,) in found]


def _decide(tested: int, usual: int, other: int, usual_name: str, other_name: str) -> str:
    """The reading that closes more rows, provided it closes most of those tested."""
    if usual == other or max(usual, other) * 2 < tested:
        return "undecided"
    return usual_name if usual > other else other_name


_MODE_COUNTS = {
    "fund_scope": ("rows_with_account_money", "rows_that_close_excl", "rows_that_close_incl"),
    "mutual_aid": ("rows_with_mutual_aid", "rows_that_close_inside", "rows_that_close_outside"),
}


def mode_sentences(batches: Sequence[dict[str, Any]]) -> list[str]:
    """What the settlements of a delivery say about the bureau's ways, over all its files, with the counts."""
    if not batches:
        return []
    said = []
    for name, counts in _MODE_COUNTS.items():
        tested, usual, other = (sum(modes[name][count] for modes in batches) for count in counts)
        usual_name, other_name = (count.rsplit("_", 1)[1] for count in counts[1:])
        found = _decide(tested, usual, other, usual_name, other_name)
        setting = batches[0][name]["setting"]
        if tested:
            said.append(
                f"modes.{name}: {found}, as {tested} rows can tell ({usual} close as {usual_name}, {other} as "
                f"{other_name}); "
                + ("write it into bureau.toml to fix it" if setting == "detect" else f"set to {setting}")
            )
    reversals = sum(modes["refunds"]["reversal_rows"] for modes in batches)
    refunded = sum(modes["refunds"]["refunded_originals"] for modes in batches)
    if reversals or refunded:
        ways = sorted({modes["refunds"]["detected"] for modes in batches} - {"none seen"})
        said.append(
            f"modes.refunds: exported as {' and '.join(ways)} ({reversals} reversals, {refunded} refunded originals); "
            f"set to {batches[0]['refunds']['setting']}"
        )
    return said


def mode_warnings(modes: dict[str, Any]) -> list[str]:
    """Sentences where the data contradict the bureau file."""
    said = []
    for name in ("fund_scope", "mutual_aid"):
        mode = modes[name]
        if mode["setting"] != "detect" and mode["detected"] not in (mode["setting"], "undecided"):
            said.append(
                f"bureau.toml sets modes.{name} = {mode['setting']}, these rows read as {mode['detected']}"
            )
    return said
