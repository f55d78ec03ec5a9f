-- Added to the hand-made release for the tests of drivers, reconciliation and revisions; every figure typed, to be checked by eye.
create table marts.spending_driver_monthly (unit_kind varchar, unit_code varchar, fund_code varchar, month date,
    period_kind varchar, factor varchar, sort_order integer, amount decimal(18, 2), contribution double,
    total decimal(18, 2), total_prior_year decimal(18, 2), has_people boolean, is_booked boolean);
insert into marts.spending_driver_monthly values
    ('pool', '430100', '310_pool', '2026-10-01', 'ytd', 'people', 1, 1000000, 0.0140, 77600000, 71200000, true, true),
    ('pool', '430100', '310_pool', '2026-10-01', 'ytd', 'calendar', 2, 0, 0, 77600000, 71200000, true, true),
    ('pool', '430100', '310_pool', '2026-10-01', 'ytd', 'visits', 3, 6000000, 0.0843, 77600000, 71200000, true, true),
    ('pool', '430100', '310_pool', '2026-10-01', 'ytd', 'care_mix', 4, -200000, -0.0028, 77600000, 71200000, true, true),
    ('pool', '430100', '310_pool', '2026-10-01', 'ytd', 'beyond_claims', 9, -400000, -0.0056, 77600000, 71200000, true, true),
    ('pool', '430100', '390', '2026-10-01', 'ytd', 'visits', 3, 500000, 0.1, 5500000, 5000000, false, false),
    ('pool', '430100', '310_pool', '2026-10-01', 'rolling_12', 'people', 1, 7000000, 0.1, 77000000, 70000000, true, true),
    ('org', '430121', '310_pool', '2026-10-01', 'ytd', 'people', 1, 2000000, 0.2, 12000000, 10000000, true, true);
create table reference.reconciliation_cause as
    select * from read_csv(getvariable('seeds') || '/policy/reconciliation_cause.csv');
create table marts.fund_reconciliation_total_monthly (org_code varchar, fund_code varchar, month date, leg varchar,
    left_amount decimal(18, 2), right_amount decimal(18, 2), difference decimal(18, 2));
insert into marts.fund_reconciliation_total_monthly values
    ('430121', '310_pool', '2026-09-01', 'claims_to_clearing', 100, 70, 30),
    ('430121', '310_pool', '2026-10-01', 'claims_to_clearing', 200, 205, -5),
    ('430122', '310_pool', '2026-10-01', 'claims_to_clearing', 40, 30, 10),
    ('430122', '310_pool', '2026-10-01', 'bank_to_ledger', 9, 1, 8),
    ('430121', '310_pool', '2025-12-01', 'claims_to_clearing', 1000, 0, 1000);
create table marts.fund_reconciliation_monthly (org_code varchar, fund_code varchar, month date, leg varchar,
    cause varchar, amount decimal(18, 2), row_count bigint);
insert into marts.fund_reconciliation_monthly values
    ('430121', '310_pool', '2026-09-01', 'claims_to_clearing', 'in_transit', 30, 3),
    ('430121', '310_pool', '2026-09-01', 'claims_to_clearing', 'unexplained', 0, 0),
    ('430121', '310_pool', '2026-10-01', 'claims_to_clearing', 'in_transit', -25, 2),
    ('430121', '310_pool', '2026-10-01', 'claims_to_clearing', 'deducted_by_review', 20, 1),
    ('430121', '310_pool', '2026-10-01', 'claims_to_clearing', 'unexplained', 0, 0),
    ('430122', '310_pool', '2026-10-01', 'claims_to_clearing', 'in_transit', 10, 1),
    ('430122', '310_pool', '2026-10-01', 'claims_to_clearing', 'unexplained', 0, 0),
    ('430122', '310_pool', '2026-10-01', 'bank_to_ledger', 'unexplained', 8, 1);
create table marts.fund_balance_revision (org_code varchar, fund_code varchar, basis varchar, month date, versions integer,
    is_revised boolean, first_known_at timestamp, first_closing_balance decimal(18, 2), latest_known_at timestamp,
    latest_closing_balance decimal(18, 2), income_revision decimal(18, 2), expenditure_revision decimal(18, 2),
    closing_revision decimal(18, 2), reason varchar, batch_id varchar, source_file varchar);
insert into marts.fund_balance_revision values
    ('430100', '390', 'consolidated', '2026-08-01', 2, true, '2026-09-05 08:00:00', 1000, '2026-10-05 08:00:00', 1500,
        500, 0, 500, 'new_rows', '000009', 'fund_acct_bal_202608_b.csv'),
    ('430100', '390', 'consolidated', '2026-09-01', 2, true, '2026-10-01 08:00:00', 2000, '2026-10-05 08:00:00', 2500,
        0, 0, 500, 'carried_forward', '000009', 'fund_acct_bal_202608_b.csv'),
    ('430100', '390', 'consolidated', '2026-07-01', 1, false, '2026-08-05 08:00:00', 900, '2026-08-05 08:00:00', 900,
        0, 0, 0, 'first', null, null),
    ('430121', '390', 'own', '2026-08-01', 1, false, '2026-09-05 08:00:00', 1, '2026-09-05 08:00:00', 1,
        0, 0, 0, 'first', null, null);
