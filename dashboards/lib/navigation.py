"""The twelve pages: their group, file, address, and what each reads. Order is the order of the menu."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class PageInfo:
    """One page of the menu. `marts` and `exports` are what it needs; `ready` says whether it is finished."""

    key: str
    group: str
    icon: str
    marts: tuple[str, ...]
    exports: tuple[str, ...]
    ready: bool = False

    @property
    def file(self) -> str:
        """Path of the page's script, relative to `app.py`. Streamlit would take a folder `pages` for its own menu."""
        return f"views/{self.key}.py"


PAGES: tuple[PageInfo, ...] = (
    PageInfo(
        "home",
        "overview",
        ":material/home:",
        (
            "fund_balance_monthly",
            "fund_balance_consolidated_monthly",
            "fund_indicator_monthly",
            "fund_signal_monthly",
        ),
        ("fund_acct_bal", "setl_d", "fixmedins_b"),
        ready=True,
    ),
    PageInfo(
        "fund",
        "fund",
        ":material/account_balance:",
        (
            "fund_balance_monthly",
            "fund_balance_consolidated_monthly",
            "fund_income_monthly",
            "fund_expenditure_monthly",
            "fund_budget_summary_monthly",
            "fund_published_annual",
            "spending_driver_monthly",
            "fund_money_flow_monthly",
            "fund_clearing_monthly",
            "fund_deposit_monthly",
            "fund_account_monthly",
        ),
        (
            "fund_acct_bal",
            "fund_vchr_d",
            "fund_budg_a",
            "setl_d",
            "med_dfr_d",
            "fund_bank_stmt_d",
        ),
        ready=True,
    ),
    PageInfo(
        "enrolment",
        "fund",
        ":material/groups:",
        (
            "enrolment_monthly",
            "enrolment_duplicate_monthly",
            "contribution_monthly",
            "fund_indicator_monthly",
            "org_indicator_monthly",
            "population_monthly",
        ),
        ("psn_insu_d", "psn_clct_detl_d"),
        ready=True,
    ),
    PageInfo(
        "forecast",
        "fund",
        ":material/timeline:",
        (
            "fund_forecast_monthly",
            "fund_forecast_score",
            "fund_forecast_series",
            "fund_forecast_outlook",
            "fund_forecast_effect",
            "fund_forecast_floor",
        ),
        ("fund_acct_bal",),
        ready=True,
    ),
    PageInfo(
        "benefits",
        "care",
        ":material/healing:",
        (
            "utilisation_monthly",
            "benefit_layer_monthly",
            "stay_cost_monthly",
            "spending_driver_monthly",
            "org_indicator_monthly",
        ),
        ("setl_d", "mdtrt_d"),
        ready=True,
    ),
    PageInfo(
        "payment",
        "care",
        ":material/payments:",
        (
            "payment_case",
            "payment_institution_annual",
            "payment_value_annual",
            "payment_group_annual",
            "payment_department_annual",
            "payment_cash_annual",
            "payment_advance_annual",
        ),
        ("drg_dip_rslt_d", "setl_d", "mdtrt_d", "med_dfr_d", "fund_acct_bal"),
        ready=True,
    ),
    PageInfo(
        "remote",
        "care",
        ":material/travel_explore:",
        ("remote_care_monthly", "remote_clearing_monthly", "org_indicator_monthly"),
        ("setl_d", "outmed_setl_d", "out_appy_d", "med_dfr_d"),
        ready=True,
    ),
    PageInfo(
        "medicines",
        "care",
        ":material/medication:",
        (
            "drug_monthly",
            "drug_concentration_monthly",
            "drug_price_annual",
            "drug_change_point",
            "org_indicator_monthly",
        ),
        ("fee_list_d",),
        ready=True,
    ),
    PageInfo(
        "institutions",
        "care",
        ":material/local_hospital:",
        (
            "dim_institution",
            "institution_indicator_monthly",
            "doctor_indicator_monthly",
            "drug_monthly",
            "drug_concentration_monthly",
        ),
        ("fixmedins_b", "setl_d", "fee_list_d", "dr_info_b"),
        ready=True,
    ),
    PageInfo(
        "trust",
        "data",
        ":material/verified:",
        (
            "quality_check",
            "load_batch",
            "release_info",
            "fund_balance_monthly",
            "published_finding",
            "published_comparison",
            "fund_balance_revision",
            "fund_reconciliation_monthly",
            "fund_reconciliation_total_monthly",
        ),
        ("fund_acct_bal", "fund_vchr_d", "med_dfr_d", "fund_bank_stmt_d", "setl_d"),
        ready=True,
    ),
    PageInfo(
        "disclosure",
        "data",
        ":material/campaign:",
        ("fund_balance_monthly", "fund_income_monthly", "fund_expenditure_monthly", "enrolment_monthly"),
        ("fund_acct_bal", "psn_insu_d"),
    ),
    PageInfo(
        "workbench",
        "data",
        ":material/database:",
        ("dim_indicator", "release_info"),
        ("fund_acct_bal",),
        ready=True,
    ),
)

GROUPS: tuple[str, ...] = ("overview", "fund", "care", "data")


def page(key: str) -> PageInfo:
    """The page of that key."""
    return next(info for info in PAGES if info.key == key)
