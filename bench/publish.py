"""A QoS 1 publisher that costs next to nothing: packets made beforehand, acknowledgements only counted.

python -m bench.publish PORT TOPIC FILE        (a line of the file is a message)
"""

import socket
import struct
import sys
from pathlib import Path

WINDOW = 2000  # packets sent and not acknowledged


def _text(data: bytes) -> bytes:
    return struct.pack("!H", len(data)) + data


def _packet(kind: int, body: bytes) -> bytes:
    size, length = len(body), bytearray()
    while True:
        size, digit = divmod(size, 128)
        length.append(digit | (128 if size else 0))
        if not size:
            return bytes([kind]) + bytes(length) + body


def main(port: int, topic: str, file: Path) -> None:
    """Connect, send everything, wait until all of it is acknowledged."""
    head = _text(topic.encode())
    packets = [
        _packet(0x32, head + struct.pack("!H", number % 65_535 + 1) + line)
        for number, line in enumerate(file.read_bytes().splitlines())
    ]
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(_packet(0x10, _text(b"MQTT") + b"\x04\x02\x00\x3c" + _text(b"bench-publisher")))
        connection.recv(4)
        sent = acknowledged = octets = 0
        while acknowledged < len(packets):
            if sent < len(packets) and sent - acknowledged < WINDOW:
                end = min(len(packets), acknowledged + WINDOW)
                connection.sendall(b"".join(packets[sent:end]))
                sent = end
            octets += len(connection.recv(65_536))
            acknowledged = octets // 4


main(int(sys.argv[1]), sys.argv[2], Path(sys.argv[3]))
