"""Tests of tasking."""
