"""The footing checker on real publications, on edited copies of them, and on tables made up here."""

from __future__ import annotations

import copy
import json
import re
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from medfund.checker import CheckReport, DocumentReport, check, check_documents
from medfund.checker.document import parse_document
from medfund.errors import MedfundError

GOLDEN = Path(__file__).parents[1] / "golden" / "published_disclosures.yml"


@cache
def published() -> dict[str, dict[str, Any]]:
    raw = yaml.safe_load(GOLDEN.read_text(encoding="utf-8"))
    return {document["id"]: document for document in raw["disclosures"]}


@cache
def golden_report() -> CheckReport:
    return check([GOLDEN])


def reported(document_id: str) -> DocumentReport:
    return next(document for document in golden_report().documents if document.id == document_id)


def check_one(raw: dict[str, Any]) -> DocumentReport:
    return check_documents([parse_document(raw)]).documents[0]


def edited(document_id: str, **cells: str | None) -> dict[str, Any]:
    """A copy of a publication with some cells changed; keyword `emp__premium` is cell emp:premium."""
    raw = copy.deepcopy(published()[document_id])
    for name, value in cells.items():
        label, key = name.split("__")
        next(block for block in raw["blocks"] if block["label"] == label)["cells"][key] = value
    return raw


IDS = [
    "county_b_budget_2024",
    "hekou_2024q2",
    "jingning_2023q1",
    "baoshan_2021",
    "xinping_2021",
    "county_x_2024",
    "sichuan_provincial_2023",
    "city_z_2024_02",
    "tianjin_2014_2018",
]


class TestRealPublications:
    def test_all_nine_are_read(self) -> None:
        assert [document.id for document in golden_report().documents] == IDS

    @pytest.mark.parametrize("document_id", IDS)
    def test_verdict_and_notes(self, document_id: str) -> None:
        expected = published()[document_id]["expected"]
        report = reported(document_id)
        assert report.verdict == expected["verdict"]
        assert report.notes_required == expected["notes_required"]

    @pytest.mark.parametrize("document_id", IDS)
    def test_every_listed_check_is_evaluated_alike(self, document_id: str) -> None:
        names = ("rule", "expr", "rel", "target", "left", "right", "diff", "tolerance", "verdict")
        found = {tuple(row[name] for name in names) for row in reported(document_id).checks}
        listed = {tuple(str(row[name]) for name in names) for row in published()[document_id]["checks"]}
        assert listed - found == set()

    @pytest.mark.parametrize("document_id", IDS)
    def test_every_expected_finding_is_reported(self, document_id: str) -> None:
        findings = reported(document_id).findings
        for wanted in published()[document_id]["expected"]["findings"]:
            for rule in wanted["rules"]:
                same = [one for one in findings if one.rule == rule and one.kind == wanted["class"]]
                cells = set(wanted.get("cells", []))
                matching = [one for one in same if cells <= set(one.cells)]
                assert matching, (rule, wanted)
                if "suspect" in wanted:
                    assert all(one.suspects == (wanted["suspect"],) for one in matching)
                for key, name in (
                    ("printed", "printed"),
                    ("implied", "implied"),
                    ("implied_months", "implied"),
                ):
                    if key in wanted:
                        assert {getattr(one, name) for one in matching} == {wanted[key]}
                if "amount" in wanted and wanted["amount"] != "2 or less":
                    assert wanted["amount"] in {one.amount for one in matching}

    @pytest.mark.parametrize("document_id", ["county_b_budget_2024", "baoshan_2021"])
    def test_a_document_that_ties_has_nothing_to_report(self, document_id: str) -> None:
        assert reported(document_id).findings == ()

    def test_parts_are_not_blamed_when_two_identities_agree_against_the_total(self) -> None:
        blamed = {cell for finding in reported("hekou_2024q2").findings for cell in finding.suspects}
        assert blamed == {"emp:current_balance"}

    def test_remitted_money_is_shown_where_a_pool_closes_empty(self) -> None:
        cleared = next(one for one in reported("xinping_2021").findings if one.kind == "pool_cleared_upward")
        assert cleared.implied == "3.96"
        assert "6847.39" in cleared.message_zh and "6847.39" in cleared.message_en

    def test_a_doubled_unit_is_reported_and_the_value_left_alone(self) -> None:
        report = reported("county_x_2024")
        slip = next(one for one in report.findings if one.kind == "unit_slip")
        assert (slip.rule, slip.cells, slip.printed) == ("K15", ("res:premium_individual",), "12002.41万万元")
        income = next(
            row for row in report.checks if row["target"] == "res:income_total" and row["rule"] == "K3"
        )
        assert income["left"] == "38683.09"

    def test_nothing_is_compared_between_unrelated_places(self) -> None:
        assert golden_report().pairs == ()
        assert not golden_report().all_tie

    def test_missing_resident_closing_is_not_made_up(self) -> None:
        targets = {row["target"] for row in reported("tianjin_2014_2018").checks if row["rule"] == "K6"}
        assert not any(target.endswith("close_bal") for target in targets)


TYING = [name for name in IDS if published()[name]["expected"]["verdict"].startswith("ties")]


def equality_cells(document_id: str) -> dict[str, Decimal]:
    """Cells in sums that must be equal, with the widest tolerance of those sums."""
    cells: dict[str, Decimal] = {}
    for row in published()[document_id]["checks"]:
        if row["rel"] == "=" and row["rule"] not in ("K13", "K14"):
            for ref in set(re.findall(r"\w+:\w+", f"{row['expr']} {row['target']}")):
                cells[ref] = max(cells.get(ref, Decimal(0)), Decimal(row["tolerance"]))
    return cells


class TestEditedCopies:
    @settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
    @given(data=st.data())
    def test_one_wrong_digit_breaks_a_tying_document_and_is_among_the_suspects(
        self, data: st.DataObject
    ) -> None:
        document_id = data.draw(st.sampled_from(TYING))
        cells = equality_cells(document_id)
        ref = data.draw(st.sampled_from(sorted(cells)))
        label, key = ref.split(":")
        raw = copy.deepcopy(published()[document_id])
        block = next(block for block in raw["blocks"] if block["label"] == label)
        printed = block["cells"][key]
        place = data.draw(st.sampled_from([i for i, char in enumerate(printed) if char.isdigit()]))
        digit = data.draw(st.sampled_from("0123456789"))
        wrong = printed[:place] + digit + printed[place + 1 :]
        # Inside twice the tolerance a rounding difference of the original may hide or widen the edit.
        assume(abs(Decimal(wrong) - Decimal(printed)) > 2 * cells[ref])
        block["cells"][key] = wrong
        report = check_one(raw)
        assert report.verdict == "does_not_tie"
        assert ref in {cell for finding in report.findings for cell in finding.suspects}

    def test_repairing_the_misprint_makes_the_document_tie(self) -> None:
        report = check_one(edited("hekou_2024q2", emp__current_balance="937.70"))
        assert report.verdict == "ties"
        assert {finding.kind for finding in report.findings} == {"incomplete_list", "pool_cleared_upward"}

    def test_another_misprint_in_its_place_is_found_as_well(self) -> None:
        report = check_one(
            edited("hekou_2024q2", emp__current_balance="937.70", res__current_balance="161.83")
        )
        failed = [finding for finding in report.findings if finding.verdict == "fail"]
        assert [(one.rule, one.diff) for one in failed] == [("K2", "-45.00")]
        assert "res:current_balance" in failed[0].suspects

    def test_an_item_above_its_total_fails_without_tolerance(self) -> None:
        report = check_one(edited("sichuan_provincial_2023", emp__income_pool="41.90"))
        failed = [finding for finding in report.findings if finding.verdict == "fail"]
        assert [(one.rule, one.diff, one.tolerance) for one in failed] == [("K8", "0.01", "0")]

    def test_a_figure_in_the_wrong_unit_is_called_a_unit_slip(self) -> None:
        report = check_one(edited("baoshan_2021", res__income_total="1868440000"))
        slips = [one for one in report.findings if one.kind == "unit_slip" and one.verdict == "fail"]
        assert slips and all(one.suspects[0] == "res:income_total" for one in slips)
        assert {one.implied for one in slips} == {"186844"}

    def test_a_table_scaled_throughout_still_looks_suspicious(self) -> None:
        raw = edited("baoshan_2021")
        raw["unit"] = "元"  # the same digits, read as yuan: 0.58 yuan per employee and year
        report = check_one(raw)
        assert report.verdict == "suspicious"
        assert {finding.rule for finding in report.findings} == {"K15"}

    def test_an_empty_line_is_no_error_but_a_missing_amount_is(self) -> None:
        assert check_one(edited("county_b_budget_2024", e23__collective_aid=None)).verdict == "ties"
        broken = check_one(edited("county_b_budget_2024", e23__interest=None))
        assert broken.verdict == "does_not_tie"


def table(document_id: str, unit: str = "万元", **changes: Any) -> dict[str, Any]:
    """A small document of one block; keyword arguments override its keys."""
    return {
        "id": document_id,
        "unit": unit,
        "publisher": "某市医疗保障局",
        "period": {"kind": "annual", "year": 2023},
        "blocks": [],
    } | changes


def block(label: str, fund: str, decimals: int = 2, **cells: str | None) -> dict[str, Any]:
    return {"label": label, "fund": fund, "decimals": decimals, "cells": cells}


def to_date(month: int, **cells: str) -> dict[str, Any]:
    period = {"kind": "ytd", "start": "2024-01-01", "end": f"2024-{month:02d}-28"}
    return table(f"ytd_{month}", period=period, blocks=[block("res", "390", **cells)])


def pairs_of(*raws: dict[str, Any]) -> CheckReport:
    return check_documents([parse_document(raw, index) for index, raw in enumerate(raws)])


class TestBetweenDocuments:
    def test_closing_of_one_year_opens_the_next(self) -> None:
        before = table("y23", blocks=[block("res", "390", close_bal="100.00")])
        after = table(
            "y24", period={"kind": "annual", "year": 2024}, blocks=[block("r", "390", open_bal="100.00")]
        )
        report = pairs_of(before, after)
        assert [pair.check["verdict"] for pair in report.pairs] == ["pass"]
        assert report.pairs[0].check["expr"] == "y23/res:close_bal"
        after["blocks"][0]["cells"]["open_bal"] = "100.02"
        report = pairs_of(before, after)
        assert report.pairs[0].check | {"diff": "-0.02", "tolerance": "0.01", "verdict": "fail"} == (
            report.pairs[0].check
        )
        assert not report.all_tie and all(document.verdict == "ties" for document in report.documents)

    def test_units_are_brought_together(self) -> None:
        before = table("y23", unit="亿元", blocks=[block("res", "390", close_bal="12.35")])
        after = table(
            "y24", period={"kind": "annual", "year": 2024}, blocks=[block("r", "390", open_bal="123456.78")]
        )
        # 12.35 亿元 is 123 500 万元; half of its last place is 50 万元.
        pair = pairs_of(before, after).pairs[0].check
        assert (Decimal(pair["diff"]), pair["tolerance"], pair["verdict"]) == (
            Decimal("43.22"),
            "50.005",
            "pass_rounding",
        )

    def test_two_year_to_date_tables_imply_one_opening(self) -> None:
        first = to_date(3, income_total="30.00", expense_total="20.00", close_bal="110.00")
        second = to_date(6, income_total="70.00", expense_total="50.00", close_bal="120.00")
        report = pairs_of(second, first)  # in any order
        assert {(pair.check["rule"], pair.check["verdict"]) for pair in report.pairs} == {
            ("K9", "pass"),
            ("K12", "pass"),
        }
        second["blocks"][0]["cells"]["close_bal"] = "121.00"
        failed = [pair for pair in pairs_of(first, second).pairs if pair.check["verdict"] == "fail"]
        assert [(pair.check["rule"], pair.check["left"], pair.check["right"]) for pair in failed] == [
            ("K9", "100.00", "101.00")
        ]

    def test_flows_to_date_do_not_fall_unless_a_restatement_is_noted(self) -> None:
        first, second = to_date(3, income_total="30.00"), to_date(6, income_total="29.99")
        first["blocks"][0]["cells"]["expense_total"] = second["blocks"][0]["cells"]["expense_total"] = "9.00"
        failed = [pair for pair in pairs_of(first, second).pairs if pair.check["verdict"] == "fail"]
        assert [(pair.check["rule"], pair.check["diff"]) for pair in failed] == [("K12", "0.01")]
        assert pairs_of(first, second | {"restated": True}).all_tie

    def test_tables_with_and_without_accounts_are_not_joined(self) -> None:
        before = table(
            "y23", scope={"accounts": "included"}, blocks=[block("emp", "310", close_bal="100.00")]
        )
        after = table(
            "y24",
            period={"kind": "annual", "year": 2024},
            scope={"accounts": "excluded"},
            blocks=[block("emp", "310", open_bal="60.00")],
        )
        assert pairs_of(before, after).pairs == ()

    def levels(self, consolidated_income: str, from_lower: str = "500.00") -> CheckReport:
        def place(code: str, level: str, **cells: str) -> dict[str, Any]:
            return table(
                f"org_{code}_{level}",
                region={"code": code},
                scope={"level": level},
                blocks=[block("res", "390", **cells)],
            )

        return pairs_of(
            place("530401", "own level", income_total="900.00", to_upper="300.00", close_bal="10.00"),
            place("530402", "own level", income_total="700.00", to_upper="200.00", close_bal="20.00"),
            place("530499", "own level", income_total="800.00", from_lower=from_lower, close_bal="70.00"),
            place("530400", "consolidated", income_total=consolidated_income, close_bal="100.00"),
        )

    def test_levels_consolidate_without_the_money_between_them(self) -> None:
        # 900 + 700 + 800, less the 500 the counties remitted, is 1900.
        report = self.levels("1900.00")
        assert {pair.check["rule"] for pair in report.pairs} == {"K10"}
        assert len(report.pairs) == 3 and report.all_tie

    def test_money_counted_twice_on_consolidation_is_found(self) -> None:
        failed = [pair for pair in self.levels("2400.00").pairs if pair.check["verdict"] == "fail"]
        assert [pair.check["diff"] for pair in failed] == ["-500.00"]

    def named(self, *county_remits: str) -> list[dict[str, str]]:
        city = table("city", region={"name": "某省某市", "level": "prefecture"}, scope={"level": "own level"})
        city["blocks"] = [block("res", "390", from_lower="500.00")]
        counties = [
            table(
                f"county_{number}",
                region={"name": f"某省某市第{number}县", "level": "county"},
                blocks=[block("res", "390", to_upper=amount)],
            )
            for number, amount in enumerate(county_remits)
        ]
        return [pair.check for pair in pairs_of(city, *counties).pairs]

    def test_counties_are_known_by_their_citys_name(self) -> None:
        assert [row["verdict"] for row in self.named("300.00", "200.00")] == ["pass"]
        assert [row["diff"] for row in self.named("300.00", "190.00")] == ["-10.00"]

    def test_one_county_alone_may_be_a_part(self) -> None:
        assert [(row["rel"], row["verdict"]) for row in self.named("300.00")] == [("<=", "pass")]
        assert [row["verdict"] for row in self.named("501.00")] == ["fail"]

    def test_a_transfer_not_received_is_found(self) -> None:
        failed = [pair for pair in self.levels("1900.00", "450.00").pairs if pair.check["verdict"] == "fail"]
        assert failed[0].check["diff"] == "50.00"
        assert "org_530499_own level/res:from_lower" in failed[0].finding.suspects


class TestRules:
    def test_pool_and_account_blocks_make_the_employee_fund(self) -> None:
        raw = table(
            "split",
            blocks=[
                block("p", "310_pool", income_total="60.00", close_bal="5.00"),
                block("a", "310_acct", income_total="40.00", close_bal="7.00"),
                block("emp", "310", income_total="100.00", close_bal="12.10"),
            ],
        )
        rows = {row["target"]: row for row in check_one(raw).checks if row["rule"] == "K5"}
        assert rows["emp:income_total"]["verdict"] == "pass"
        assert rows["emp:close_bal"]["diff"] == "-0.10"

    def test_growth_is_recomputed_from_the_year_before(self) -> None:
        raw = table("growth", period={"kind": "annual_series", "years": ["2023", "2024"]})
        raw["blocks"] = [
            block("res2023", "390", income_total="200.00"),
            block("res2024", "390", income_total="210.00", income_yoy_pct="5.00"),
        ]
        assert check_one(raw).verdict == "ties"
        raw["blocks"][1]["cells"]["income_yoy_pct"] = "5.60"
        row = next(row for row in check_one(raw).checks if row["rule"] == "K13")
        assert (row["left"], row["diff"], row["verdict"]) == ("5.0000", "-0.6000", "fail")

    def test_growth_on_a_base_of_nothing_is_suspicious(self) -> None:
        raw = table(
            "g", blocks=[block("r", "390", income_total="5.00", income_change="6.00", income_yoy_pct="9")]
        )
        assert [finding.kind for finding in check_one(raw).findings] == ["growth_without_base"]

    def test_execution_rate_is_recomputed_from_the_budget(self) -> None:
        raw = table("final", period={"kind": "annual", "year": 2024})
        raw["blocks"] = [
            block("b", "390", income_total="80.00") | {"column": "budget_2024"},
            block("a", "390", income_total="100.00") | {"column": "actual_2024"},
            block("pct", "390", income_total_budget_pct="125.00") | {"unit": "%"},
        ]
        assert check_one(raw).verdict == "ties"
        raw["blocks"][2]["cells"]["income_total_budget_pct"] = "124.00"
        assert check_one(raw).verdict == "does_not_tie"

    def test_payable_months_may_rest_on_the_pool(self) -> None:
        raw = table("months")
        raw["blocks"] = [
            block(
                "emp",
                "310",
                expense_total="120.00",
                expense_pool="60.00",
                close_bal="90.00",
                close_bal_pool="50.00",
            ),
            block("m", "310", payable_months="10.00") | {"unit": "月"},
        ]
        row = next(row for row in check_one(raw).checks if row["rule"] == "K14")
        assert row["expr"] == "emp:close_bal_pool / (emp:expense_pool / 12)" and row["verdict"] == "pass"

    def test_payable_months_within_the_year_are_not_judged(self) -> None:
        raw = to_date(6, expense_total="60.00", close_bal="90.00", payable_months="3.00")
        assert not any(row["rule"] == "K14" for row in check_one(raw).checks)

    def test_an_implied_negative_opening_is_flagged(self) -> None:
        raw = table("neg", blocks=[block("r", "390", current_balance="5.00", close_bal="3.00")])
        report = check_one(raw)
        assert report.verdict == "suspicious"
        assert [(one.kind, one.implied) for one in report.findings] == [("negative_opening_implied", "-2.00")]

    def test_a_list_said_to_be_incomplete_is_only_bounded(self) -> None:
        cells = {
            "income_subtotal": "9.00",
            "premium": "5.00",
            "fiscal_subsidy": "4.00",
            "subsidy_standard": "3.00",
        }
        raw = table("form", blocks=[block("r", "390", **cells)])
        assert check_one(raw).verdict == "does_not_tie"
        raw["blocks"][0]["incomplete_lists"] = ["fiscal_subsidy"]
        assert check_one(raw).verdict == "ties"

    def test_flat_keys_of_the_monthly_table(self) -> None:
        raw = to_date(9)
        raw["layout"] = "T2"
        raw["scope"] = {"accounts": "excluded"}
        raw["blocks"] = [
            {"label": "heads", "unit": "人", "cells": {"enrolled_total": "30", "enrolled_employee": "10"}},
            block("t", "", income_total="9.00", income_employee="4.00", income_resident="5.10"),
        ]
        report = check_one(raw)
        assert [(row["rule"], row["diff"]) for row in report.checks] == [("K6", "0.10")]
        assert report.notes_required == ["N2", "N3"]

    def test_suppressed_cells_stop_the_sum_and_need_a_note(self) -> None:
        raw = table("small", blocks=[block("r", "390", income_total="9.00", premium="*", other_in="4.00")])
        report = check_one(raw)
        assert report.checks == () and report.notes_required == ["N9"]


def written(tmp_path: Path, text: str | bytes, name: str = "draft.yml") -> Path:
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def draft(cell: str, unit: str = "万元") -> str:
    return f"id: d\nunit: {unit}\nblocks: [{{label: emp, fund: '310', cells: {{premium: {cell}}}}}]"


class TestFiles:
    def test_json_reads_as_yaml_does(self, tmp_path: Path) -> None:
        as_json = written(tmp_path, json.dumps({"disclosures": list(published().values())}), "all.json")
        assert check([as_json]).to_dict() == golden_report().to_dict()

    def test_unquoted_numbers_keep_their_decimals(self, tmp_path: Path) -> None:
        text = "blocks: [{label: a, fund: '390', cells: {income_total: 9.10, expense_total: 4.00, current_balance: 5.10}}]"
        for name, content in (("a.yml", text), ("a.json", json.dumps(yaml.safe_load(text)))):
            row = check([written(tmp_path, content, name)]).documents[0].checks[0]
            assert Decimal(row["diff"]) == 0

    @pytest.mark.parametrize(
        "cell", ["'1,234.50'", "'１２３４.５'", "'1234.5万元'", "'−12'", "'×'", "''", "'—'"]
    )
    def test_printed_forms_that_are_fine(self, tmp_path: Path, cell: str) -> None:
        assert check([written(tmp_path, draft(cell))]).documents[0].verdict == "ties"

    @pytest.mark.parametrize(
        "cell", ["'12a'", ".inf", "1e308", "nan", "'1,23'", "[1]", "true", "'3亿元'", "'" + "9" * 40 + "'"]
    )
    def test_a_bad_number_is_named_by_document_block_and_cell(self, tmp_path: Path, cell: str) -> None:
        with pytest.raises(MedfundError, match=r"draft\.yml: d: block emp: cell premium: expected .* seen "):
            check([written(tmp_path, draft(cell))])

    @pytest.mark.parametrize(
        ("content", "message"),
        [
            ("", "expected a mapping with `blocks`, seen nothing"),
            ("[]", "no document in it"),
            ("- 5", "expected a mapping with `blocks`, seen '5'"),
            ("blocks: []", "expected a list `blocks`"),
            ("blocks: [7]", "expected a mapping with `cells`"),
            ("blocks: [{cells: 5}]", "expected a mapping `cells`"),
            ("blocks: [{cells: {}, decimals: two}]", "decimals: expected a digit"),
            ("blocks: [{cells: {}}]\nperiod: {year: soon}", "expected a year like 2024, seen 'soon'"),
            ("blocks: [{cells: {}}]\nperiod: {start: '2024-01-01', end: '2024-13-01'}", "within one year"),
            ("blocks: [{label: a, cells: {}}, {label: a, cells: {}}]", "'a' appears twice"),
            ("blocks: [{cells: {premium: 1, premium: 2}}]", "'premium' appears twice"),
            ("a: &a [x, x]\nb: *a", "aliases are not accepted"),
            ("a: !!python/object/apply:os.system ['true']", "not readable as YAML"),
            ("{", "not readable as YAML"),
            ("[" * 5000, "nested too deeply"),
            (b"\xff\xfe\x00", "not UTF-8"),
            ("#" * (4 * 1024 * 1024 + 1), "expected at most 4,194,304"),
        ],
    )
    def test_malformed_files_give_one_sentence(
        self, tmp_path: Path, content: str | bytes, message: str
    ) -> None:
        with pytest.raises(MedfundError, match=re.escape(message)) as caught:
            check([written(tmp_path, content)])
        assert "draft.yml" in str(caught.value) and "\n" not in str(caught.value)

    def test_a_missing_file_and_a_folder(self, tmp_path: Path) -> None:
        with pytest.raises(MedfundError, match="cannot be read"):
            check([tmp_path / "nowhere.yml"])
        with pytest.raises(MedfundError, match="a folder"):
            check([tmp_path])


class TestReport:
    def test_json_shape(self) -> None:
        answer = json.loads(golden_report().to_json())
        assert set(answer) == {"documents", "pairs"}
        for document in answer["documents"]:
            assert {"id", "verdict", "findings", "notes_required"} <= set(document)
            for finding in document["findings"]:
                wanted = {
                    "rule",
                    "cells",
                    "left",
                    "right",
                    "diff",
                    "tolerance",
                    "verdict",
                    "class",
                    "suspects",
                }
                assert wanted <= set(finding)

    def test_text_in_both_languages(self) -> None:
        chinese, english = golden_report().to_text("zh"), golden_report().to_text("en")
        assert (
            "hekou_2024q2: 勾稽不符" in chinese
            and "emp:current_balance 印作 937.30,推算应为 937.70" in chinese
        )
        assert "hekou_2024q2: does not tie" in english and "implied is 937.70" in english
        assert "civ:to_upper 1338.64 万元" in chinese


def test_the_manifest_of_a_bundle_is_left_out_with_a_sentence(tmp_path: Path) -> None:
    """`medfund check DIR/*.json` on what `medfund disclose` wrote."""
    manifest = tmp_path / "manifest.json"
    manifest.write_text(json.dumps({"format": 1, "files": {"a.json": {"bytes": 2}}, "signature": "00"}))
    document = tmp_path / "a.json"
    document.write_text(json.dumps(published()["hekou_2024q2"], ensure_ascii=False, default=str))
    said: list[str] = []
    report = check([document, manifest], say=said.append)
    assert [one.id for one in report.documents] == ["hekou_2024q2"]
    assert said == [f"{manifest}: the manifest of a disclosure bundle, not a table of figures; left out"]
    with pytest.raises(MedfundError, match="expected the JSON beside it"):
        check([manifest])
