-- A publication's remark on a figure is answered by a computed break, or by a difference between editions.
-- One remark is about a text copy that the printed figure corrects: there the identity must hold.
select
    figure.scheme,
    figure.item,
    figure.period,
    figure.vintage,
    figure.check_note
from {{ ref('int_published__figure') }} as figure
where
    figure.check_note is not null
    and not exists (
        select 1
        from {{ ref('published_finding') }} as finding
        where
            finding.scheme = figure.scheme
            and finding.item = figure.item
            and finding.period = figure.period
            and finding.vintage = figure.vintage
    )
    and not exists (
        select 1
        from {{ ref('published_comparison') }} as comparison
        where
            comparison.verdict = 'differs'
            and comparison.item = figure.item
            and comparison.year = figure.year
            and figure.vintage in (comparison.vintage, comparison.other_vintage)
            and figure.printed_value in (comparison.printed_value, comparison.other_printed)
    )
    and not exists (
        select 1
        from {{ ref('published_identity') }} as tied
        where
            figure.item = 'enrolled_active'
            and tied.identity = 'active_retired'
            and tied.verdict = 'ties'
            and tied.scheme = figure.scheme
            and tied.period = figure.period
            and tied.vintage = figure.vintage
    )
