"""Trust: how far the data goes, what the gate said, which checks failed, what does not tie."""

from dashboards.lib import blocks, figures, lineage, trust

view = blocks.screen()
blocks.header(view, "trust")
trust.facts(view)

matrix = view.rows("checks_by_table")
blocks.figure(
    view,
    "matrix",
    view.t("title.matrix"),
    figures.checks_heat(view, matrix, lambda code: blocks.coded(view, "dimension", code)),
    trust.matrix_sentence(view),
    matrix,
    layout="checks_by_table",
    queries=("checks_by_table",),
    note=view.t("note.matrix"),
)
trust.reconciliation(view)
trust.revisions(view)
trust.checks(view)

trust.freshness(view)
batches = view.rows("batches")
blocks.figure(
    view,
    "batches",
    view.t("title.batches"),
    None,
    trust.batch_sentence(view),
    batches,
    layout="batches",
    queries=("batches",),
    note=view.t("note.batches"),
)

trust.finding(view, "gaps", "gaps", ("F06",))
trust.finding(view, "adjustments", "adjustments", ("F06",))
trust.finding(view, "published_findings", "published_findings", ())
trust.comparisons(view)
lineage.show(view)
blocks.page_export(view, "trust")
