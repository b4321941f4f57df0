"""LIKE patterns: % for any characters, _ for one, backslash before a character that stands for itself. Pure."""

from dothi.datasets.cql2.tree import Place, refused

LONGEST = 1000


def spelled(pattern: str, at: Place) -> tuple[str, str]:
    """The pattern for SQLite's GLOB, whose letters are as they are, and for PostgreSQL's LIKE."""
    if len(pattern) > LONGEST:
        raise refused(at, f"a pattern of {len(pattern)} characters", f"at most {LONGEST}")
    glob, like, escaped = "", "", False
    for character in pattern:
        if character == "\\" and not escaped:
            escaped = True
            continue
        if character in "%_" and not escaped:
            glob += "*" if character == "%" else "?"
            like += character
        else:
            glob += f"[{character}]" if character in "*?[" else character
            like += f"\\{character}" if character in "%_\\" else character
        escaped = False
    if escaped:
        raise refused(at, "the pattern ends with its escape character", r"\\ for a backslash")
    while "**" in glob:
        glob = glob.replace("**", "*")
    return glob, like
