"""SQL expressions that turn text into contract types. Each gives NULL for a text that does not fit."""

from __future__ import annotations

import re
from collections.abc import Sequence

import duckdb

from medfund.contract import Column, Contract

# Stands where a value may name a person.
HIDDEN = "***"

# Blanks that fixed-width exports and spreadsheets leave around values.
_BLANKS = " \t\r\n\u00a0\u2002\u2003\u3000\ufeff"

# Control characters but NUL, which cannot stand in a statement.
_CONTROLS = "".join(map(chr, (*range(1, 32), 127)))

# Identity numbers of 18 digits, mobile telephones and bank cards, where they stand as a number of their own.
_PERSONAL = (
    "(^|[^0-9])([1-9][0-9]{5}(19|20)[0-9]{2}(0[1-9]|1[0-2])(0[1-9]|[12][0-9]|3[01])[0-9]{3}[0-9Xx]"
    "|1[3-9][0-9]{9}|62[0-9]{14,17})($|[^0-9])"
)
# Words that stand for numbers and dates, or for none; other Chinese in their place may be a name.
_WORDS = "年月日时分秒点上下午元角厘万亿千百十零〇一二三四五六七八九两壹贰叁肆伍陆柒捌玖拾佰仟整正无不详未知合小总计昨今明天空缺"

_CODES_OF_BLANKS = r"\x00-\x20\x7f" + "".join(f"\\x{{{ord(c):x}}}" for c in _BLANKS if ord(c) > 0x20)

# Spreadsheets turn long numbers into this.
_SCIENTIFIC = "[0-9]([.][0-9]+)?[eE][+][0-9]+"

# Written with seconds, without, and dates alone, as bureaus' systems and spreadsheets print them.
_FORMATS = (
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%d %H:%M",
    "%Y-%m-%d",
    "%Y/%m/%d %H:%M:%S",
    "%Y/%m/%d %H:%M",
    "%Y/%m/%d",
    "%Y.%m.%d %H:%M:%S",
    "%Y.%m.%d",
    "%Y年%m月%d日 %H:%M:%S",
    "%Y年%m月%d日",
)

EXPECTED = {
    "text": "a value",
    "integer": "a whole number",
    "date": "a date such as 2024-01-31 or 20240131, from 1900 on",
    "timestamp": "a time such as 2024-01-31 09:30:00 or 20240131093000, from 1900 on",
    "month": "a month such as 202401, month 01-12, year 1990-2099",
}


def quoted(text: str) -> str:
    """A SQL string literal."""
    return "'" + text.replace("'", "''") + "'"


def ident(name: str) -> str:
    """A SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def expected(column: Column) -> str:
    """What a value of this column must look like, in words."""
    if column.scale is None:
        return EXPECTED[column.type]
    digits = column.type.removeprefix("decimal(").split(",")[0]
    if column.is_money and column.scale == 2:
        return f"an amount with at most 2 decimals and {int(digits) - 2} digits before the point"
    return f"a number with at most {int(digits) - column.scale} digits before the point"


def install(con: duckdb.DuckDBPyConnection, contract: Contract) -> None:
    """Give a connection the macros that the expressions of this module call.

    A file's query names hundreds of values; spelling everything out would cost more to parse than a small
    file costs to land.
    """
    for name, body in (
        ("raw_blanks(x)", f"trim(x, {quoted(_BLANKS)})"),
        ("raw_printable(x)", f"translate(x, {quoted(_CONTROLS)} || chr(0), '')"),
        ("raw_personal(x)", f"regexp_matches(x, {quoted(_PERSONAL)})"),
        (
            "raw_untypable(x)",
            f"CASE WHEN raw_personal(x) OR regexp_full_match(x, '.*\\p{{Han}}.*') "
            f"AND NOT regexp_full_match(x, {quoted(f'[ -~{_WORDS}]*')}) THEN {quoted(HIDDEN)} ELSE x END",
        ),
        (
            "raw_code(x)",
            "CASE WHEN regexp_full_match(x, '[!-~]{0,9}') AND NOT regexp_full_match(x, '(19|20)[0-9]{6}') "
            f"THEN x ELSE {quoted(HIDDEN)} END",
        ),
        ("raw_short(x)", "regexp_full_match(x, '-?[0-9]{1,5}([.][0-9]{1,6})?')"),
        ("raw_null(x)", _null_test("x", contract.null_values)),
        ("raw_number(x)", _any_number("x")),
        ("raw_time(x)", _any_timestamp("x", contract.time_zone)),
        ("raw_month(x)", _any_month("x")),
        # To the millionth, by its digits: anything but zeros below the fen is not noise.
        (
            "raw_fen(x)",
            "regexp_extract(CAST(CAST(x AS DECIMAL(38,6)) AS VARCHAR), '^(-?[0-9]+[.][0-9]{2})0000$', 1)",
        ),
        (
            "raw_stamp(x)",
            "CASE WHEN strlen(x) = 19 AND NOT contains(x, '+') THEN try_cast(x AS TIMESTAMP) END",
        ),
        ("raw_day(x)", "CASE WHEN strlen(x) = 10 THEN try_cast(x AS DATE) END"),
        (
            "raw_ym(x)",
            "CASE WHEN regexp_full_match(x, '[0-9]{6}') THEN CAST(try_strptime(x, '%Y%m') AS DATE) END",
        ),
        (
            "raw_count(x)",
            "CASE WHEN regexp_full_match(x, '-?[0-9]{1,9}') THEN CAST(x AS INTEGER) END",
        ),
        (
            "raw_damaged(x)",
            f"(contains(x, 'E+') OR contains(x, 'e+')) AND regexp_full_match(x, {quoted(_SCIENTIFIC)})",
        ),
        # Any blank or control character anywhere, or what may be scientific notation.
        ("raw_odd(x)", f"raw_null(x) OR regexp_matches(x, {quoted(f'[{_CODES_OF_BLANKS}]|[eE][+]')})"),
    ):
        con.execute(f"CREATE OR REPLACE TEMP MACRO {name} AS ({body})")


def trimmed(raw: str) -> str:
    """The value without surrounding blanks, full-width and no-break ones included."""
    return f"raw_blanks({raw})"


def meant(text: str, words: Sequence[str], keep: Sequence[str] = ()) -> str:
    """The trimmed text, null where it is one of the null words. Names the text once."""
    kept = {k.strip().lower() for k in keep}
    listed = [re.escape(w) for w in dict.fromkeys(w.strip().lower() for w in words) if w and w not in kept]
    return f"nullif(regexp_replace({text}, {quoted('^(' + '|'.join(listed) + ')$')}, '', 'i'), '')"


def damaged(text: str) -> str:
    """SQL condition: an identifier that a spreadsheet turned into 1.10105E+17; its digits are gone."""
    return f"raw_damaged({text})"


def is_null_word(text: str, words: Sequence[str], keep: Sequence[str] = ()) -> str:
    """SQL condition: the trimmed text is one of the words that mean null (letters in any case), and none
    that the column keeps as a value."""
    return _null_test(text, words, keep) if keep else f"raw_null({text})"


def no_null_word(text: str, words: Sequence[str]) -> str:
    """SQL condition: by its length or its first character, the text is none of the words that mean null. Cheap,
    and true of nearly every value; where it is false, `is_null_word` tells."""
    listed = [word.strip().lower() for word in words]
    longer = f"strlen({text}) > {max((len(word.encode()) for word in listed), default=0)}"
    if any(word[:1].isdigit() or word == ":" for word in listed):
        return longer
    return f"({longer} OR {text} BETWEEN '0' AND ':')"


def _null_test(text: str, words: Sequence[str], keep: Sequence[str] = ()) -> str:
    kept = {k.strip().lower() for k in keep}
    tests = []
    for word in dict.fromkeys(w.strip().lower() for w in words):
        if word in kept:
            continue
        if word.lower() != word.upper():
            tests.append(f"(strlen({text}) = {len(word.encode())} AND lower({text}) = {quoted(word)})")
        else:
            tests.append(f"{text} = {quoted(word)}")
    return "(" + " OR ".join(tests or ["false"]) + ")"


def fast(raw: str, column: Column) -> str:
    """The usual spelling of a typed value, straight from the raw text; NULL where it takes `slow` to tell.

    Never takes a text for another value than `slow` would.
    """
    if column.scale is not None:
        # A point with at most `scale` characters after it, a text shorter than that, or digits: the cast is exact.
        short = (
            f"strlen({raw}) - strpos({raw}, '.') <= {column.scale} OR regexp_full_match({raw}, '-?[0-9]+')"
        )
        return f"CASE WHEN {short} THEN try_cast({raw} AS {column.duckdb_type}) END"
    if column.type == "timestamp":
        return f"raw_stamp({raw})"
    if column.type == "date":
        return f"raw_day({raw})"
    if column.type == "month":
        return f"raw_ym({raw})"
    return f"raw_count({raw})"


def number_type(column: Column) -> str:
    """The type as which a reader may take a decimal column. Money keeps more digits than it may have, so that
    float noise can be told from an amount that has too many."""
    return "DECIMAL(18,6)" if column.is_money else column.duckdb_type


def number(value: str, column: Column) -> str:
    """The column's value of one read as `number_type`; NULL for money with a digit below the fen."""
    if not column.is_money:
        return value
    cast = f"try_cast({value} AS {column.duckdb_type})"
    return f"CASE WHEN {value} = {cast} THEN {cast} END"


def usual(text: str, kind: str, types: Sequence[str]) -> str:
    """SQL condition: a text that `fast` takes, or as a text value needs no cleaning, for any of these types.
    `kind` is the SQL of its column's type. Some that are usual are not told so."""
    tests = []
    for name in types:
        if name == "text":
            test = f"NOT raw_odd({text})"
        elif name.startswith("decimal"):
            digits, scale = map(int, name.removeprefix("decimal(").removesuffix(")").split(","))
            test = f"regexp_full_match({text}, '-?[0-9]{{1,{digits - scale}}}([.][0-9]{{1,{scale}}})?')"
        else:
            test = f"{fast(text, Column(name='x', type=name))} IS NOT NULL"
        tests.append(f"WHEN {quoted(name)} THEN {test}")
    return f"CASE {kind} {' '.join(tests)} END"


def slow(text: str, column: Column) -> str:
    """Any accepted spelling of a trimmed text. Decimals and integers come as DECIMAL(38,10), times and
    dates as TIMESTAMP; `settle` makes the column's type of it."""
    if column.scale is not None or column.type == "integer":
        return f"raw_number({text})"
    return f"raw_month({text})" if column.type == "month" else f"raw_time({text})"


def _any_number(text: str) -> str:
    """Digits with a point, an exponent or well-placed thousands separators; names the text once."""
    whole = "([0-9]{1,3}(,[0-9]{3})+|[0-9]+)"
    shape = f"^([+-]?({whole}[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]{{1,3}})?)$"
    return f"try_cast(replace(regexp_extract({text}, {quoted(shape)}, 1), ',', '') AS DECIMAL(38,10))"


def _any_month(text: str) -> str:
    return (
        f"CASE WHEN regexp_full_match({text}, '[0-9]{{6}}([.]0+)?') THEN try_strptime(left({text}, 6), '%Y%m') "
        f"WHEN regexp_full_match({text}, '[0-9]{{4}}[-/.年][0-9]{{1,2}}月?') "
        f"THEN try_strptime(rtrim(regexp_replace({text}, '[-/.年月]', '-', 'g'), '-'), '%Y-%m') "
        f"ELSE raw_time({text}) END"
    )


def _any_timestamp(text: str, time_zone: str) -> str:
    formats = "[" + ", ".join(quoted(f) for f in _FORMATS) + "]"
    return (
        f"CASE WHEN regexp_full_match({text}, '[0-9]{{8}}') THEN try_strptime({text}, '%Y%m%d') "
        f"WHEN regexp_full_match({text}, '[0-9]{{12}}') THEN try_strptime({text}, '%Y%m%d%H%M') "
        f"WHEN regexp_full_match({text}, '[0-9]{{14,20}}') THEN try_strptime(left({text}, 14), '%Y%m%d%H%M%S') "
        f"+ to_milliseconds(try_cast(left(rpad(substr({text}, 15), 3, '0'), 3) AS INTEGER)) "
        f"WHEN regexp_full_match({text}, '.*:[0-9.]+ ?(Z|[+-][0-9]{{2}}(:?[0-9]{{2}})?)') "
        f"THEN timezone({quoted(time_zone)}, try_cast({text} AS TIMESTAMPTZ)) "
        f"WHEN regexp_full_match({text}, '[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}[ T][0-9:]{{8}}[.][0-9]{{1,9}}') "
        f"THEN try_cast({text} AS TIMESTAMP) "
        f"WHEN regexp_full_match({text}, '[0-9]{{4}}[-/.年].*') "
        f"THEN try_strptime(regexp_replace(replace({text}, 'T', ' '), '(:[0-9]+)[.][0-9]+$', '\\1'), {formats}) END"
    )


def settle(value: str, column: Column) -> str:
    """The column's own type from what `slow` gave; NULL where the value does not fit it.

    Money takes float noise below half a millionth of a yuan but no other digit below the fen; quantities, prices
    and ratios are rounded to their scale; whole numbers have no fraction.
    """
    if column.is_money:
        return f"try_cast(raw_fen({value}) AS {column.duckdb_type})"
    if column.type == "integer":
        digits = f"CAST(CAST({value} AS DECIMAL(38,6)) AS VARCHAR)"
        return f"try_cast(regexp_extract({digits}, '^(-?[0-9]+)[.]000000$', 1) AS INTEGER)"
    if column.type == "month":
        return f"CAST(date_trunc('month', {value}) AS DATE)"
    return f"try_cast({value} AS {column.duckdb_type})"


def typed(raw: str, column: Column) -> str:
    """The typed value of a raw text in one expression, for use outside the staged pipeline."""
    return settle(slow(trimmed(raw), column), column)


def bounds(column: Column) -> tuple[str, str] | None:
    """First and last plausible value of a date-like column, as SQL literals."""
    if column.type == "month":
        return "DATE '1990-01-01'", "DATE '2099-12-01'"
    if column.type == "date":
        return "DATE '1900-01-01'", "DATE '9999-12-31'"
    if column.type == "timestamp":
        return "TIMESTAMP '1900-01-01'", "TIMESTAMP '9999-12-31 23:59:59'"
    return None
