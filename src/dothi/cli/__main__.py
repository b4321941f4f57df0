"""`python -m dothi.cli`."""

from dothi.cli import main

main()
