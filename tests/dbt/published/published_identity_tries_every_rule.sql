-- A rule that fits no figure is a misspelt item or scheme, and would never find anything.
select rule.identity
from {{ ref('published_identity_rule') }} as rule
left join {{ ref('published_identity') }} as tried on rule.identity = tried.identity
where tried.identity is null
