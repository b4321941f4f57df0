"""Pages of notifications: a person's own, ladders, what was sent, and citizens' subscriptions."""
