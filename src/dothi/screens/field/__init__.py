"""Pages of crews: today's jobs on a telephone, with or without a network."""
