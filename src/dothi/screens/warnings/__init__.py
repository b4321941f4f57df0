"""Warnings to the public: the pages citizens read, and those on which two people write and approve one."""
