"""Indicators: declared formulas over stored data, their values by place and period, receipts, targets."""
