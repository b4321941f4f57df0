"""Duty: the people of the operations centre, their shifts, orders, procedures and screens."""
