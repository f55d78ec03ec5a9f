"""Institutions: a ranking among fair peers, and one institution beside its peers and its own past, with its doctors and drugs."""

from dashboards.lib import blocks, institutions

view = blocks.screen()
blocks.header(view, "institutions")

institutions.ranking(view)
institutions.one(view)
institutions.inside(view)

blocks.page_export(view, "institutions")
