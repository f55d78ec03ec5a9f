"""Disclosure bundles: a release's figures in the layouts that offices publish, signed and checkable.

`disclose` writes a bundle, `verify` checks one again. Figures come from the public marts of one release and
are printed as they stand there; `docs/disclosure.md` describes forms, files and checks.
"""

from medfund.disclosure.bundle import disclose
from medfund.disclosure.forms import FORMS
from medfund.disclosure.verification import Step, VerifyReport, verify

__all__ = ["FORMS", "Step", "VerifyReport", "disclose", "verify"]
