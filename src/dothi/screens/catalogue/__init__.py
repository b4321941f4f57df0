"""The public catalogue: search, dataset pages, records, downloads."""
