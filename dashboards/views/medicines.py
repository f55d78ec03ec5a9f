"""Medicines: procured, negotiated and monitored drugs by month, concentration, largest items, prices, changes of level."""

from dashboards.lib import blocks, medicines

view = blocks.screen()
blocks.header(view, "medicines")
medicines.classes(view)
medicines.concentration(view)
medicines.items(view)
medicines.prices(view)
medicines.changes(view)
medicines.indicators(view)
blocks.page_export(view, "medicines")
