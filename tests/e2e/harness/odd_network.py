# SPDX-License-Identifier: Apache-2.0
"""A network of odd hosts: `python3 odd_network.py` makes a network namespace with a TUN device, prints a
line when it is up, and plays every host behind it, until its standard input ends. Each host answers
in a way of its own, so a test gets every end of a connection by choosing an address, without a packet
on the machine's own networks.
"""

import contextlib
import ctypes
import fcntl
import os
import select
import socket
import struct
import subprocess
import sys

OWN = "10.99.0.1"
SILENT = "10.99.0.2"       # takes everything, answers nothing
UNREACHABLE = "10.99.0.3"  # a router says: host unreachable
REFUSING = "10.99.0.4"     # RST
RESETTING = "10.99.0.5"    # opens from its side at the same time, then gives up with RST
VANISHING = "10.99.0.6"    # shakes hands, then is gone
CUTTING = "10.99.0.7"      # shakes hands, then answers the first data with RST

_CLONE_NEWNET = 0x40000000
_TUNSETIFF, _IFF_TUN, _IFF_NO_PI = 0x400454CA, 1, 0x1000
_FIN, _SYN, _RST, _ACK = 1, 2, 4, 16
_OWN_SEQUENCE = 1_000_000


def _checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def _ip(source, target, protocol, payload):
    header = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), 0, 0, 64, protocol, 0,
                         source, target)
    return header[:10] + struct.pack("!H", _checksum(header)) + header[12:] + payload


class _Segment:
    """A TCP segment that came out of the device."""

    def __init__(self, packet):
        self.packet = packet
        self.length = (packet[0] & 15) * 4
        self.source, self.target = packet[12:16], packet[16:20]
        self.host = socket.inet_ntoa(self.target)
        (self.port, self.target_port, self.sequence, self.acknowledged, offset,
         self.flags) = struct.unpack("!HHIIBB", packet[self.length:self.length + 14])
        self.data = len(packet) - self.length - (offset >> 4) * 4

    def answer(self, flags, sequence, acknowledged):
        segment = struct.pack("!HHIIBBHHH", self.target_port, self.port, sequence & 0xFFFFFFFF,
                              acknowledged & 0xFFFFFFFF, 5 << 4, flags, 65535, 0, 0)
        pseudo = self.target + self.source + struct.pack("!BBH", 0, 6, len(segment))
        segment = segment[:16] + struct.pack("!H", _checksum(pseudo + segment)) + segment[18:]
        return _ip(self.target, self.source, 6, segment)

    def unreachable(self):
        body = struct.pack("!BBHI", 3, 1, 0, 0) + self.packet[:self.length + 8]
        body = body[:2] + struct.pack("!H", _checksum(body)) + body[4:]
        return _ip(self.target, self.source, 1, body)


def _answers(segment):
    """What the host says to this segment."""
    opens = segment.flags & (_SYN | _ACK) == _SYN
    next_byte = segment.sequence + 1
    if segment.host == UNREACHABLE:
        return [segment.unreachable()]
    if segment.host == REFUSING:
        return [segment.answer(_RST | _ACK, 0, next_byte)]
    if segment.host == RESETTING:
        if opens:
            return [segment.answer(_SYN, _OWN_SEQUENCE, 0)]
        return [segment.answer(_RST | _ACK, _OWN_SEQUENCE + 1, next_byte)]
    if segment.host in (VANISHING, CUTTING) and opens:
        return [segment.answer(_SYN | _ACK, _OWN_SEQUENCE, next_byte)]
    if segment.host == CUTTING and segment.data and not segment.flags & _RST:
        return [segment.answer(_RST | _ACK, _OWN_SEQUENCE + 1, segment.sequence + segment.data)]
    return []


def _bring_up():
    if ctypes.CDLL(None, use_errno=True).unshare(_CLONE_NEWNET):
        sys.exit(f"unshare: {os.strerror(ctypes.get_errno())}")
    device = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(device, _TUNSETIFF, struct.pack("16sH", b"odd0", _IFF_TUN | _IFF_NO_PI))
    for words in (("link", "set", "lo", "up"), ("addr", "add", f"{OWN}/24", "dev", "odd0"),
                  ("link", "set", "odd0", "up")):
        subprocess.run(["ip", *words], check=True,
                       env={**os.environ, "PATH": os.environ["PATH"] + ":/usr/sbin:/sbin"})
    with open("/proc/sys/net/ipv4/tcp_syn_retries", "w", encoding="ascii") as retries:
        retries.write("1")
    return device


@contextlib.contextmanager
def network():
    """Such a network; gives the PID of the process whose network namespace it is."""
    process = subprocess.Popen([sys.executable, __file__], stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, text=True)
    try:
        if process.stdout.readline().strip() != "up":
            raise RuntimeError("no network namespace with a TUN device can be made here")
        yield process.pid
    finally:
        process.stdin.close()  # ends it, also when this test dies
        process.wait(60)


def main():
    device = _bring_up()
    print("up", flush=True)
    while True:
        ready, _, _ = select.select([device, sys.stdin], [], [])
        if sys.stdin in ready and not sys.stdin.readline():
            return 0
        if device not in ready:
            continue
        packet = os.read(device, 65536)
        if packet[0] >> 4 != 4 or packet[9] != 6:
            continue
        for answer in _answers(_Segment(packet)):
            os.write(device, answer)


if __name__ == "__main__":
    sys.exit(main())
