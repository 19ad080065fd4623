"""Proxies that lead everything to one server: by CONNECT, or by SOCKS 5 (RFC 1928)."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator

Greet = Callable[[socket.socket], str]
"""Converses with a client until a way is open; gives the host that was asked for."""


class Tunnel:
    """A proxy on loopback."""

    def __init__(self, scheme: str, greet: Greet, target: str) -> None:
        self.hosts: list[str] = []
        """The hosts that were asked for, by their names."""
        self._greet = greet
        self._target = ("127.0.0.1", int(target.rpartition(":")[2]))
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self.url = f"{scheme}://{self.address}"
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._converse, args=(client,), daemon=True).start()

    def _converse(self, client: socket.socket) -> None:
        with contextlib.suppress(OSError), client:
            self.hosts.append(self._greet(client))
            with socket.create_connection(self._target) as server:
                back = threading.Thread(target=_copy, args=(server, client), daemon=True)
                back.start()
                _copy(client, server)
                back.join()


@contextlib.contextmanager
def connecting(target: str) -> Iterator[Tunnel]:
    """Run an HTTP proxy that leads to an address of this machine."""
    tunnel = Tunnel("http", _connect, target)
    yield tunnel
    tunnel.close()


@contextlib.contextmanager
def socks(target: str) -> Iterator[Tunnel]:
    """Run a SOCKS proxy that leads to an address of this machine."""
    tunnel = Tunnel("socks5h", _socks, target)
    yield tunnel
    tunnel.close()


def _connect(client: socket.socket) -> str:
    head = b""
    while b"\r\n\r\n" not in head:
        head += client.recv(4096)
    client.sendall(b"HTTP/1.1 200 Connected\r\n\r\n")
    return head.split()[1].decode().rpartition(":")[0]


def _socks(client: socket.socket) -> str:
    client.recv(2 + client.recv(2, socket.MSG_PEEK)[1])
    client.sendall(b"\x05\x00")
    wanted = client.recv(300)
    client.sendall(b"\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00")
    return wanted[5 : 5 + wanted[4]].decode()


def _copy(origin: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := origin.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
