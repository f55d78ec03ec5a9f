"""Which faults there are: what they stand for, how often they are planted unless told otherwise, and how they are asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from medfund.errors import UsageError

DATA, ACCOUNTING, BEHAVIOUR = "data", "accounting", "behaviour"
GROUPS = (DATA, ACCOUNTING, BEHAVIOUR)
ALL = "all"


@dataclass(frozen=True)
class Kind:
    """A kind of fault. `rate` is the planted share of `base`; None where the number planted is fixed.

    `rule` names the supervision rule (SRnn) or the identity that it breaks. An innocent kind looks like the behaviour of
    its rule and is none: a good rule doesn't flag it. `by_line` says that the key lists rows of other tables than setl_d.
    """

    name: str
    group: str
    rule: str
    note: str
    rate: float | None = None
    base: str = ""
    innocent: bool = False
    by_line: bool = False


def _behaviour(name: str, rule: str, rate: float, base: str, note: str) -> Kind:
    return Kind(name, BEHAVIOUR, rule, note, rate, base)


def _by_line(name: str, rule: str, rate: float, base: str, note: str) -> Kind:
    return Kind(name, BEHAVIOUR, rule, note, rate, base, by_line=True)


def _innocent(name: str, rule: str, rate: float, base: str, note: str, by_line: bool = False) -> Kind:
    return Kind(name, BEHAVIOUR, rule, note, rate, base, innocent=True, by_line=by_line)


def _data(name: str, rule: str, rate: float, base: str, note: str) -> Kind:
    return Kind(name, DATA, rule, note, rate, base, by_line=True)


_VISITS, _STAYS, _DEATHS = "outpatient visits", "stays", "deaths in hospital"
# In the order of planting. What is rare comes first, so that others don't take its cases.
_PLANTED = (
    _behaviour("care_after_death", "SR01", 0.5, _DEATHS, "outpatient care some days after death in hospital"),
    _innocent("bill_posted_after_death", "SR01", 0.5, _DEATHS, "care before death, settled after it"),
    _innocent("wrong_death_date", "SR01", 0.012, _STAYS, "death noted at discharge; the person goes on living"),
    _behaviour("settlement_without_coverage", "SR02", 0.4, "memberships that ended", "care two months after cover ended"),
    _innocent(
        "bill_posted_after_leaving", "SR02", 0.4, "memberships that ended", "care under cover, settled after it ended"
    ),
    _behaviour(
        "double_coverage_benefit", "SR03", 0.006, f"{_VISITS} of people with two memberships",
        "the same visit settled under both insurances",
    ),
    _innocent("siblings_same_visit", "SR03", 0.008, "outpatient visits of children", "two children, one visit each, same bill"),
    _behaviour("frequent_outpatient", "SR50", 0.0015, "adults and year", "eleven visits a month to one small hospital"),
    _innocent("dialysis", "SR50", 0.0015, "adults and year", "dialysis three times a week for chronic kidney disease"),
    _behaviour("clustered_admission", "SR14", 0.02, "private hospitals and month", "twelve admissions from one area in a week"),
    _innocent("epidemic_wave", "SR14", 0.3, "Januaries and Decembers", "pneumonia in all hospitals of the city in one week"),
    _behaviour("bulk_card_use", "SR05", 0.01, "private hospitals and month", "fourteen persons' cards within minutes"),
    _innocent("batch_upload", "SR05", 0.01, "hospitals and month", "bills sent in one go with one time after a failure"),
    _innocent("psychiatric_stay", "SR15", 0.2, "stays after three idle months", "a long stay for schizophrenia"),
    _behaviour("overlong_stay", "SR15", 0.2, "stays after three idle months", "a stay of 65 to 95 days at the usual cost"),
    _behaviour("overlapping_stays", "SR06", 0.01, _STAYS, "a second stay elsewhere during the first"),
    _innocent("transfer_same_day", "SR06", 0.01, _STAYS, "admitted elsewhere on the day of discharge"),
    _innocent("withdrawn_overlap", "SR06", 0.006, _STAYS, "an overlapping stay that was withdrawn (vali_flag 0)"),
    _behaviour("outpatient_during_stay", "SR07", 0.015, _STAYS, "an outpatient visit in the middle of a stay"),
    _innocent("earlier_visit_posted_during_stay", "SR07", 0.01, _STAYS, "a visit before admission, settled during the stay"),
    _behaviour("split_stay", "SR09", 0.015, _STAYS, "readmitted within days for the same diagnosis, same hospital"),
    _innocent("planned_chemotherapy", "SR09", 0.01, "stays of adults over 40", "the next course of chemotherapy within days"),
    _behaviour("impossible_card_use", "SR05", 0.0012, _VISITS, "one card in two districts within minutes"),
    _behaviour("multi_institution_drug", "SR48", 0.0008, _VISITS, "one drug at four institutions within three weeks"),
    _innocent("two_institution_drug", "SR48", 0.0006, _VISITS, "one drug at two institutions, the first had too little"),
    _by_line("hanging_bed", "SR10", 0.03, _STAYS, "bed and nursing only after the first day"),
    _innocent("per_diem_stay", "SR10", 0.02, _STAYS, "psychiatric stay whose other fees are posted on one day", True),
    _by_line("checkup_stay", "SR13", 0.012, _STAYS, "a stay of tests and imaging only"),
    _by_line("bed_days_over_stay", "SR16", 0.02, _STAYS, "more bed days charged than the stay has"),
    _by_line("contained_item_charged", "SR19", 0.02, _STAYS, "an item charged beside one that contains it"),
    _by_line("over_daily_frequency", "SR20", 0.02, _STAYS, "a test charged more often than a day allows"),
    _by_line("price_over_ceiling", "SR23", 0.001, _VISITS, "charged above the ceiling, nothing moved to own payment"),
    _innocent("excess_paid_by_patient", "SR23", 0.04, _STAYS, "above the ceiling, the excess already paid by the patient", True),
    _by_line("overrecorded_hours", "SR29", 0.02, _STAYS, "more than 24 hours of an hourly item in a day"),
    _by_line("sex_conflict", "SR33", 0.02, "stays of men", "an item for women charged for a man"),
    _by_line("age_conflict", "SR34", 0.02, "stays of adults", "an item for children charged for an adult"),
    _by_line("upcoding", "SR60", 0.04, "stays paid by group", "grouped for a far heavier disease at the usual cost"),
    _data("line_missing", "I11", 0.001, _VISITS, "a fee line was not sent: lines add up to less than the bill"),
    _data("line_sent_twice", "unique_key", 0.001, _VISITS, "a fee line is sent twice under one number"),
    _data("unmapped_item", "catalogue", 0.001, _VISITS, "a fee line under a code that no catalogue has"),
    _data("default_doctor", "doctor_register", 0.001, _VISITS, "fee lines under a stand-in doctor code"),
    _data("unknown_institution", "institution_register", 0.0005, _VISITS, "settled by an institution no register has"),
    _data("fund_detail_short", "I5", 0.001, _VISITS, "a fund's row is 5 yuan less than the settlement says"),
    _data("orphan_refund", "I10", 0.03, "refunds", "a refund of a settlement that doesn't exist"),
    _data("certificate_as_float", "identifier", 0.0005, _VISITS, "the certificate number went through a spreadsheet"),
    _data("sex_misrecorded", "register", 0.012, _STAYS, "the visit's sex contradicts the register's"),
    _data("discharge_before_admission", "dates", 0.012, _STAYS, "the visit ends a day before it begins"),
)  # fmt: skip
_FIXED = (
    Kind("unmapped_subject", ACCOUNTING, "mapping", "expenditure under a subject that no rule knows"),
    Kind("opening_break", ACCOUNTING, "rolling", "an opening that isn't the closing before"),
    Kind("unexplained_gap", ACCOUNTING, "rolling", "a closing that opening and flows don't give"),
    Kind("transfer_imbalance", ACCOUNTING, "transfers", "a remittance that nobody receives"),
    Kind("unknown_fund", ACCOUNTING, "mapping", "books of a fund nobody knows"),
    Kind("voucher_without_claim", ACCOUNTING, "reconciliation", "benefits paid that no notice asks for"),
    Kind("wrong_unit", ACCOUNTING, "reconciliation", "a voucher ten thousand times too large"),
    Kind("late_transfer", ACCOUNTING, "reconciliation", "a sweep in transit for two months"),
    Kind("unbooked_receipt", ACCOUNTING, "reconciliation", "a bank receipt without a voucher"),
    Kind("payer_mismatch", DATA, "I3", "the funds' total is 1.23 yuan more than the funds"),
    Kind("duplicate_keys", DATA, "unique_key", "a file with keys of the last month once more"),
    Kind("messy_values", DATA, "loading", "a month in every spelling, and rows that can't be typed"),
)
KINDS: dict[str, Kind] = {kind.name: kind for kind in _PLANTED + _FIXED}


def wanted(asked: Sequence[str]) -> dict[str, float | None]:
    """Kinds to plant and their rates, in the order of planting.

    Each entry is all, a group (data, accounting, behaviour), a kind, or kind=rate with a rate above 0 and at most 1.
    Raises UsageError for what isn't known.
    """
    chosen: dict[str, float | None] = {}
    for entry in asked:
        name, has_rate, text = (part.strip() for part in entry.partition("="))
        if name == ALL or name in GROUPS:
            if has_rate:
                raise UsageError(f"a rate belongs to one kind of fault, seen {entry!r}")
            for kind in KINDS.values():
                if name in (ALL, kind.group):
                    chosen.setdefault(kind.name, kind.rate)
            continue
        if name not in KINDS:
            raise UsageError(
                f"unknown fault {name!r}; known are all, {', '.join(GROUPS)}, {', '.join(sorted(KINDS))}"
            )
        chosen[name] = _rate(KINDS[name], text) if has_rate else chosen.get(name, KINDS[name].rate)
    return {name: chosen[name] for name in KINDS if name in chosen}


def _rate(kind: Kind, text: str) -> float:
    if kind.rate is None:
        raise UsageError(f"{kind.name} is planted a fixed number of times and takes no rate")
    try:
        rate = float(text)
    except ValueError:
        rate = 0.0
    if not 0 < rate <= 1:
        raise UsageError(f"the rate of {kind.name} must be above 0 and at most 1, seen {text!r}")
    return rate
