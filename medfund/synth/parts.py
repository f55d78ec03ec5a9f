"""The groups of exports beside the settlements, in the order of writing."""

from __future__ import annotations

from medfund.synth import books, clinical, doctors, enrolment, outsiders, permits, registers
from medfund.synth.scene import Part

PARTS: tuple[type[Part], ...] = (
    books.Claims,
    doctors.Doctors,
    clinical.Clinical,
    enrolment.Enrolment,
    registers.ContributionLines,
    registers.Accounts,
    permits.RemoteFilings,
    permits.ChronicRegistrations,
    outsiders.Outsiders,
    doctors.Agreements,
)
