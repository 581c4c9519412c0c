# SPDX-License-Identifier: Apache-2.0
"""What an attacker may send so that a sensor sees something else than the host.

A case is a function of a Talk: it sends segments, or whole packets.  Its decoys are bytes that the host's application does
not get (record.py asks a real one); rules must not see them in the stream either.  The list follows Ptacek and
Newsham ("Insertion, Evasion, and Denial of Service", 1998), Handley, Paxson and Kreibich (2001), and Novak and Sturges
(2007); each docstring says what is tried.
"""
import struct

from wire import ACK, FIN, PSH, RST, SYN, URG, fragment6, gre, ip4, ip6, timestamp, udp

CASES = {}


def case(*decoys, **how):
    def add(function):
        CASES[function.__name__.replace('_', '-')] = (function, decoys, how)
        return function
    return add


# --- the plain ways ---------------------------------------------------------------------------------------

@case()
def plain(t):
    """One segment."""
    t.open()
    t.data(0, b'ATTACK')
    t.close(6)


@case()
def byte_by_byte(t):
    """Each byte alone."""
    t.open()
    for i in range(12):
        t.data(i, b'ATTACK/12345'[i:i + 1])
    t.close(12)


@case()
def backwards(t):
    """Each byte alone, the last one first."""
    t.open()
    for i in reversed(range(12)):
        t.data(i, b'ATTACK/12345'[i:i + 1])
    t.close(12)


@case()
def twice(t):
    """The same twice, and in other pieces."""
    t.open()
    t.data(0, b'ATTA')
    t.data(0, b'ATTA')
    t.data(2, b'TACK')
    t.close(6)


@case(v6=True)
def plain_ipv6(t):
    """One segment over IPv6."""
    t.open()
    t.data(0, b'ATTACK')
    t.close(6)


@case(isn=0xfffffffa)
def sequence_wraps(t):
    """Sequence numbers wrap within the data, and a hole lies over the edge."""
    t.open()
    t.data(8, b'IJKL')
    t.data(0, b'ABCDEFGH')
    t.close(12)


# --- what a host throws away ---------------------------------------------------------------------------------

@case(b'benign')
def bad_tcp_checksum(t):
    """Other data with a wrong checksum first."""
    t.open()
    t.data(0, b'benign', bad_checksum=True)
    t.data(0, b'ATTACK')
    t.close(6)


@case(b'benign')
def bad_ip_checksum(t):
    """Other data with a wrong checksum of the IP header."""
    t.open()
    t.data(0, b'benign', bad_ip=True)
    t.data(0, b'ATTACK')
    t.close(6)


@case(b'benign')
def no_ack_flag(t):
    """Other data in a segment without the ACK flag."""
    t.open()
    t.data(0, b'benign', flags=PSH)
    t.data(0, b'ATTACK')
    t.close(6)


@case(b'benign')
def no_flags(t):
    """Other data in a segment without any flag."""
    t.open()
    t.data(0, b'benign', flags=0)
    t.data(0, b'ATTACK')
    t.close(6)


@case(b'benign')
def syn_flag_with_data(t):
    """Other data in a SYN of the established session."""
    t.open()
    t.data(0, b'benign', flags=SYN | ACK | PSH)
    t.data(0, b'ATTACK')
    t.close(6)


@case(b'benign')
def syn_and_fin(t):
    """Other data with SYN and FIN."""
    t.open()
    t.data(0, b'benign', flags=SYN | FIN | ACK)
    t.data(0, b'ATTACK')
    t.close(6)


@case(b'benign')
def ack_of_the_future(t):
    """Other data that acknowledge what the host never sent."""
    t.open()
    t.data(0, b'benign', ack_more=100000)
    t.data(0, b'ATTACK')
    t.close(6)


@case(b'benign')
def ack_of_the_past(t):
    """Other data with an ACK from long before the session."""
    t.open()
    t.data(0, b'benign', ack_more=-200000)
    t.data(0, b'ATTACK')
    t.close(6)


@case(b'benign', times=True)
def paws(t):
    """Other data with a timestamp that is too old (RFC 7323, section 5)."""
    t.open()
    t.data(0, b'AT')
    t.data(2, b'benign', time=-5000)
    t.data(2, b'TACK')
    t.close(6)


@case(times=True)
def no_timestamp(t):
    """Timestamps were agreed on, and this segment has none."""
    t.open()
    t.data(0, b'ATTACK', bare=True)
    t.close(6)


@case(b'benign')
def out_of_window(t):
    """Data far behind the window."""
    t.open()
    t.data(1000000, b'benign')
    t.data(0, b'ATTACK')
    t.close(6)


@case(b'benign')
def before_the_window(t):
    """Data before the first byte."""
    t.open()
    t.data(0, b'ATTACK')
    t.data(-20, b'benign')
    t.close(6)


@case(b'nign')
def over_the_left_edge(t):
    """A segment that begins before the first byte: only the rest of it counts."""
    t.open()
    t.data(-2, b'beATTACK')
    t.data(2, b'nign')
    t.close(6)


@case(b'benign')
def unknown_ip_version(t):
    """Other data in a packet of IP version 5."""
    t.open()
    t.data(0, b'benign', version=5)
    t.data(0, b'ATTACK')
    t.close(6)


@case(b'TRAIL')
def trailing_bytes(t):
    """Bytes behind the end of the datagram, as Ethernet's padding."""
    t.open()
    t.data(0, b'ATTACK', behind=b'TRAIL')
    t.close(6)


@case(b'benign')
def short_header(t):
    """Other data in a segment whose header says it has four words."""
    t.open()
    t.data(0, b'benign', words=4)
    t.data(0, b'ATTACK')
    t.close(6)


@case(b'benign')
def long_header(t):
    """Other data in a segment whose header reaches past its end."""
    t.open()
    t.data(0, b'benign', words=15)
    t.data(0, b'ATTACK')
    t.close(6)


# --- the handshake ----------------------------------------------------------------------------------------------

@case(b'early')
def data_in_syn(t):
    """Data in the SYN, without fast open: the host does not acknowledge it."""
    t.syn(b'early')
    t.ack()
    t.data(0, b'ATTACK')
    t.close(6)


@case()
def fast_open(t):
    """Data in the SYN with a cookie that the host gave before (RFC 7413)."""
    t.fast_open(b'ATT')
    t.data(3, b'ACK')
    t.close(6)


@case(b'benign')
def fast_open_bad_cookie(t):
    """Data in the SYN with a cookie that is not the host's."""
    t.fast_open(b'benign', spoil=True)
    t.data(0, b'ATTACK')
    t.close(6)


@case()
def syn_twice(t):
    """The SYN twice."""
    t.syn()
    t.syn()
    t.ack()
    t.data(0, b'ATTACK')
    t.close(6)


@case(b'benign')
def syn_with_other_number(t):
    """A second SYN with another number, which the host takes for a stray; data follows each."""
    t.syn()
    t.packet(SYN, seq=t.isn + 70000, ack=0)
    t.packet(ACK | PSH, seq=t.isn + 70001, ack=t.their, payload=b'benign')
    t.ack()
    t.data(0, b'ATTACK')
    t.close(6)


@case()
def syn_after_the_fact(t):
    """The SYN again in the established session, with another number."""
    t.open()
    t.data(0, b'ATT')
    t.packet(SYN, seq=t.isn + 5000, ack=0)
    t.data(3, b'ACK')
    t.close(6)


@case(b'benign')
def wrong_ack_in_handshake(t):
    """The last ACK of the handshake acknowledges another number, with data; then the right one."""
    t.syn()
    t.data(0, b'benign', ack_more=77)
    t.ack()
    t.data(0, b'ATTACK')
    t.close(6)


@case()
def data_with_the_last_ack(t):
    """The handshake's ACK carries the data."""
    t.syn()
    t.data(0, b'ATTACK')
    t.close(6)


@case()
def lost_ack(t):
    """The handshake's ACK is lost behind the sensor; the data carries one."""
    t.syn()
    t.packet(ACK, lost=True)
    t.data(0, b'ATTACK')
    t.close(6)


@case()
def data_out_of_order_before_ack(t):
    """Data behind a hole before the handshake's ACK."""
    t.syn()
    t.data(3, b'ACK')
    t.data(0, b'ATT')
    t.close(6)


@case(b'benign')
def data_before_the_syn(t):
    """Data with the numbers of a session that does not exist yet."""
    t.data(0, b'benign', flags=ACK | PSH)
    t.open()
    t.data(0, b'ATTACK')
    t.close(6)


@case(connects=True)
def simultaneous_open(t):
    """Both ends open at the same time: SYN against SYN, then SYN/ACK against SYN/ACK (RFC 9293, section 3.5)."""
    t.called()
    t.packet(SYN, seq=t.isn, ack=0)
    t.packet(SYN | ACK, seq=t.isn)
    t.data(0, b'ATTACK')
    t.close(6)


@case(connects=True)
def simultaneous_open_and_ack(t):
    """The same, and the last SYN/ACK is a plain ACK with data."""
    t.called()
    t.packet(SYN, seq=t.isn, ack=0)
    t.data(0, b'ATTACK')
    t.close(6)


@case(connects=True)
def four_way_handshake(t):
    """The host's SYN is acknowledged alone, then comes a SYN (split handshake); the host answers it as a server does."""
    t.called()
    t.packet(ACK, seq=t.isn)
    t.packet(SYN, seq=t.isn, ack=0)
    t.packet(ACK)
    t.data(0, b'ATTACK')
    t.close(6)


@case(b'benign', connects=True)
def four_way_handshake_other_number(t):
    """The same, with an ACK of another number than the SYN's, and data with it."""
    t.called()
    t.packet(ACK | PSH, seq=t.isn + 5000, payload=b'benign')
    t.packet(SYN, seq=t.isn, ack=0)
    t.packet(ACK)
    t.data(0, b'ATTACK')
    t.close(6)


@case(b'benign', connects=True)
def data_with_the_syn_ack(t):
    """Data in the SYN/ACK: nobody asked for fast open."""
    t.called()
    t.packet(SYN | ACK, seq=t.isn, payload=b'benign')
    t.data(0, b'ATTACK')
    t.close(6)


@case()
def window_of_zero(t):
    """The client says all the time that it has no room; that is no matter of what it sends."""
    t.open()
    t.data(0, b'ATT', window=0)
    t.data(3, b'ACK', window=0)
    t.close(6)


@case()
def window_shrinks(t):
    """A window that is taken back with every segment."""
    t.open()
    for i, window in enumerate((60000, 1000, 10, 1, 0, 60000)):
        t.data(i, b'ATTACK'[i:i + 1], window=window)
    t.close(6)


@case(b'benign')
def window_probe(t):
    """Behind the window's end: a probe whose byte the host does not take."""
    t.open()
    t.data(70000, b'benign')
    t.data(0, b'ATTACK')
    t.close(6)


# --- what the sensor does not see ---------------------------------------------------------------------------------

@case(set=('stream.midstream=yes',), missed=5)
def midstream(t):
    """The sensor begins to look in the middle."""
    t.unseen = True
    t.open()
    t.data(0, b'HELLO')
    t.unseen = False
    t.host.receive(0.02)
    t.data(5, b'ATTACK')
    t.close(11)


@case(b'benign', set=('stream.midstream=yes',), missed=5)
def midstream_with_other_data(t):
    """The same, with other data for the same bytes behind."""
    t.unseen = True
    t.open()
    t.data(0, b'HELLO')
    t.unseen = False
    t.data(5, b'ATTACK')
    t.data(5, b'benign')
    t.close(11)


@case(set=('stream.async-oneside=yes',), one_sided=True)
def one_sided(t):
    """The sensor sees what the client sends, and nothing else."""
    t.open()
    t.data(0, b'ATT')
    t.data(3, b'ACK')
    t.close(6)


@case(set=('stream.async-oneside=yes',), one_sided=True)
def one_sided_backwards(t):
    """The same, each byte alone, the last one first."""
    t.open()
    for i in reversed(range(6)):
        t.data(i, b'ATTACK'[i:i + 1])
    t.close(6)


@case(set=('stream.async-oneside=yes', 'stream.midstream=yes'), one_sided=True, missed=5)
def one_sided_midstream(t):
    """One side, from its middle on."""
    t.unseen = True
    t.open()
    t.data(0, b'HELLO')
    t.unseen = False
    t.data(5, b'ATT')
    t.data(8, b'ACK')
    t.close(11)


# --- RST and FIN -------------------------------------------------------------------------------------------------

@case()
def rst_out_of_window(t):
    """A RST whose number is out of the window; the session goes on."""
    t.open()
    t.data(0, b'ATT')
    t.packet(RST, seq=t.isn + 1 + 900000, ack=0)
    t.data(3, b'ACK')
    t.close(6)


@case()
def rst_in_window(t):
    """A RST in the window but not at its edge: a challenge, no end (RFC 5961, section 3)."""
    t.open()
    t.data(0, b'ATT')
    t.packet(RST, seq=t.isn + 1 + 40, ack=0)
    t.data(3, b'ACK')
    t.close(6)


@case()
def rst_before_the_window(t):
    """A RST one before what is next."""
    t.open()
    t.data(0, b'ATT')
    t.packet(RST, seq=t.isn + 1 + 2, ack=0)
    t.data(3, b'ACK')
    t.close(6)


@case()
def rst_with_bad_checksum(t):
    """A RST with a wrong checksum."""
    t.open()
    t.data(0, b'ATT')
    t.packet(RST, seq=t.isn + 1 + 3, ack=0, bad_checksum=True)
    t.data(3, b'ACK')
    t.close(6)


@case(b'ACK')
def rst_that_counts(t):
    """A RST at the edge; what follows is nobody's."""
    t.open()
    t.data(0, b'ATT')
    t.packet(RST, seq=t.isn + 1 + 3, ack=0)
    t.data(3, b'ACK')


@case(b'denied')
def rst_with_text(t):
    """A RST that carries text (RFC 1122, section 4.2.2.12)."""
    t.open()
    t.data(0, b'ATTACK')
    t.packet(RST | ACK, seq=t.isn + 1 + 6, payload=b'denied')


@case()
def fin_too_early(t):
    """A FIN with a number before what is next."""
    t.open()
    t.data(0, b'ATT')
    t.packet(FIN | ACK, seq=t.isn + 1 + 1)
    t.data(3, b'ACK')
    t.close(6)


@case()
def fin_out_of_window(t):
    """A FIN far behind the window."""
    t.open()
    t.data(0, b'ATT')
    t.packet(FIN | ACK, seq=t.isn + 1 + 900000)
    t.data(3, b'ACK')
    t.close(6)


@case()
def fin_before_its_data(t):
    """The FIN comes before the bytes in front of it."""
    t.open()
    t.packet(FIN | ACK, seq=t.isn + 1 + 6)
    t.data(0, b'ATTACK')


@case(b'BEHIND')
def data_behind_the_fin(t):
    """Bytes behind the FIN are nobody's."""
    t.open()
    t.data(0, b'ATTACK')
    t.close(6)
    t.data(7, b'BEHIND')


@case(b'benign')
def fin_with_bad_checksum(t):
    """A FIN with a wrong checksum and other data."""
    t.open()
    t.data(0, b'ATT')
    t.packet(FIN | ACK, seq=t.isn + 1 + 3, payload=b'benign', bad_checksum=True)
    t.data(3, b'ACK')
    t.close(6)


# --- the same bytes twice ------------------------------------------------------------------------------------------

@case(b'benign')
def again_with_other_data(t):
    """Acknowledged bytes again, with others."""
    t.open()
    t.data(0, b'ATTACK')
    t.data(0, b'benign')
    t.close(6)


@case(b'benign')
def again_and_longer(t):
    """Bytes in order again, in a longer segment with others."""
    t.open()
    t.data(0, b'ATT')
    t.data(0, b'benACK')
    t.close(6)


@case(b'XTTACK')
def one_byte_again(t):
    """One byte in order again: no keep-alive."""
    t.open()
    t.data(0, b'A')
    t.data(0, b'X')
    t.data(1, b'TTACK')
    t.close(6)


@case(b'benign')
def behind_a_hole_again(t):
    """Behind a hole the same segment with other data."""
    t.open()
    t.data(1, b'TTACK')
    t.data(1, b'enign')
    t.data(0, b'A')
    t.close(6)


@case(b'benign')
def behind_a_hole_longer(t):
    """Behind a hole a longer segment that begins at the same place takes it over."""
    t.open()
    t.data(2, b'nig')
    t.data(2, b'TACK')
    t.data(0, b'AT')
    t.close(6)


@case(b'benign')
def behind_a_hole_covered(t):
    """Behind a hole a segment that another one covers."""
    t.open()
    t.data(3, b'ig')
    t.data(2, b'TACK')
    t.data(0, b'AT')
    t.close(6)


@case(b'benign')
def behind_a_hole_joined(t):
    """Behind a hole two segments that touch count as one."""
    t.open()
    t.data(1, b'TT')
    t.data(3, b'ACK')
    t.data(1, b'enign')
    t.data(0, b'A')
    t.close(6)


@case(b'ATTACK', told=True)
def lost_behind_the_sensor(t):
    """The sensor sees data that never arrives (a low TTL); other data follows.  Both are told."""
    t.open()
    t.data(0, b'ATTACK', ttl=1, lost=True)
    t.data(0, b'BENIGN')
    t.close(6)


# --- urgent data, probes ---------------------------------------------------------------------------------------------

@case(b'ATTXACK')
def urgent_byte(t):
    """One byte is urgent: the application reads on without it (RFC 6093)."""
    t.open()
    t.data(0, b'ATTXACK', flags=ACK | PSH | URG, urgent=4)
    t.close(7)


@case(b'XATTACK')
def urgent_first(t):
    """The first byte is the urgent one."""
    t.open()
    t.data(0, b'XATTACK', flags=ACK | PSH | URG, urgent=1)
    t.close(7)


@case()
def urgent_pointer_without_flag(t):
    """An urgent pointer without its flag says nothing."""
    t.open()
    t.data(0, b'ATTACK', urgent=3)
    t.close(6)


@case(b'ATTAC!')
def keepalive_with_garbage(t):
    """A keep-alive with one byte of garbage after all is acknowledged."""
    t.open()
    t.data(0, b'ATTAC')
    t.packet(ACK, seq=t.isn + 1 + 4, payload=b'!')
    t.data(5, b'K')
    t.close(6)


# --- options ---------------------------------------------------------------------------------------------------------

@case()
def ip_options(t):
    """IP options in front of the segment."""
    t.open()
    t.data(0, b'ATTACK', ip_options=b'\1\1\1\1')
    t.close(6)


@case()
def unknown_tcp_option(t):
    """A TCP option that nobody knows."""
    t.open()
    t.data(0, b'ATTACK', options=bytes([253, 4, 0, 0]))
    t.close(6)


@case()
def broken_tcp_option(t):
    """A TCP option whose length reaches past the header."""
    t.open()
    t.data(0, b'ATTACK', options=bytes([253, 40, 0, 0]))
    t.close(6)


@case()
def unasked_signature(t):
    """A TCP MD5 signature that nobody asked for."""
    t.open()
    t.data(0, b'ATTACK', options=bytes([19, 18]) + bytes(16))
    t.close(6)


# --- fragments ----------------------------------------------------------------------------------------------------------

BODY = b'ATTACK-1' + b'ATTACK-2' + b'ATTACK-3'


def pieces(t, order, size=8, **how):
    """The datagram of the case in pieces of so many bytes, in this order."""
    data = t.datagram(BODY)
    parts = [(at, data[at:at + size], at + size < len(data)) for at in range(0, len(data), size)]
    for i in order if order else range(len(parts)):
        t.fragment(*parts[i], **how)


@case(udp=True)
def fragments_in_order(t):
    """Fragments of eight bytes."""
    pieces(t, None)


@case(udp=True)
def fragments_backwards(t):
    """Fragments of eight bytes, the last one first."""
    pieces(t, [3, 2, 1, 0])


@case(udp=True)
def fragments_twice(t):
    """Each fragment twice."""
    pieces(t, [0, 0, 1, 1, 2, 2, 3])


@case(b'benign', udp=True)
def fragment_again_with_other_data(t):
    """A fragment again with other data."""
    data = t.datagram(BODY)
    t.fragment(0, data[:8], True)
    t.fragment(8, data[8:16], True)
    t.fragment(8, b'benign!!', True)
    t.fragment(16, data[16:], False)


@case(b'benign', udp=True)
def fragments_overlap(t):
    """Fragments that lie over one another: Linux gives the datagram up."""
    data = t.datagram(BODY)
    t.fragment(0, data[:16], True)
    t.fragment(8, b'benign!!' + data[16:24], True)
    t.fragment(24, data[24:], False)


@case(b'benign', udp=True)
def fragments_overlap_then_whole(t):
    """The same, and then all of it once more."""
    data = t.datagram(BODY)
    t.fragment(0, data[:16], True)
    t.fragment(8, b'benign!!' + data[16:24], True)
    t.fragment(0, data[:16], True)
    t.fragment(16, data[16:], False)


@case(b'benign', udp=True, v6=True)
def fragments_overlap_ipv6(t):
    """Fragments of IPv6 that lie over one another (RFC 5722)."""
    data = t.datagram(BODY)
    t.fragment(0, data[:16], True)
    t.fragment(8, b'benign!!' + data[16:24], True)
    t.fragment(24, data[24:], False)


@case(udp=True, v6=True)
def fragments_in_order_ipv6(t):
    """Fragments of eight bytes over IPv6."""
    pieces(t, None)


@case(udp=True, v6=True)
def atomic_fragment(t):
    """A fragment header and nothing fragmented (RFC 6946)."""
    t.fragment(0, t.datagram(BODY), False)


@case(udp=True, v6=True)
def atomic_between_fragments(t):
    """An atomic fragment with the same identification does not disturb the others."""
    data = t.datagram(BODY)
    t.fragment(0, data[:16], True)
    t.fragment(0, t.datagram(b'OTHER'), False)
    t.fragment(16, data[16:], False)


@case(udp=True, v6=True)
def options_before_the_fragment_header(t):
    """Destination options in front of the fragment header."""
    pieces(t, None, before=b'\1\4\0\0\0\0')


@case(udp=True, v6=True)
def options_behind_the_fragment_header(t):
    """Destination options behind it: in the first fragment."""
    data = bytes([17, 0, 1, 4, 0, 0, 0, 0]) + t.datagram(BODY)
    t.fragment(0, data[:16], True, next_header=60)
    t.fragment(16, data[16:], False, next_header=60)


@case(udp=True)
def fragment_with_options(t):
    """IP options in the first fragment alone."""
    data = t.datagram(BODY)
    t.fragment(0, data[:16], True, ip_options=b'\1\1\1\1')
    t.fragment(16, data[16:], False)


@case(b'benign', udp=True)
def fragment_beyond_the_end(t):
    """A fragment behind the one that said it was the last."""
    data = t.datagram(BODY)
    t.fragment(16, data[16:], False)
    t.fragment(40, b'benign!!', True)
    t.fragment(0, data[:16], True)


@case(b'benign', udp=True)
def other_identification(t):
    """A fragment of another datagram between."""
    data = t.datagram(BODY)
    t.fragment(0, data[:8], True)
    t.fragment(8, b'benign!!', True, ident=77)
    t.fragment(8, data[8:], False)


@case()
def segments_in_fragments(t):
    """Each segment in fragments of eight bytes: the header in three of them."""
    t.open()
    t.data(0, b'ATT', pieces=8)
    t.data(3, b'ACK', pieces=8)
    t.close(6)


@case(b'ATT', v6=True)
def segments_in_fragments_ipv6(t):
    """The same over IPv6: what has no whole header in its first fragment is dropped (RFC 7112)."""
    t.open()
    t.data(0, b'ATT', pieces=8)
    t.data(3, b'ACK', pieces=8)
    t.close(6)


@case(b'benign')
def tiny_first_fragment(t):
    """Eight bytes of the TCP header in the first fragment (RFC 1858), the rest behind it."""
    t.open()
    t.data(0, b'ATTACK', pieces=16)
    t.close(6)


@case(b'benign')
def flags_in_an_overlap(t):
    """A second fragment that lies over the flags of the first (RFC 3128): the host gives the datagram up."""
    t.open()
    whole = t.segment(0, b'benign')
    t.ident += 1
    t.fragment(0, whole[:16], True, next_header=6)
    t.fragment(8, whole[8:13] + b'\2' + whole[14:], False, next_header=6)
    t.data(0, b'ATTACK')
    t.close(6)


@case(b'benign', udp=True)
def fragment_of_nothing(t):
    """A fragment without a byte at the end of a datagram."""
    data = t.datagram(BODY)
    t.fragment(0, data[:16], True)
    t.fragment(16, b'', True)
    t.fragment(16, data[16:], False)


@case(udp=True, v6=True)
def options_before_and_behind(t):
    """Destination options in front of the fragment header, and others behind it."""
    data = bytes([17, 0, 1, 4, 0, 0, 0, 0]) + t.datagram(BODY)
    before = b'\1\4\0\0\0\0'
    t.fragment(0, data[:16], True, next_header=60, before=before)
    t.fragment(16, data[16:], False, next_header=60, before=before)


@case(udp=True, v6=True)
def options_before_one_fragment(t):
    """Destination options in front of one fragment header alone: they are of the fragment, not of the datagram."""
    data = t.datagram(BODY)
    t.fragment(0, data[:16], True)
    t.fragment(16, data[16:], False, before=b'\1\4\0\0\0\0')


@case(udp=True, v6=True)
def next_header_of_later_fragments(t):
    """What the later fragments say of the next header is of no account (RFC 8200, section 4.5)."""
    data = t.datagram(BODY)
    t.fragment(0, data[:16], True, next_header=17)
    t.fragment(16, data[16:], False, next_header=6)


@case(b'benign', udp=True, v6=True)
def two_fragment_headers(t):
    """A datagram that is fragmented once more: a fragment header in what was joined."""
    inner = fragment6(17, 9, 0, False, t.datagram(BODY))
    t.fragment(0, inner[:16], True, next_header=44)
    t.fragment(16, inner[16:], False, next_header=44)


# --- tunnels ------------------------------------------------------------------------------------------------------------

@case(udp=True, tunnels=1)
def in_a_tunnel(t):
    """A datagram in VXLAN."""
    t.fragment(0, t.datagram(BODY), False)


@case(udp=True, tunnels=1)
def fragments_in_a_tunnel(t):
    """Fragments, each in VXLAN."""
    pieces(t, None)


@case(udp=True, tunnels=1)
def fragments_in_a_tunnel_backwards(t):
    """The same, the last one first."""
    pieces(t, [3, 2, 1, 0])


@case(b'benign', udp=True, tunnels=1)
def fragments_overlap_in_a_tunnel(t):
    """Fragments in VXLAN that lie over one another: the datagram is given up."""
    data = t.datagram(BODY)
    t.fragment(0, data[:16], True)
    t.fragment(8, b'benign!!' + data[16:24], True)
    t.fragment(24, data[24:], False)


@case(udp=True, tunnels=1)
def tunnel_in_fragments(t):
    """The outer packet in fragments."""
    t.in_pieces(t.wrap(t.ip(17, t.datagram(BODY))), 24)


@case(udp=True, tunnels=1)
def fragments_in_a_tunnel_in_fragments(t):
    """Fragments in VXLAN, whose outer packets are in fragments."""
    data = t.datagram(BODY)
    for at in range(0, len(data), 16):
        t.in_pieces(t.wrap(t.ip(17, data[at:at + 16], ident=9, flags=1 if at + 16 < len(data) else 0, offset=at)), 32)


@case(udp=True, tunnels=2)
def tunnel_in_a_tunnel(t):
    """VXLAN in VXLAN."""
    t.fragment(0, t.datagram(BODY), False)


@case(udp=True, tunnels=2)
def fragments_in_a_tunnel_in_a_tunnel(t):
    """Fragments in VXLAN in VXLAN."""
    pieces(t, [1, 0, 3, 2])


@case(udp=True, tunnels=2)
def fragments_between_tunnels(t):
    """The packets of the inner tunnel in fragments, each in the outer one."""
    inner = t.wrap(t.ip(17, t.datagram(BODY)))
    # What the outer tunnel carries, without it.
    middle = inner[20 + 8 + 8 + 14:]
    t.tunnels = 1
    for at in range(0, len(middle) - 20, 32):
        part = middle[20 + at:20 + at + 32]
        more = at + 32 < len(middle) - 20
        t.host.send(t.wrap(ip4(middle[12:16], middle[16:20], 17, part, 77, 1 if more else 0, at)))


@case(udp=True, reading=[BODY])
def fragments_in_ipip(t):
    """Fragments in IP in IP (RFC 2003, section 5: the inner ones are joined by who takes the tunnel's end)."""
    data = t.datagram(BODY)
    for at in range(0, len(data), 8):
        inner = ip4(t.here, t.there, 17, data[at:at + 8], 5, 1 if at + 8 < len(data) else 0, at)
        t.host.send(ip4(t.here, t.there, 4, inner), lost=True)


@case(udp=True, reading=[BODY])
def gre_in_ipip_in_fragments(t):
    """GRE in IP in IP, in fragments (RFC 2784, RFC 2003)."""
    inner = gre(t.here, t.there, ip4(t.here, t.there, 17, t.datagram(BODY)))
    whole = ip4(t.here, t.there, 4, inner)
    for at in range(0, len(whole) - 20, 24):
        part = whole[20 + at:20 + at + 24]
        t.host.send(ip4(t.here, t.there, 4, part, 6, 1 if at + 24 < len(whole) - 20 else 0, at), lost=True)


@case(udp=True, v6=True, reading=[BODY])
def fragments_of_ipv6_in_ipv4(t):
    """Fragments of IPv6 in IPv4 (RFC 4213)."""
    data = t.datagram(BODY)
    for at in range(0, len(data), 16):
        inner = ip6(t.here, t.there, 44, fragment6(17, 7, at, at + 16 < len(data), data[at:at + 16]))
        t.host.send(ip4(bytes([10, 9, 0, 1]), bytes([10, 9, 0, 2]), 41, inner), lost=True)
