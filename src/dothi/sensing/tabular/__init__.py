"""Observations from and to tables: messy CSV, Excel and Parquet files in, CSV and Parquet out."""
