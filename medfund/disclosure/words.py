"""Printed words of the forms in Chinese and English. Labels of lines include their numbering, as on paper."""

from __future__ import annotations

from typing import Final

Lang = str
Pair = tuple[str, str]

LANGS: Final = ("zh", "en")


def pick(pair: Pair, lang: Lang) -> str:
    """The Chinese or the English of a pair."""
    return pair[LANGS.index(lang)]


FORM_TITLES: Final[dict[str, Pair]] = {
    "monthly-indicators": (
        "{place}{period}基本医疗保险统筹基金主要指标",
        "Main indicators of the basic medical insurance pooled funds, {place}, {period}",
    ),
    "final-account": (
        "{place}{period}年{fund}收支决算表",
        "Final account of the {fund}, {place}, {period}",
    ),
}

INDICATOR: Final[Pair] = ("指标名称", "Indicator")
UNIT: Final[Pair] = ("单位", "Unit")
THIS_PERIOD: Final[Pair] = ("本期(年初累计)", "This period (year to date)")
UNIT_LINE: Final[Pair] = ("单位:{unit}", "Unit: {unit}")
NOTES: Final[Pair] = ("注:", "Notes:")
SIGN_OFF: Final[Pair] = (
    "初审:              复审:              终审:",
    "First review:              Second review:              Final review:",
)
SOURCE_LINE: Final[Pair] = (
    "数据版本 {release};数据截至 {through};生成口径见 manifest.json。",
    "Release {release}; data through {through}; how it was made is in manifest.json.",
)
WAIVER_LINE: Final[Pair] = (
    "本版本带有豁免:{check}({reason};批准人 {by};有效期至 {until})。",
    "This release carries a waiver: {check} ({reason}; by {by}; until {until}).",
)
GAP_LINE: Final[Pair] = (
    "{fund}:账面期末与按收支推算的期末相差 {amount}{unit},以推算数列示。",
    "{fund}: the ledger's own closing differs from the computed one by {amount} {unit}; the computed one is shown.",
)
IMBALANCE_LINE: Final[Pair] = (
    "{fund}:上下级往来一方已记、另一方未记的净额 {amount}{unit}。",
    "{fund}: transfers booked by one level only, net, {amount} {unit}.",
)
MISSING_LINE: Final[Pair] = ("空格:{lines}——{reason}", "Empty: {lines} - {reason}")
NO_ENROLMENT: Final[Pair] = (
    "未收到参保数据(psn_insu_d),暂缺",
    "the enrolment export (psn_insu_d) was not delivered",
)
NO_MATERNITY_HEADS: Final[Pair] = ("参保数据不单列生育保险", "enrolment does not list maternity apart")
NO_YEAR_TO_DATE: Final[Pair] = (
    "本年账套月份不全,不能计算累计数",
    "the books of the year are incomplete, so there is no year to date",
)
NO_BUDGET: Final[Pair] = ("未收到预算数据(fund_budg_a)", "the budget export (fund_budg_a) was not delivered")
PART_BUDGET: Final[Pair] = (
    "{count} 个账套没有预算,合并预算不全",
    "{count} sets of books have no budget, so the consolidated budget is incomplete",
)
NO_SUBSIDY_SPLIT: Final[Pair] = (
    "账套不区分按规定标准补助与专项补助",
    "the books do not tell standard from special subsidies",
)
NO_BALANCE_BUDGET: Final[Pair] = (
    "预算数据只含收支项目,不含结余",
    "the budget export holds flows only, no balances",
)
PARTIAL_LIST: Final[Pair] = ("{line}的其中项未列全", "the of-which lines of {line} are not a full list")
CONSOLIDATED: Final[Pair] = (
    "合并口径,全统筹区各级汇总,上下级往来已抵销",
    "consolidated over all levels of the pool area, transfers between levels eliminated",
)
OWN_LEVEL: Final[Pair] = (
    "本级口径,收支含上下级往来",
    "own level, transfers between levels included",
)
POOL_AREA: Final[Pair] = ("全市", "whole area")
VINTAGES: Final[dict[str, Pair]] = {
    "preliminary": ("快报数(初步)", "preliminary (quick report)"),
    "final": ("决算数(最终)", "final (final account)"),
}

FUND_NAMES: Final[dict[str, Pair]] = {
    "310": ("职工基本医疗保险基金", "employee basic medical insurance fund"),
    "310_pool": ("职工基本医疗保险统筹基金", "employee pooled fund"),
    "310_acct": ("职工基本医疗保险个人账户基金", "employee personal accounts"),
    "390": ("城乡居民基本医疗保险基金", "resident basic medical insurance fund"),
}

# Rows of the monthly table: block, key, label. Empty key: a heading.
MONTHLY_ROWS: Final[tuple[tuple[str, str, Pair], ...]] = (
    ("heads", "enrolled_total", ("一、参保人数", "1. Enrolled persons")),
    (
        "heads",
        "enrolled_employee",
        ("  1.职工基本医疗保险(含生育保险)", "  1.1 Employee insurance (with maternity)"),
    ),
    ("heads", "enrolled_maternity", ("    其中:生育保险", "    of which maternity")),
    ("heads", "enrolled_resident", ("  2.城乡居民基本医疗保险", "  1.2 Resident insurance")),
    ("inc", "total", ("二、统筹基金收入", "2. Income of the pooled funds")),
    ("inc", "employee", ("  1.职工基本医疗保险(含生育保险)", "  2.1 Employee insurance (with maternity)")),
    ("inc", "resident", ("  2.城乡居民基本医疗保险", "  2.2 Resident insurance")),
    ("exp", "total", ("三、统筹基金支出", "3. Expenditure of the pooled funds")),
    ("exp", "employee", ("  1.职工基本医疗保险(含生育保险)", "  3.1 Employee insurance (with maternity)")),
    ("exp", "benefit_matn", ("    其中:生育保险待遇支出", "    of which maternity benefits")),
    ("exp", "resident", ("  2.城乡居民基本医疗保险", "  3.2 Resident insurance")),
    ("clo", "total", ("四、统筹基金累计结余", "4. Accumulated balance of the pooled funds")),
    ("clo", "employee", ("  1.职工基本医疗保险(含生育保险)", "  4.1 Employee insurance (with maternity)")),
    ("clo", "resident", ("  2.城乡居民基本医疗保险", "  4.2 Resident insurance")),
)

ITEM_NAMES: Final[dict[str, Pair]] = {
    "premium": ("基本医疗保险费收入", "Contributions"),
    "collective_aid": ("集体扶持收入", "Collective support"),
    "maf_sponsored": ("城乡医疗救助资助收入", "Premiums sponsored by medical assistance"),
    "fiscal_paid_for_poor": ("财政为困难人员代缴收入", "Premiums paid by government for the needy"),
    "fiscal_subsidy": ("财政补贴收入", "Fiscal subsidy"),
    "subsidy_standard": ("按规定标准补助收入", "Subsidy by standard"),
    "subsidy_special": ("专项补助收入", "Special subsidy"),
    "subsidy_central": ("中央财政补贴", "Central subsidy"),
    "subsidy_province": ("省级财政补贴", "Provincial subsidy"),
    "subsidy_city": ("市级财政补贴", "City subsidy"),
    "subsidy_county": ("县级财政补贴", "County subsidy"),
    "interest": ("利息收入", "Interest"),
    "invest": ("委托投资收益", "Investment income"),
    "transfer_in": ("转移收入", "Transfers in (portability)"),
    "other_in": ("其他收入", "Other income"),
    "unmapped_income": ("未归类收入", "Unmapped income"),
    "income_subtotal": ("本年收入小计", "Income subtotal"),
    "from_upper": ("上级补助收入", "Subsidy from the upper level"),
    "from_lower": ("下级上解收入", "Remittance from lower levels"),
    "income_total": ("本年收入合计", "Income total"),
    "open_bal": ("上年结余", "Opening balance"),
    "open_adj": ("上年结余调整", "Opening adjustment"),
    "grand_total_left": ("总计", "Grand total"),
    "benefit": ("基本医疗保险待遇支出", "Benefits"),
    "benefit_ipt": ("住院费用支出", "Inpatient"),
    "benefit_opt": ("门诊费用支出", "Outpatient"),
    "benefit_matn": ("生育待遇支出", "Maternity"),
    "benefit_matn_med": ("生育医疗费用支出", "Maternity medical expense"),
    "benefit_matn_alwn": ("生育津贴支出", "Maternity allowance"),
    "benefit_acct": ("个人账户待遇支出", "Personal-account benefits"),
    "maf_sponsor_out": ("资助参保支出", "Sponsored enrolment"),
    "catastrophic": ("大病保险支出", "Critical illness insurance"),
    "transfer_out": ("转移支出", "Transfers out (portability)"),
    "other_out": ("其他支出", "Other expenditure"),
    "unmapped_expense": ("未归类支出", "Unmapped expenditure"),
    "expense_subtotal": ("本年支出小计", "Expenditure subtotal"),
    "to_lower": ("补助下级支出", "Subsidy to lower levels"),
    "to_upper": ("上解上级支出", "Remittance to the upper level"),
    "expense_total": ("本年支出合计", "Expenditure total"),
    "current_balance": ("本年收支结余", "Current balance"),
    "close_bal": ("年末滚存结余", "Closing balance"),
    "grand_total_right": ("总计", "Grand total"),
}

# Names of lines in funds that are no basic insurance.
OTHER_FUND_ITEMS: Final[dict[str, Pair]] = {
    "premium": ("保险费收入", "Contributions"),
    "benefit": ("待遇支出", "Benefits"),
}


def item_name(key: str, fund: str) -> Pair:
    """Printed name of a line in the form of a fund."""
    other = OTHER_FUND_ITEMS.get(key) if fund not in ("", *FUND_NAMES) else None
    return other or ITEM_NAMES[key]


UNIT_NAMES: Final[dict[str, str]] = {"万元": "10,000 yuan", "亿元": "100 million yuan", "人": "persons"}


def unit_name(unit: str, lang: Lang) -> str:
    """The unit as printed in the language of the document."""
    return unit if lang == "zh" else UNIT_NAMES.get(unit, unit)


COLUMNS: Final[dict[str, Pair]] = {
    "item": ("项目", "Item"),
    "budget": ("预算数", "Budget"),
    "actual": ("决算数", "Final"),
    "pool": ("其中:统筹基金", "of which pooled"),
    "acct": ("其中:个人账户基金", "of which accounts"),
    "rate": ("完成预算%", "% of budget"),
    "growth": ("比上年%", "Change on year, %"),
}
OF_WHICH: Final[Pair] = ("其中:", "of which: ")


def numeral(number: int, lang: Lang) -> str:
    """Numbering of a line, 1 to 19: 一、… 十九、 or 1. …"""
    if lang == "en":
        return f"{number}. "
    digits = "一二三四五六七八九"
    text = digits[number - 1] if number < 10 else "十" + (digits[number - 11] if number > 10 else "")
    return f"{text}、"
