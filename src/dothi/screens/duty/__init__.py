"""The duty room's pages: handover of shifts, orders, saved views, walls."""
