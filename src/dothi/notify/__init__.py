"""Notify: mail, SMS, web push and webhooks, sent from what the journal says."""
