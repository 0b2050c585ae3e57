#!/usr/bin/env python3
"""Rate of one plain TCP stream: `netns_rate.py sink` on one host, then `netns_rate.py ADDRESS MEGABYTES` on another, which prints
bytes of payload per second."""
import socket
import sys
import time

PORT, PIECE = 9555, 1 << 20


def sink():
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("", PORT))
        listener.listen()
        connection, _ = listener.accept()
        buffer = bytearray(PIECE)
        while connection.recv_into(buffer):
            pass
        connection.sendall(b"all")  # so that the sender's clock stops when everything has come


def send(address, megabytes):
    for _ in range(100):
        try:
            connection = socket.create_connection((address, PORT), timeout=60)
            break
        except ConnectionRefusedError:
            time.sleep(0.05)
    else:
        sys.exit(f"nobody listens on {address}:{PORT}")
    piece = bytes(PIECE)
    start = time.monotonic()
    for _ in range(megabytes):
        connection.sendall(piece)
    connection.shutdown(socket.SHUT_WR)
    assert connection.recv(3) == b"all"
    print(f"{megabytes * PIECE / (time.monotonic() - start):.0f}")


if __name__ == "__main__":
    if sys.argv[1] == "sink":
        sink()
    else:
        send(sys.argv[1], int(sys.argv[2]))
