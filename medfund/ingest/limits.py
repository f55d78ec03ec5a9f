"""Bounds on what a delivered file may unpack to."""

MIB = 1024 * 1024
CHUNK = 4 * MIB
# DEFLATE cannot exceed about 1030:1; all-text exports are around 10:1 and constant columns around 50:1.
MAX_RATIO = 200
# Small files may compress absurdly well without harm.
RATIO_FLOOR = 16 * MIB
MAX_UNPACKED = 64 * 1024 * MIB
MAX_MEMBERS = 10_000
# A workbook is read into memory as a whole.
MAX_WORKBOOK = 1024 * MIB
