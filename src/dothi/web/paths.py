"""Parameters of paths. `{id:id}` is a number a row can have: more digits are a path that is not there."""

from starlette.convertors import Convertor, register_url_convertor

ID = "{id:id}"


class _Id(Convertor[int]):
    regex = "[0-9]{1,9}"

    def convert(self, value: str) -> int:
        return int(value)

    def to_string(self, value: int) -> str:
        return str(value)


register_url_convertor("id", _Id())
