"""Warnings to the public in the Common Alerting Protocol: composed, approved, published, received."""
