-- Worked by hand from the printed figures, in 亿元 and 万人次: for example the residents' closing of 2021,
-- 6716.58, less the opening of 6077 and the balance of 428.1.
with expected (identity, scheme, period, vintage, size_printed) as (
    values
    ('opening_plus_balance', 'resident', '2021', 'bulletin', 211.48),
    ('opening_plus_balance', 'resident', '2022', 'bulletin', 42.09),
    ('opening_plus_balance', 'resident', '2023', 'bulletin', 17.51),
    ('opening_plus_balance', 'resident', '2024', 'bulletin', 0.10),
    ('opening_plus_balance', 'total', '2021', 'bulletin', 28.18),
    ('opening_plus_balance', 'total', '2022', 'bulletin', 158.66),
    ('opening_plus_balance', 'pooled_total', '2024', 'bulletin', 9.60),
    ('opening_plus_balance', 'employee_pooled', '2024', 'bulletin', 9.70),
    ('opening_plus_flows', 'employee', '2022', 'bulletin', 116.57),
    ('opening_plus_flows', 'total', '2020', 'bulletin', 11),
    ('opening_plus_flows', 'total', '2019', 'quick_report', 289.23),
    ('opening_plus_flows', 'total', '2020', 'quick_report', 771.87),
    ('opening_plus_flows', 'total', '2021', 'quick_report', 48.96),
    ('opening_plus_flows', 'total', '2022', 'quick_report', 153.23),
    ('visits_excl_pharmacy_by_kind', 'employee', '2015', 'benefit_series', 1),
    ('visits_excl_pharmacy_by_kind', 'resident', '2018', 'benefit_series', 0.3)
)

select expected.*
from expected
left join {{ ref('published_finding') }} as finding
    on
        expected.identity = finding.identity
        and expected.scheme = finding.scheme
        and expected.period = finding.period
        and expected.vintage = finding.vintage
        and expected.size_printed = finding.size_printed
where finding.identity is null
