"""A bookkeeper for tests: posts amounts to subjects and exports trial balances and vouchers as a bureau would."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Self

from tests.e2e.bureau import Row

Amount = Decimal | int | str

# What a subject's balance is called when it is positive, by the first digit of its number.
_NATURAL = {"1": "借", "2": "贷", "3": "贷", "4": "贷", "5": "借"}


def months(first: str, count: int) -> list[str]:
    """`count` months from `first` on, as YYYYMM."""
    start = int(first[:4]) * 12 + int(first[4:]) - 1
    return [f"{n // 12}{n % 12 + 1:02d}" for n in range(start, start + count)]


class Books:
    """One set of books in yuan. `subjects` are the ones its export lists, by number, with their names; a listed
    subject carries what is posted to it and to the numbers below it. `unit` is what amounts are exported in."""

    def __init__(
        self,
        org: str,
        fund: str,
        subjects: Mapping[str, str],
        opening: Mapping[str, Amount] | None = None,
        *,
        unit: str = "元",
        flip_negative: bool = False,
        declared: Mapping[str, str] | None = None,
        consolidated: bool = False,
    ) -> None:
        self.org, self.fund, self.unit = org, fund, unit
        self.subjects = dict(subjects)
        self.flip_negative, self.consolidated = flip_negative, consolidated
        self.declared = dict(declared or {})
        # Balances are on the debit side; postings of the month by number.
        self._balance: dict[str, Decimal] = defaultdict(Decimal)
        self._debit: dict[str, Decimal] = defaultdict(Decimal)
        self._credit: dict[str, Decimal] = defaultdict(Decimal)
        self._vouchers: list[list[tuple[str, Decimal, Decimal]]] = []
        for code, amount in (opening or {}).items():
            self._balance[code] = Decimal(amount) * self._sign(code)

    @staticmethod
    def _sign(code: str) -> int:
        return 1 if _NATURAL[code[0]] == "借" else -1

    def book(self, debit: str, credit: str, amount: Amount) -> Self:
        """One voucher: debit one subject, credit another."""
        amount = Decimal(amount)
        self._debit[debit] += amount
        self._credit[credit] += amount
        self._vouchers.append([(debit, amount, Decimal(0)), (credit, Decimal(0), amount)])
        return self

    def receive(self, code: str, amount: Amount, cash: str = "1003") -> Self:
        return self.book(cash, code, amount)

    def pay(self, code: str, amount: Amount, cash: str = "1003") -> Self:
        return self.book(code, cash, amount)

    def add_to_net_assets(self, amount: Amount, into: str = "3001") -> Self:
        """Net assets are restated: they move although no subject does."""
        amount = Decimal(amount)
        (self._credit if amount >= 0 else self._debit)[into] += abs(amount)
        return self

    def roll(self, into: str = "3001") -> Self:
        """Add the month's income to net assets and take its expenditure off, while the subjects keep what they hold."""
        for code in self._codes():
            if code[0] in "45":
                moved = self._credit[code] - self._debit[code]
                (self._credit if code[0] == "4" else self._debit)[into] += moved if code[0] == "4" else -moved
        return self

    def empty(self) -> list[tuple[str, Decimal, Decimal]]:
        """Empty income and expenditure, as books do that have added the result to net assets already. Returns the
        debit and credit of every subject; what holds debits is emptied by a credit, whatever the sign."""
        lines = []
        for code in self._codes():
            held = self._now(code)
            if code[0] in "45" and held:
                debit, credit = (Decimal(0), held) if code[0] == "5" else (-held, Decimal(0))
                self._debit[code] += debit
                self._credit[code] += credit
                lines.append((code, debit, credit))
        return lines

    def close(self, into: str = "3001") -> Self:
        """The closing entry: one voucher that empties income and expenditure into net assets."""
        voucher = []
        for code, debit, credit in self.empty():
            self._credit[into] += debit
            self._debit[into] += credit
            voucher += [(code, debit, credit), (into, credit, debit)]
        self._vouchers.append(voucher)
        return self

    def _codes(self) -> list[str]:
        return sorted({*self._balance, *self._debit, *self._credit})

    def _now(self, code: str) -> Decimal:
        return self._balance[code] + self._debit[code] - self._credit[code]

    def export(self, month: str) -> list[Row]:
        """The month's trial balance of the listed subjects. Then the next month begins."""
        rows: list[Row] = []
        for code, name in self.subjects.items():
            below = [c for c in self._codes() if c.startswith(code)]
            opening = sum((self._balance[c] for c in below), Decimal(0))
            debit = sum((self._debit[c] for c in below), Decimal(0))
            credit = sum((self._credit[c] for c in below), Decimal(0))
            closing = opening + debit - credit
            side, sign = _NATURAL[code[0]], self._sign(code)
            if self.flip_negative and closing * sign < 0:
                side, sign = ("借", 1) if side == "贷" else ("贷", -1)
            rows.append(
                {
                    "book_org": self.org, "fund_code": self.fund, "ym": month, "subj_code": code,
                    "subj_name": name, "item_key": self.declared.get(code, ""), "bal_dir": side,
                    "open_bal": self._out(opening * sign), "debit_amt": self._out(debit),
                    "credit_amt": self._out(credit), "close_bal": self._out(closing * sign),
                    "unit": self.unit, "is_consolidated": "1" if self.consolidated else "0",
                }
            )  # fmt: skip
        for code in self._codes():
            self._balance[code] = self._now(code)
        self._debit.clear()
        self._credit.clear()
        self._vouchers.clear()
        return rows

    def vouchers(self, month: str) -> list[Row]:
        """Voucher lines of the month so far; ask before `export`."""
        return [
            {
                "book_org": self.org, "fund_code": self.fund, "ym": month, "vchr_no": f"{number:04d}",
                "line_no": line, "vchr_date": f"{month[:4]}-{month[4:]}-28", "subj_code": code,
                "debit_amt": self._out(debit), "credit_amt": self._out(credit), "unit": self.unit,
            }
            for number, lines in enumerate(self._vouchers, 1)
            for line, (code, debit, credit) in enumerate(lines, 1)
        ]  # fmt: skip

    def _out(self, yuan: Decimal) -> str:
        return f"{yuan / 10_000:f}" if self.unit == "万元" else f"{yuan:f}"


def changed(rows: Iterable[Row], where: Mapping[str, object], **values: object) -> list[Row]:
    """The rows, with `values` put into those that match `where`. At least one must match."""
    rows = list(rows)
    hits = [all(row[name] == value for name, value in where.items()) for row in rows]
    assert any(hits), f"no row with {where}"
    return [{**row, **values} if hit else row for row, hit in zip(rows, hits, strict=True)]
