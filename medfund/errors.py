"""Errors a user can act on, each with the exit code its command ends with."""

from __future__ import annotations


class MedfundError(Exception):
    """Something failed; the message is one clear sentence. Exit code 1."""

    exit_code = 1


class UsageError(MedfundError):
    """The command was called with something that cannot be meant. Exit code 2."""

    exit_code = 2


class Refused(MedfundError):
    """The quality gate refused, or nothing could be landed. Exit code 3."""

    exit_code = 3


class DiskFull(MedfundError):
    """The volume that holds the home can take no more. Exit code 1."""
