"""The kinds of blocks, a module each: what a declared block answers."""
