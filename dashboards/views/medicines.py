"""Medicines: procured, negotiated and monitored drugs by month, the largest items, indicators."""

from dashboards.lib import blocks, medicines

view = blocks.screen()
blocks.header(view, "medicines")
medicines.classes(view)
medicines.items(view)
medicines.indicators(view)
blocks.page_export(view, "medicines")
