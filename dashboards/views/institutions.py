"""Institutions: a ranking among fair peers, and one institution beside its peers and its own past."""

from dashboards.lib import blocks, institutions

view = blocks.screen()
blocks.header(view, "institutions")

institutions.ranking(view)
institutions.one(view)

blocks.page_export(view, "institutions")
