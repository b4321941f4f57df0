"""Warnings in the Common Alerting Protocol 1.2: a signed feed for everybody."""
