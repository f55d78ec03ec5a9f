"""The house rules of docs/decisions/0007 as tests on dbt's manifest and on the Python imports.

Rules are functions that return sentences, one per breach; each is also tried on a small bad example, so that
none of them is a rule that cannot fail.
"""
