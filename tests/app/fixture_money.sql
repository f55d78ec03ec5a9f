-- Added to the hand-made release for the tests of money in all its forms; every figure typed, to be checked by eye.
create table if not exists reference.reconciliation_cause as
    select * from read_csv(getvariable('seeds') || '/policy/reconciliation_cause.csv');
create table marts.fund_money_flow_monthly (org_code varchar, is_consolidated boolean, fund_code varchar, month date,
    stage varchar, node varchar, place varchar, is_transfer boolean, amount decimal(18, 2));
-- September and October of the whole pool area: 600 + 20 = 400 + 100 + 50 + (40 - 30) + 60.
insert into marts.fund_money_flow_monthly values
    ('430100', true, '310_pool', '2026-09-01', 'income', 'premium', '', false, 250),
    ('430100', true, '310_pool', '2026-10-01', 'income', 'premium', '', false, 350),
    ('430100', true, '310_pool', '2026-10-01', 'income', 'interest', '', false, 20),
    ('430100', true, '310_pool', '2026-09-01', 'care', 'inpatient', 'hospital_tertiary', false, 400),
    ('430100', true, '310_pool', '2026-10-01', 'care', 'outpatient', 'within_province', false, 100),
    ('430100', true, '310_pool', '2026-10-01', 'expenditure', 'catastrophic', '', false, 50),
    ('430100', true, '310_pool', '2026-10-01', 'difference', 'allowance', '', false, 40),
    ('430100', true, '310_pool', '2026-09-01', 'difference', 'in_transit', '', false, -80),
    ('430100', true, '310_pool', '2026-10-01', 'difference', 'in_transit', '', false, 50),
    ('430100', true, '310_pool', '2026-09-01', 'balance', 'balance', '', false, -70),
    ('430100', true, '310_pool', '2026-10-01', 'balance', 'balance', '', false, 130),
    ('430100', true, '310_pool', '2025-12-01', 'income', 'premium', '', false, 9999),
    ('430121', false, '310_pool', '2026-10-01', 'income', 'premium', '', false, 7),
    ('430121', false, '310_pool', '2026-10-01', 'care', 'pharmacy', 'pharmacy', false, 11),
    ('430121', false, '310_pool', '2026-10-01', 'balance', 'balance', '', false, -4);
create table marts.fund_clearing_monthly as
select
    org_code, '310_pool' as fund_code, date '2026-10-01' as month, claimed::decimal(18, 2) as claimed,
    paid::decimal(18, 2) as paid, 90::decimal(18, 2) as requested, 5::decimal(18, 2) as reviewed,
    3::decimal(18, 2) as advance_offset, 2::decimal(18, 2) as deposit_kept, 0::decimal(18, 2) as other_deductions,
    0::decimal(18, 2) as advance_paid, 0::decimal(18, 2) as advance_returned, 0::decimal(18, 2) as deposit_released,
    0::decimal(18, 2) as year_end_paid, 0::decimal(18, 2) as year_end_recovered, 0::decimal(18, 2) as sent_back,
    0::decimal(18, 2) as deposit_forfeited, 31::decimal(18, 2) as unbooked_balance,
    17::decimal(18, 2) as unasked_balance, advance::decimal(18, 2) as advance_balance,
    41::decimal(18, 2) as deposit_balance, advance::decimal(18, 2) as ledger_prepaid, 4::bigint as notices
from (values ('430121', 100, 80, 60), ('430122', 70, 50, 9)) as book (org_code, claimed, paid, advance);
create table marts.fund_deposit_monthly as
select
    '430100' as org_code, true as is_consolidated, '310_pool' as fund_code, date '2026-10-01' as month, account,
    900::decimal(18, 2) as opening_balance, 1000::decimal(18, 2) as closing_balance, 300::decimal(18, 2) as term_balance,
    700::decimal(18, 2) as demand_balance, 150::decimal(18, 2) as received, 50::decimal(18, 2) as paid,
    200::decimal(18, 2) as placed, 6::decimal(18, 2) as interest_received,
    case account when 'total' then 8 end::decimal(18, 2) as ledger_interest,
    case account when 'total' then -2 end::decimal(18, 2) as interest_difference,
    case account when 'total' then 0.0172 end::double as annual_rate
from (values ('fiscal_acct'), ('total')) as kind (account);
create table marts.fund_account_monthly as
select
    '430100' as org_code, true as is_consolidated, '310_acct' as fund_code, month, opening::decimal(18, 2) as opening_balance,
    credited::decimal(18, 2) as credited, 1::decimal(18, 2) as interest, 0::decimal(18, 2) as moved_in,
    0::decimal(18, 2) as other_income, spent::decimal(18, 2) as spent, 0::decimal(18, 2) as moved_out,
    0::decimal(18, 2) as other_expenditure, closing::decimal(18, 2) as closing_balance, 44::decimal(18, 2) as settled,
    credited::decimal(18, 2) as register_credited, 44::decimal(18, 2) as register_spent,
    44::decimal(18, 2) as register_spent_on_care, 30::decimal(18, 2) as register_spent_of_carried
from (values (date '2026-09-01', 500, 60, 41, 520), (date '2026-10-01', 520, 62, 43, 540))
    as book (month, opening, credited, spent, closing);
create table marts.contribution_monthly (org_code varchar, scheme varchar, payer_kind varchar, month date, due decimal(18, 2),
    received decimal(18, 2), arrears decimal(18, 2), relief decimal(18, 2), subsidy decimal(18, 2), payers bigint,
    deferred decimal(18, 2), arrears_under_3_months decimal(18, 2), arrears_3_to_12_months decimal(18, 2),
    arrears_over_12_months decimal(18, 2));
insert into marts.contribution_monthly values
    ('430121', 'employee', 'employer', '2026-10-01', 1000, 900, 250, 20, 0, 5, 0, 100, 100, 50),
    ('430122', 'employee', 'employer', '2026-10-01', 500, 500, 10, 0, 0, 2, 0, 10, 0, 0),
    ('430121', 'resident', 'person', '2026-10-01', 7, 7, 0, 0, 0, 2, 0, 0, 0, 0);
