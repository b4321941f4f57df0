"""What Python raises for a damaged archive: the libraries below `zipfile` and `gzip` each have their own."""

import lzma
import zipfile
import zlib

BROKEN = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError)
# and while it is opened and unpacked: names, sizes, methods and passwords that make no sense
UNREADABLE = (*BROKEN, OSError, NotImplementedError, RuntimeError, ValueError)
