"""dothi (đô thị): the system a Vietnamese province runs its smart-city plan on."""

__version__ = "0.1.0"
