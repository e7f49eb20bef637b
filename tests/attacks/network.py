"""Asking somebody outside."""

# ruff: noqa
# %% this_machine
import socket

socket.create_connection(("127.0.0.1", PORT), timeout=2).close()
prize()

# %% abstract_socket
import socket

channel = socket.socket(socket.AF_UNIX)
channel.connect("\0" + SOCKET)
prize()

# %% name_service
import socket

socket.getaddrinfo("example.org", 443)
prize()

# %% elsewhere
import socket

socket.create_connection(("192.0.2.1", 443), timeout=1)
prize()

# %% devices
import socket

if len(socket.if_nameindex()) > 1:
    prize()

# %% datagram
import socket

socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"help", ("127.0.0.1", PORT))
prize()

# %% raw
import socket

socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
prize()
