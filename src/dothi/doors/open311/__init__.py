"""Citizen reports for other programs: Open311 GeoReport v2, with updates, paging and the richer states beside it."""
