"""The duty officer's page: one screen for the room people sit in day and night."""
