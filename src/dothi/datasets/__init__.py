"""Datasets: described, shareable collections of records, with their history."""
