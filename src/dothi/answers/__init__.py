"""Answers: what a sector's page says to the questions people ask, each number with unit, time and source."""
