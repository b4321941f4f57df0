"""Citizens' reports: writing one, its receipt, its page, the map and list of all, what feeds send of them."""
