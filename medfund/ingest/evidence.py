"""What the landed rows of a batch say about the bureau's ways: modes, integer money, codes never seen."""

from __future__ import annotations

from collections.abc import Sequence
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
_FIRST = 5000


def load_codes(con: duckdb.DuckDBPyConnection) -> bool:
    """Make the tables `code` and `code_regex` from the project's code lists; False when there are none."""
    values, patterns = CODES / "code_value.csv", CODES / "code_pattern.csv"
    dictionaries = CODES / "code_dictionary.csv"
    if not (values.exists() and dictionaries.exists()):
        return False
    con.execute(
        f"""CREATE OR REPLACE TEMP TABLE code AS
        SELECT v.dictionary, {_normal("v.code", "d.normalise")} AS code, d.normalise, d.rollup
        FROM read_csv({quoted(str(values))}, header=true, all_varchar=true) v
        JOIN read_csv({quoted(str(dictionaries))}, header=true, all_varchar=true) d USING (dictionary)"""
    )
    con.execute("CREATE OR REPLACE TEMP TABLE code_regex (dictionary VARCHAR, regex VARCHAR)")
    if patterns.exists():
        con.execute(
            f"""INSERT INTO code_regex SELECT dictionary, regex
            FROM read_csv({quoted(str(patterns))}, header=true, all_varchar=true)"""
        )
    return True


def _normal(code: str, how: str) -> str:
    """SQL of the spelling by which codes are compared, as the dictionary asks for."""
    plain = f"replace({code}, '_', '')"
    return (
        f"CASE {how} WHEN 'strip_leading_zero' THEN coalesce(nullif(ltrim({plain}, '0'), ''), '0') "
        f"WHEN 'zero_pad_2' THEN CASE WHEN length({plain}) < 2 THEN lpad({plain}, 2, '0') ELSE {plain} END "
        f"ELSE {plain} END"
    )


def unlisted_codes(
    con: duckdb.DuckDBPyConnection, rows: Path, table: Table
) -> dict[str, list[dict[str, Any]]]:
    """Codes of the landed rows that no dictionary lists, by column: code, rows, first row number."""
    coded = [c for c in table.landed if c.dictionary and c.privacy is None]
    if not coded:
        return {}
    source = f"read_parquet({quoted(str(rows))}, hive_partitioning=false)"
    seen = " UNION ALL ".join(
        f"SELECT {quoted(c.name)} AS name, {quoted(str(c.dictionary))} AS dictionary, {ident(c.name)} AS value, "
        f"count(*) AS n, min(_row_no) AS first FROM {source} WHERE {ident(c.name)} IS NOT NULL "
        f"GROUP BY {ident(c.name)}"
        for c in coded
    )
    found = con.execute(
        f"""WITH seen AS ({seen}),
        known AS (SELECT DISTINCT dictionary, normalise, rollup FROM code),
        asked AS (
            SELECT s.*, k.rollup, {_normal("s.value", "k.normalise")} AS code
            FROM seen s JOIN known k USING (dictionary)
        ),
        missed AS (
            SELECT * FROM asked a
            WHERE NOT EXISTS (SELECT 1 FROM code c WHERE c.dictionary = a.dictionary AND c.code = a.code)
        )
        SELECT name, value, n, first FROM missed m
        WHERE NOT (rollup = 'longest_prefix' AND EXISTS (
                SELECT 1 FROM code c WHERE c.dictionary = m.dictionary AND starts_with(m.code, c.code)))
          AND NOT EXISTS (
                SELECT 1 FROM code_regex r WHERE r.dictionary = m.dictionary AND regexp_matches(m.value, r.regex))
        ORDER BY name, n DESC, value"""
    ).fetchall()
    by_column: dict[str, list[dict[str, Any]]] = {}
    for name, value, n, first in found:
        listed = by_column.setdefault(name, [])
        if len(listed) < _LISTED:
            listed.append({"code": value, "rows": n, "first_row": first})
    return by_column


def integer_money(con: duckdb.DuckDBPyConnection, rows: Path, table: Table) -> list[str]:
    """Money columns whose amounts are all whole yuan, as when an extract casts money to integers."""
    money = [c.name for c in table.landed if c.is_money]
    if not money:
        return []
    source = f"read_parquet({quoted(str(rows))}, hive_partitioning=false)"
    # Most columns show a fen within the first rows; only what is left is read to the end.
    for relation in (f"(FROM {source} LIMIT {_FIRST})", source):
        tests = ", ".join(
            f"count(*) FILTER ({ident(m)} <> CAST({ident(m)} AS BIGINT)) = 0, "
            f"count(*) FILTER ({ident(m)} <> 0) >= {_ENOUGH}"
            for m in money
        )
        row = con.execute(f"SELECT {tests} FROM {relation}").fetchone() or ()
        enough = dict(zip(money, row[1::2], strict=True))
        money = [name for name, whole in zip(money, row[0::2], strict=True) if whole]
        if not money:
            return []
    return [name for name in money if enough[name]]


def settlement_modes(con: duckdb.DuckDBPyConnection, rows: Path, bureau: Bureau) -> dict[str, Any]:
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
            FROM read_parquet({quoted(str(rows))}, hive_partitioning=false)
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


def repeated_visits(con: duckdb.DuckDBPyConnection, rows: Path) -> dict[str, Any] | None:
    """Visits with several unrefunded settlements at one institution: how many, and the first of them."""
    found = con.execute(
        f"""SELECT mdtrt_id, fixmedins_code, count(DISTINCT setl_id)
        FROM read_parquet({quoted(str(rows))}, hive_partitioning=false)
        WHERE vali_flag = '1' AND refd_setl_flag <> '1' AND fixmedins_code IS NOT NULL
        GROUP BY ALL HAVING count(DISTINCT setl_id) > 1 ORDER BY ALL"""
    ).fetchall()
    if not found:
        return None
    return {
        "count": len(found),
        "first": [{"mdtrt_id": v, "fixmedins_code": i, "settlements": n} for v, i, n in found[:_LISTED]],
    }


def contradicted_kinds(con: duckdb.DuckDBPyConnection, rows: Path) -> list[str]:
    """Institution codes whose prefix (H hospital, P pharmacy) and type say different kinds; the prefix counts."""
    found = con.execute(
        f"""SELECT DISTINCT i.fixmedins_code
        FROM read_parquet({quoted(str(rows))}, hive_partitioning=false) i
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
