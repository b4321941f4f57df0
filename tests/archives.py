"""Archives as they arrive after a bad line: the directory is whole, what was packed is not."""

import io
import zipfile


def damaged(*names: str) -> bytes:
    """A zip with some files whose packed bytes were overwritten."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            archive.writestr(name, "\n".join(f"{name},{i},{i * i}" for i in range(400)))
        spots = [info.header_offset + 30 + len(info.filename) for info in archive.infolist()]
    body = bytearray(held.getvalue())
    for spot in spots:
        body[spot : spot + 60] = b"\xff" * 60
    return bytes(body)
