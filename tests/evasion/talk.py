# SPDX-License-Identifier: Apache-2.0
"""One conversation with the host, as cases speak it."""
import struct

from host import CONNECT_PORT, HERE4, HERE6, HERE_MAC, HOST4, HOST6, HOST_MAC, PORT
from wire import ACK, FIN, PSH, SYN, fragment6, ip4, ip6, put16, tcp, timestamp, udp, vxlan


class Talk:
    def __init__(self, host, port, isn=1000, v6=False, times=False, tunnels=0, one_sided=False, **_):
        self.host, self.port, self.isn, self.v6, self.times = host, port, isn, v6, times
        self.here, self.there = (HERE6, HOST6) if v6 else (bytes([10, 9 + tunnels, 0, 1]), bytes([10, 9 + tunnels, 0, 2]))
        self.tunnels, self.to, self.unseen = tunnels, PORT, False
        host.deaf = one_sided
        self.their = 0  # the host's next number
        self.clock, self.echo = 100000, 0
        self.ident = port

    # --- packets ---

    def ip(self, proto, payload, ttl=64, options=b'', ident=0, flags=0, offset=0):
        if self.v6:
            return ip6(self.here, self.there, proto, payload, ttl)
        return ip4(self.here, self.there, proto, payload, ident, flags, offset, ttl, options)

    def packet(self, flags, seq=None, ack=None, payload=b'', options=b'', ttl=64, lost=False, bad_checksum=False,
               urgent=0, bare=False, time=0, words=None, ip_options=b'', bad_ip=False, version=None, behind=b'',
               pieces=0, window=64000):
        """A segment as the words say; returns what the host answers."""
        seq = self.isn + 1 if seq is None else seq
        ack = (self.their if flags & ACK else 0) if ack is None else ack
        if self.times and not bare:
            self.clock += 10
            options = timestamp(self.clock + time, self.echo) + options
        data = tcp(self.here, self.there, self.port, self.to, seq, ack, flags, payload, window, urgent, options)
        if words is not None:
            total = struct.unpack('!H', data[16:18])[0] + (data[12] << 8)
            data = data[:12] + bytes([words << 4 | data[12] & 15]) + data[13:]
            total -= data[12] << 8
            data = put16(data, 16, (total & 0xffff) + (total >> 16) & 0xffff if total >= 0 else (total - 1) & 0xffff)
        if bad_checksum:
            data = put16(data, 16, struct.unpack('!H', data[16:18])[0] ^ 0x5555)
        if pieces:
            self.ident += 1
            for at in range(0, len(data), pieces):
                answers = self.fragment(at, data[at:at + pieces], at + pieces < len(data), next_header=6)
            return answers
        packet = self.ip(6, data, ttl, ip_options)
        if bad_ip and not self.v6:
            packet = put16(packet, 10, 0x1234)
        if version:
            packet = bytes([version << 4 | packet[0] & 15]) + packet[1:]
        return self.host.send(packet + behind, lost=lost, unseen=self.unseen)

    def wrap(self, packet):
        """The packet in the tunnels that lead to where it goes."""
        for level in range(self.tunnels, 0, -1):
            near = bytes([10, 8 + level, 0])
            packet = vxlan(near + b'\1', near + b'\2', 4 + level, HOST_MAC + HERE_MAC + b'\x08\0' + packet)
        return packet

    def in_pieces(self, packet, size):
        """A whole IPv4 packet in fragments."""
        self.ident += 1
        head, data = packet[:20], packet[20:]
        for at in range(0, len(data), size):
            more = at + size < len(data)
            self.host.send(ip4(head[12:16], head[16:20], head[9], data[at:at + size], self.ident, 1 if more else 0, at))

    def fragment(self, offset, data, more, next_header=17, ident=None, before=b'', ip_options=b'', **_):
        ident = self.ident if ident is None else ident
        if not self.v6:
            return self.host.send(self.wrap(self.ip(next_header, data, 64, ip_options, ident, 1 if more else 0, offset)))
        payload = fragment6(next_header, ident, offset, more, data)
        if before:
            payload = bytes([44, (len(before) + 2) // 8 - 1]) + before + payload
        return self.host.send(self.ip(60 if before else 44, payload))

    # --- UDP ---

    def datagram(self, body):
        return udp(self.here, self.there, self.port, PORT, body)

    # --- TCP ---

    def answer(self, packets):
        """The first TCP header among them that has SYN and ACK: its numbers are ours from now on."""
        for p in packets:
            head = p[40:] if self.v6 else p[20:]
            if (p[6] if self.v6 else p[9]) == 6 and head[13] & 0x12 == 0x12:
                self.their = struct.unpack('!I', head[4:8])[0] + 1
                self.acked = struct.unpack('!I', head[8:12])[0]
                options = head[20:(head[12] >> 4) * 4]
                at = options.find(b'\x08\x0a')
                if at >= 0:
                    self.echo = struct.unpack('!I', options[at + 2:at + 6])[0]
                return options
        return None

    def syn(self, payload=b'', options=b''):
        got = self.answer(self.packet(SYN, seq=self.isn, payload=payload, options=options))
        assert got is not None or self.their, 'no answer to the SYN'
        return got

    def ack(self):
        self.packet(ACK)

    def open(self):
        self.syn()
        self.ack()

    def called(self):
        """The host opens a connection to us; its SYN is not answered yet."""
        self.to = CONNECT_PORT
        for p in self.host.connect(self.port):
            if p[9] == 6 and p[33] & 0x12 == SYN and struct.unpack('!H', p[22:24])[0] == self.port:
                self.their = struct.unpack('!I', p[24:28])[0] + 1
        assert self.their, 'no SYN'

    def data(self, offset, payload, flags=ACK | PSH, ack_more=0, **how):
        ack = self.their + ack_more if flags & ACK else 0
        return self.packet(flags, seq=self.isn + 1 + offset, ack=ack, payload=payload, **how)

    def segment(self, offset, payload):
        """A segment's bytes, for whoever cuts them."""
        return tcp(self.here, self.there, self.port, self.to, self.isn + 1 + offset, self.their, ACK | PSH, payload)

    def close(self, offset):
        self.packet(FIN | ACK, seq=self.isn + 1 + offset)

    def fast_open(self, payload, spoil=False):
        """Get a cookie with a first connection, and use it in a second one."""
        second = self.port
        self.port += 20000
        options = self.syn(options=bytes([34, 2]))
        at = options.find(b'\x22')
        cookie = options[at + 2:at + options[at + 1]]
        self.packet(4, seq=self.isn + 1, ack=0)
        self.port, self.their = second, 0
        if spoil:
            cookie = bytes(b ^ 255 for b in cookie)
        self.syn(payload, bytes([34, 2 + len(cookie)]) + cookie)
        self.ack()
