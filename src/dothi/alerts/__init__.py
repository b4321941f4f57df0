"""Alerts: rules over observations, the alarms they raise, and what becomes of them."""
