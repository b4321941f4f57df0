"""Parquet files, by batches of rows."""

from collections.abc import Iterator
from typing import IO

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from dothi.kit.errors import BadInput
from dothi.sensing.tabular.cells import from_arrow
from dothi.sensing.tabular.read import CHUNK, Chunk, matched


class ParquetTable:
    """A Parquet file; nested columns are not read."""

    def __init__(self, name: str, stream: IO[bytes], wanted: list[str]) -> None:
        self.name = name
        try:
            self._file = pq.ParquetFile(stream, memory_map=False)
        except (pa.ArrowInvalid, OSError) as error:
            raise BadInput(f"{name}: a damaged Parquet file: {error}") from None
        self.header = [field.name for field in self._file.schema_arrow]
        self.size = self._file.metadata.num_rows
        self.about = f"Parquet, {self.size:,} rows in {self._file.num_row_groups} groups"
        self._done = 0
        matched(self.header, wanted, name)

    def position(self) -> int:
        """How far reading has come, of `size`."""
        return self._done

    def chunks(self, wanted: list[str], rows: int = CHUNK) -> Iterator[Chunk]:
        """The rows; numbers and timestamps keep their types."""
        places = matched(self.header, wanted, self.name)
        names = {column: self.header[place] for column, place in places.items()}
        try:
            for batch in self._file.iter_batches(batch_size=rows, columns=sorted(set(names.values()))):
                numbers = np.arange(self._done + 1, self._done + 1 + len(batch), dtype=np.int64)
                yield Chunk(numbers, {column: from_arrow(batch.column(name)) for column, name in names.items()})
                self._done += len(batch)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError, OSError) as error:
            raise BadInput(f"{self.name}: after row {self._done}: {error}") from None
