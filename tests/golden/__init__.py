"""Figures worked out by hand and published figures, held against what the project computes."""
