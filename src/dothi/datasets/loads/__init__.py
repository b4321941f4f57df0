"""Loads: files of any format staged, compared with what stands, applied in one transaction, and undone as one."""
