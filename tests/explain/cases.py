# SPDX-License-Identifier: Apache-2.0
"""Rules, traffic on which each alerts, and mutations of it that break one condition each.

case(NAME, CONDITIONS, TRAFFIC, broken(STATES, TRAFFIC, DETAIL) ...): the rule is the conditions in
order.  STATES has a letter for each: H held, F failed, N not evaluable because of one that failed.
Every condition stands as F in some broken() of its case, exactly one F in each.  DETAIL is a
regular expression for the nearest miss.

STATES of the traffic that alerts are all H.
"""

import collections

from traffic import (ACK, CLIENT, PSH, RST, SERVER, C, S, icmp, tcp, tcp_segment, udp)

Case = collections.namedtuple("Case", "name group conditions header extra traffic broken")
Broken = collections.namedtuple("Broken", "states traffic detail")

CASES = []
TCP = "tcp any any -> any any"
UDP = "udp any any -> any any"
ICMP = "icmp any any -> any any"

_group = None


def group(name):
    global _group
    _group = name


def broken(states, traffic, detail=None):
    return Broken(states, traffic, detail)


def case(name, conditions, traffic, *mutations, header=TCP, extra=()):
    """extra: more rules of the file, without their sid."""
    CASES.append(Case(name, _group, conditions, header, extra, traffic, mutations))


def sets(condition, header=TCP):
    """A rule that leaves a mark in the flow and says nothing."""
    return "alert %s (msg:\"mark\"; %s; noalert;" % (header, condition)


# --- contents that count from the one before -----------------------------------------------------

group("relative")

case("distance",
     ['content:"alpha"', 'content:"beta"; distance:0'],
     tcp(b"alpha and beta"),
     broken("FN", tcp(b"alphx and beta"), r"not found"),
     broken("HF", tcp(b"alpha and betx"), r"not found"),
     broken("HF", tcp(b"beta and alpha"), r"found at 0\b.*from 14"))

case("distance-gap",
     ['content:"alpha"', 'content:"beta"; distance:4'],
     tcp(b"alpha----beta"),
     broken("FN", tcp(b"a1pha----beta")),
     broken("HF", tcp(b"alpha--beta"), r"found at 7\b.*distance"))

case("within",
     ['content:"USER "', 'content:"|0d 0a|"; within:20'],
     tcp(b"USER bob\r\n"),
     broken("FN", tcp(b"USEX bob\r\n")),
     broken("HF", tcp(b"USER " + b"a" * 40 + b"\r\n"), r"found at 45\b.*within"))

case("chain-of-three",
     ['content:"GET "', 'content:"/admin"; distance:0; within:6', 'content:" HTTP/1."; distance:1'],
     tcp(b"GET /admin? HTTP/1.0\r\n\r\n", dport=8080),
     broken("FNN", tcp(b"PUT /admin? HTTP/1.0\r\n\r\n", dport=8080)),
     broken("HFN", tcp(b"GET /index? HTTP/1.0\r\n\r\n", dport=8080)),
     broken("HFN", tcp(b"GET //admin? HTTP/1.0\r\n\r\n", dport=8080), r"found at 5\b.*within"),
     broken("HHF", tcp(b"GET /admin?\r\n\r\n", dport=8080)))

case("backwards",
     ['content:"end"', 'content:"start"; distance:-12; within:12'],
     tcp(b"xxstart--endxx"),
     broken("FN", tcp(b"xxstart--edxxx")),
     broken("HF", tcp(b"xxstxrt--endxx")))

case("second-occurrence",
     ['content:"id="', 'content:"root"; distance:0; within:4'],
     tcp(b"id=bob id=root"),
     broken("FN", tcp(b"ix=bob ix=root")),
     broken("HF", tcp(b"id=bob id=rxot")))

case("search-pattern-first",
     ['content:"Cmd.Begin"; fast_pattern', 'content:"exec"; distance:1; within:4', 'content:"zz"'],
     tcp(b"Cmd.Begin exec zz"),
     broken("FNH", tcp(b"Cmd.Begun exec zz")),
     broken("HFH", tcp(b"Cmd.Begin exek zz")),
     broken("HHF", tcp(b"Cmd.Begin exec zy")))

case("search-pattern-last",
     ['content:"cmd"', 'content:"exec"; distance:1; within:4',
      'content:"Terminator"; distance:0; fast_pattern'],
     tcp(b"cmd exec Terminator"),
     broken("FNN", tcp(b"cnd exec Terminator")),
     broken("HFN", tcp(b"cmd exek Terminator")),
     broken("HHF", tcp(b"cmd exec Termimator"), r"not found"))

case("search-pattern-part",
     ['content:"AAAAmiddleBBBB"; fast_pattern:4,6', 'content:"tail"; distance:1'],
     tcp(b"AAAAmiddleBBBB tail"),
     broken("FN", tcp(b"AAAAmuddleBBBB tail")),
     broken("FN", tcp(b"AABAmiddleBBBB tail")),
     broken("HF", tcp(b"AAAAmiddleBBBB tale")))

case("data-follows",
     ['content:"PASS "', 'isdataat:100,relative', 'content:!"|0a|"; within:100'],
     tcp(b"PASS " + b"a" * 150),
     broken("FNN", tcp(b"PAXX " + b"a" * 150)),
     broken("HFH", tcp(b"PASS " + b"a" * 50), r"50 bytes"),
     broken("HHF", tcp(b"PASS " + b"a" * 20 + b"\n" + b"a" * 150), r"found at 25\b"))

case("udp-relative",
     ['content:"|01 00|"', 'content:"|03|www"; distance:8', 'content:"|00|"; distance:3; within:1'],
     udp(b"ab\x01\x00" + b"12345678" + b"\x03wwwnet\x00"),
     broken("FNN", udp(b"ab\x01\x01" + b"12345678" + b"\x03wwwnet\x01"), r"not found"),
     broken("HFN", udp(b"ab\x01\x00" + b"12345678" + b"\x03wxwnet\x00")),
     broken("HHF", udp(b"ab\x01\x00" + b"12345678" + b"\x03wwwnetx\x00"), r"found at 20\b.*within"),
     header=UDP)

# --- regular expressions -------------------------------------------------------------------------

group("pcre")

case("pcre-beside-content",
     ['content:"id="', 'pcre:"/id=[0-9]{4,}/i"'],
     tcp(b"id=12345"),
     broken("FH", tcp(b"ID=12345"), r"other case.* at 0\b"),
     broken("HF", tcp(b"id=123x"), r"no match"))

case("pcre-relative",
     ['content:"token:"', 'pcre:"/^[a-f0-9]{8}/R"'],
     tcp(b"token:deadbeef"),
     broken("FN", tcp(b"tokem:deadbeef")),
     broken("HF", tcp(b"token:deadbeeg")))

case("content-after-pcre",
     ['pcre:"/user=\\w+/"', 'content:"&pass="; distance:0'],
     tcp(b"user=bob&pass=secret"),
     broken("FN", tcp(b"usr=bob&pass=secret"), r"no match"),
     broken("HF", tcp(b"user=bob&pasw=secret")))

case("pcre-negated",
     ['content:"login"', 'pcre:!"/admin/i"'],
     tcp(b"login bob"),
     broken("FH", tcp(b"logon bob")),
     broken("HF", tcp(b"login AdMin"), r"match at 6\b"))

case("pcre-lines",
     ['content:"GET "; startswith', 'pcre:"/^Host: evil/mi"'],
     tcp(b"GET / HTTP/1.0\r\nhost: evil.test\r\n\r\n", dport=8080),
     broken("FH", tcp(b" GET / HTTP/1.0\r\nhost: evil.test\r\n\r\n", dport=8080), r"found at 1\b"),
     broken("HF", tcp(b"GET / HTTP/1.0\r\nhost: kind.test\r\n\r\n", dport=8080)))

case("pcre-chain",
     ['pcre:"/a(\\d+)b/"', 'pcre:"/^-c\\d/R"', 'content:"zz"'],
     tcp(b"a12b-c7 zz"),
     broken("FNH", tcp(b"axxb-c7 zz")),
     broken("HFH", tcp(b"a12b-d7 zz")),
     broken("HHF", tcp(b"a12b-c7 yz")))

case("pcre-only",
     ['pcre:"/^x{3}y+z$/s"'],
     udp(b"xxxyyyyz"),
     broken("F", udp(b"xxyyyyz"), r"no match"),
     header=UDP)

# --- numbers in variables ------------------------------------------------------------------------

group("byte-variable")

case("test-against-extracted",
     ['content:"LEN"', 'byte_extract:1,0,len,relative', 'byte_test:1,>,len,1,relative'],
     tcp(b"LEN\x05x\x09"),
     broken("FNN", tcp(b"LEM\x05x\x09")),
     broken("HFN", tcp(b"x\x09xLEN"), r"1 byte at 6.*end at 6"),
     broken("HHF", tcp(b"LEN\x05x\x03"), r"3\b.*not > 5"))

case("digits",
     ['content:"N="; depth:2', 'byte_extract:3,2,num,string,dec',
      'byte_test:3,=,num,6,string,dec'],
     tcp(b"N=123;123"),
     broken("FHH", tcp(b"M=123;123")),
     broken("HFN", tcp(b"N=abc;123"), r"no number"),
     broken("HHF", tcp(b"N=123;124"), r"124\b.*not = 123"))

case("extracted-offset",
     ['content:"|01|"; depth:1', 'byte_extract:1,1,skip', 'content:"MARK"; offset:skip'],
     tcp(b"\x01\x06____MARK"),
     broken("FHH", tcp(b"\x02\x06____MARK")),
     broken("HFN", tcp(b"\x01")),
     broken("HHF", tcp(b"\x01\x06__MARK__"), r"found at 4\b.*offset is 6"))

case("little-endian",
     ['content:"HD"; startswith', 'byte_extract:2,2,size,little,multiplier 2',
      'byte_test:2,<,size,0,relative'],
     tcp(b"HD\x10\x00\x00\x1f"),
     broken("FHH", tcp(b"HE\x10\x00\x00\x1f")),
     broken("HFN", tcp(b"HD\x10")),
     broken("HHF", tcp(b"HD\x10\x00\x00\x20"), r"32\b.*not < 32"))

case("two-variables",
     ['content:"TWO"; depth:3', 'byte_extract:1,9,a', 'byte_extract:1,3,b,string,dec',
      'byte_test:1,=,a,4', 'byte_test:1,=,b,5,string,dec'],
     udp(b"TWO7" + b"A" + b"7" + b"___" + b"A"),
     broken("FHHHH", udp(b"TWX7A7___A")),
     broken("HFHNH", udp(b"TWO7A7___")),
     broken("HHFHN", udp(b"TWOxA7___A")),
     broken("HHHFH", udp(b"TWO7B7___A"), r"66\b.*not = 65"),
     broken("HHHHF", udp(b"TWO7A8___A"), r"8\b.*not = 7"),
     header=UDP)

case("math",
     ['content:"MATH"; depth:4',
      'byte_math:bytes 1, offset 4, oper +, rvalue 10, result sum', 'byte_test:1,=,sum,5'],
     tcp(b"MATH\x05\x0f"),
     broken("FHH", tcp(b"MATX\x05\x0f")),
     broken("HFN", tcp(b"MATH")),
     broken("HHF", tcp(b"MATH\x05\x10"), r"16\b.*not = 15"))

case("extracted-within",
     ['content:"SZ"', 'byte_extract:1,0,sz,relative', 'content:"stop"; within:sz'],
     tcp(b"SZ\x08____stop"),
     broken("FNN", tcp(b"SX\x08____stop")),
     broken("HFN", tcp(b"stop SZ")),
     broken("HHF", tcp(b"SZ\x08_______stop"), r"found at 10\b.*within"))

# --- numbers -------------------------------------------------------------------------------------

group("bytes")

case("jump",
     ['content:"J"; depth:1', 'byte_jump:1,1', 'content:"LAND"; distance:0; within:4'],
     tcp(b"J\x03___LAND"),
     broken("FHH", tcp(b"K\x03___LAND")),
     broken("HFN", tcp(b"J\xff___LAND"), r"to 257.*end at 9"),
     broken("HHF", tcp(b"J\x03____LAND"), r"found at 6\b.*within"))

case("jump-from-beginning",
     ['content:"@"; startswith', 'byte_jump:2,1,from_beginning,string,dec',
      'byte_test:1,=,90,0,relative'],
     tcp(b"@07____Z"),
     broken("FHH", tcp(b"#07____Z")),
     broken("HFN", tcp(b"@xx____Z"), r"no number"),
     broken("HHF", tcp(b"@07____Y"), r"89\b.*not = 90"))

case("bitmask",
     ['byte_test:1,&,128,0', 'byte_test:2,=,3,1,bitmask 0x0ff0', 'byte_test:1,!&,64,0'],
     udp(b"\x81\x00\x31rest"),
     broken("FHH", udp(b"\x01\x00\x31rest")),
     broken("HFH", udp(b"\x81\x00\x41rest"), r"4\b.*not = 3"),
     broken("HHF", udp(b"\xc1\x00\x31rest")),
     header=UDP)

case("bytes-there",
     ['content:"ab"', 'isdataat:10', 'isdataat:!20'],
     udp(b"ab" + b"-" * 13),
     broken("FHH", udp(b"ax" + b"-" * 13)),
     broken("HFH", udp(b"ab" + b"-" * 5), r"7 bytes"),
     broken("HHF", udp(b"ab" + b"-" * 25), r"27 bytes"),
     header=UDP)

# --- what the flow remembers ---------------------------------------------------------------------

group("flowbits")

case("isset",
     ['flowbits:isset,logged', 'content:"DELETE"'],
     tcp(C(b"LOGIN bob"), S(b"ok"), C(b"DELETE all")),
     broken("FH", tcp(C(b"LOGXN bob"), S(b"ok"), C(b"DELETE all")), r"logged.*not set"),
     broken("HF", tcp(C(b"LOGIN bob"), S(b"ok"), C(b"DELXTE all"))),
     extra=[sets('content:"LOGIN"; flowbits:set,logged')])

case("isnotset",
     ['flowbits:isnotset,seen', 'dsize:>3', 'content:"two"'],
     udp(b"first!") + udp(b"two!"),
     broken("FHH", udp(b"marker") + udp(b"two!"), r"seen.*set"),
     broken("HFH", udp(b"first!") + udp(b"two"), r"3\b"),
     broken("HHF", udp(b"first!") + udp(b"TWO!"), r"other case"),
     header=UDP, extra=[sets('content:"marker"; flowbits:set,seen', UDP)])

case("answer-only-after-query",
     ['flow:to_client', 'flowbits:isset,query', 'content:"answer"'],
     udp(b"query") + udp(b"answer", back=True),
     broken("FHH", udp(b"query") + udp(b"answer")),
     broken("HFH", udp(b"quary") + udp(b"answer", back=True)),
     broken("HHF", udp(b"query") + udp(b"anser", back=True)),
     header=UDP, extra=[sets('content:"query"; flowbits:set,query', UDP)])

case("unset",
     ['flowbits:isset,open', 'content:"use"'],
     udp(b"open") + udp(b"use"),
     broken("FH", udp(b"open") + udp(b"close") + udp(b"use")),
     broken("HF", udp(b"open") + udp(b"usx")),
     header=UDP, extra=[sets('content:"open"; flowbits:set,open', UDP),
                        sets('content:"close"; flowbits:unset,open', UDP)])

case("one-of-two",
     ['flowbits:isset,one|two', 'flowbits:isnotset,three', 'content:"end"'],
     udp(b"two") + udp(b"end"),
     broken("FHH", udp(b"tow") + udp(b"end"), r"one.*two"),
     broken("HFH", udp(b"two") + udp(b"three") + udp(b"end")),
     broken("HHF", udp(b"two") + udp(b"eXd")),
     header=UDP, extra=[sets('content:"one"; flowbits:set,one', UDP),
                        sets('content:"two"; flowbits:set,two', UDP),
                        sets('content:"three"; flowbits:set,three', UDP)])

case("toggle",
     ['flowbits:isset,lamp', 'content:"look"'],
     udp(b"press") + udp(b"look"),
     broken("FH", udp(b"press") + udp(b"press") + udp(b"look")),
     broken("HF", udp(b"press") + udp(b"lock")),
     header=UDP, extra=[sets('content:"press"; flowbits:toggle,lamp', UDP)])

case("flowint",
     ['flowint:tries,>,2', 'content:"try"'],
     udp(b"Try") + udp(b"Try") + udp(b"Try") + udp(b"try"),
     broken("FH", udp(b"Try") + udp(b"Try") + udp(b"try"), r"tries is 2"),
     broken("HF", udp(b"Try") + udp(b"Try") + udp(b"Try") + udp(b"tru")),
     header=UDP, extra=[sets('content:"Try"; flowint:tries,+,1', UDP)])

# --- negation ------------------------------------------------------------------------------------

group("negation")

case("absent",
     ['content:"POST"', 'content:!"User-Agent"'],
     tcp(b"POST /x HTTP/1.0\r\n\r\n", dport=8080),
     broken("FH", tcp(b"PXST /x HTTP/1.0\r\n\r\n", dport=8080)),
     broken("HF", tcp(b"POST /x HTTP/1.0\r\nUser-Agent: a\r\n\r\n", dport=8080),
            r"found at 18\b"))

case("absent-within",
     ['content:"Host:"', 'content:!"|0a|"; within:30'],
     tcp(b"Host: " + b"h" * 60 + b"\n"),
     broken("FN", tcp(b"Hozt: " + b"h" * 60 + b"\n")),
     broken("HF", tcp(b"Host: hhh\n"), r"found at 9\b"))

case("absent-at-start",
     ['content:!"SSH-"; depth:4', 'content:"hello"'],
     tcp(b"hello world"),
     broken("FH", tcp(b"SSH-hello"), r"found at 0\b"),
     broken("HF", tcp(b"hullo world")))

case("absent-any-case",
     ['content:"form"', 'content:!"token"; nocase', 'content:!"cookie"; nocase'],
     tcp(b"form name=x"),
     broken("FHH", tcp(b"from name=x")),
     broken("HFH", tcp(b"form TOKEN=x"), r"found at 5\b"),
     broken("HHF", tcp(b"form Cookie=x"), r"found at 5\b"))

case("absent-at-end",
     ['content:"line"; startswith', 'content:!"|0d 0a|"; endswith'],
     tcp(b"line without end"),
     broken("FH", tcp(b" line without end")),
     broken("HF", tcp(b"line with end\r\n")))

case("number-not-so",
     ['content:"V"; depth:1', 'byte_test:1,!>,9,1'],
     udp(b"V\x09"),
     broken("FH", udp(b"W\x09")),
     broken("HF", udp(b"V\x0a"), r"10\b"),
     header=UDP)

case("only-absent",
     ['dsize:6', 'content:!"abc"'],
     udp(b"xxxxxx"),
     broken("FH", udp(b"xxxxxxx"), r"7\b"),
     broken("HF", udp(b"xxabcx"), r"found at 2\b"),
     header=UDP)

# --- across segments -----------------------------------------------------------------------------

group("stream")

case("cut-in-two",
     ['content:"EVIL-STRING"'],
     tcp(b"some EVIL", b"-STRING here"),
     broken("F", tcp(b"some EVIL", b"_STRING here")))

case("cut-in-three",
     ['content:"alpha"', 'content:"beta"; distance:1; within:4'],
     tcp(b"al", b"pha b", b"eta"),
     broken("FN", tcp(b"al", b"phx b", b"eta")),
     broken("HF", tcp(b"al", b"pha b", b"etx")))

case("pcre-across",
     ['content:"start"', 'pcre:"/^[0-9]+end/R"'],
     tcp(b"start123", b"456", b"789end"),
     broken("FN", tcp(b"stark123", b"456", b"789end")),
     broken("HF", tcp(b"start123", b"4x6", b"789end")))

case("out-of-order",
     ['content:"one two three"'],
     tcp(C(b"three", at=8, ack=False), C(b"one two ", at=0)),
     broken("F", tcp(C(b"three", at=8, ack=False), C(b"one twx ", at=0))))

case("sent-twice",
     ['content:"first"', 'content:"second"; distance:1; within:6'],
     tcp(C(b"first"), C(b"first", at=0), C(b" second")),
     broken("FN", tcp(C(b"fXrst"), C(b"fXrst", at=0), C(b" second"))),
     broken("HF", tcp(C(b"first"), C(b"first", at=0), C(b" sXcond"))))

case("lost-segment",
     ['content:"before"', 'content:"after"; distance:0'],
     tcp(b"before", b"--after", b"more"),
     broken("FN", tcp(b"befoxe", b"--after", b"more")),
     broken("HF", tcp(b"before", C(b"--after", lost=True), b"more"), r"not found"))

case("number-across",
     ['content:"size"', 'byte_extract:2,0,size,relative', 'byte_test:2,=,size,0,relative'],
     tcp(b"size\x01", b"\x02\x01", b"\x02"),
     broken("FNN", tcp(b"sixe\x01", b"\x02\x01", b"\x02")),
     broken("HFN", tcp(b"__", b"size\x01"), r"2 bytes at 6"),
     broken("HHF", tcp(b"size\x01", b"\x02\x01", b"\x03"), r"259\b.*not = 258"))

case("absent-across",
     ['content:"BEGIN"', 'content:!"STOP"; distance:0'],
     tcp(b"BEG", C(b"IN ST", ack=False), b"ART"),
     broken("FN", tcp(b"BEG", C(b"EN ST", ack=False), b"ART")),
     broken("HF", tcp(b"BEG", C(b"IN ST", ack=False), b"OP."), r"found at 6\b"))

case("server-stream",
     ['flow:established,to_client', 'content:"200 OK"', 'content:"secret"; distance:0'],
     tcp(C(b"get"), S(b"200 O"), S(b"K secr"), S(b"et")),
     broken("FHH", tcp(C(b"200 OK secret"), S(b"yes"))),
     broken("HFN", tcp(C(b"get"), S(b"404 O"), S(b"K secr"), S(b"et"))),
     broken("HHF", tcp(C(b"get"), S(b"200 O"), S(b"K secr"), S(b"ot"))))

case("not-acknowledged",
     ['content:"open"', 'content:"ended"; distance:0'],
     tcp(C(b"open "), C(b"ended", ack=False), close=False),
     broken("FN", tcp(C(b"opem "), C(b"ended", ack=False), close=False)),
     broken("HF", tcp(C(b"open "), C(b"endet", ack=False), close=False)))

# --- where a content may lie ---------------------------------------------------------------------

group("place")

case("depth",
     ['content:"abc"; depth:40'],
     tcp(b"-" * 20 + b"abc"),
     broken("F", tcp(b"-" * 41 + b"abc"), r"found at 41\b.*depth is 40"),
     broken("F", tcp(b"-" * 20 + b"ABC"), r"other case.* at 20\b"))

case("offset",
     ['content:"abc"; offset:5', 'content:"tail"'],
     tcp(b"------abc tail"),
     broken("FH", tcp(b"--abc----- tail"), r"found at 2\b.*offset is 5"),
     broken("HF", tcp(b"------abc tall")))

case("offset-and-depth",
     ['content:"abc"; offset:5; depth:10'],
     udp(b"-" * 10 + b"abc"),
     broken("F", udp(b"-" * 13 + b"abc"), r"found at 13\b.*depth"),
     broken("F", udp(b"-" * 2 + b"abc---"), r"found at 2\b.*offset is 5"),
     header=UDP)

case("startswith",
     ['content:"HELO"; startswith', 'content:"mail"; nocase'],
     tcp(b"HELO MaiL", dport=2525),
     broken("FH", tcp(b"EHLO HELO MaiL", dport=2525), r"found at 5\b.*start"),
     broken("HF", tcp(b"HELO MaxL", dport=2525)))

case("endswith",
     ['content:".exe"; endswith', 'content:"get"'],
     udp(b"get a.exe"),
     broken("FH", udp(b"get a.exe?"), r"found at 5\b.*end"),
     broken("HF", udp(b"put a.exe")),
     header=UDP)

case("case",
     ['content:"Secret"', 'content:"word"; nocase'],
     udp(b"Secret WORD"),
     broken("FH", udp(b"secret WORD"), r"other case.* at 0\b"),
     broken("HF", udp(b"Secret W0RD"), r"not found"),
     header=UDP)

# --- fields of the packet ------------------------------------------------------------------------

group("packet")


def _numbers(flags, window, seq, ack):
    """One packet of a conversation whose beginning was not captured."""
    return [tcp_segment(CLIENT, SERVER, 40000, 80, seq, ack, flags, b"x", window)]


case("dsize",
     ['dsize:10<>20', 'content:"abc"'],
     udp(b"abc" + b"-" * 9),
     broken("FH", udp(b"abc" + b"-" * 19), r"22\b"),
     broken("HF", udp(b"abx" + b"-" * 9)),
     header=UDP)

case("ttl",
     ['ttl:<10', 'content:"abc"'],
     udp(b"abc", ttl=9),
     broken("FH", udp(b"abc", ttl=12), r"12\b"),
     broken("HF", udp(b"abd", ttl=9)),
     header=UDP)

case("tcp-flags",
     ['tcp.flags:S,12', 'ttl:64', 'tcp.mss:536'],
     tcp(b"x", mss=536)[:1],
     broken("FHH", tcp(b"x", mss=536)[1:2], r"SA"),
     broken("HFH", tcp(b"x", mss=536, ttl=63)[:1], r"63\b"),
     broken("HHF", tcp(b"x", mss=1460)[:1], r"1460"))

case("window-and-numbers",
     ['tcp.flags:PA', 'tcp.window:512', 'tcp.seq:78', 'tcp.ack:56'],
     _numbers(PSH | ACK, 512, 78, 56),
     broken("FHHH", _numbers(ACK, 512, 78, 56), r"A\b"),
     broken("HFHH", _numbers(PSH | ACK, 513, 78, 56), r"513\b"),
     broken("HHFH", _numbers(PSH | ACK, 512, 79, 56), r"79\b"),
     broken("HHHF", _numbers(PSH | ACK, 512, 78, 57), r"57\b"))

case("icmp-type",
     ['itype:8', 'icode:0', 'content:"abcd"'],
     icmp(),
     broken("FHH", icmp(kind=13), r"13\b"),
     broken("HFH", icmp(code=3), r"3\b"),
     broken("HHF", icmp(data=b"abxdefgh")),
     header=ICMP)

case("icmp-echo",
     ['itype:8', 'icmp_id:77', 'icmp_seq:5'],
     icmp(ident=77, seq=5),
     broken("FHH", icmp(kind=0, ident=77, seq=5), r"0\b"),
     broken("HFH", icmp(ident=78, seq=5), r"78\b"),
     broken("HHF", icmp(ident=77, seq=6), r"6\b"),
     header=ICMP)

case("ip-fields",
     ['tos:16', 'id:4660', 'ip_proto:17', 'content:"abc"'],
     udp(b"abc", tos=16, ident=4660),
     broken("FHHH", udp(b"abc", tos=8, ident=4660), r"8\b"),
     broken("HFHH", udp(b"abc", tos=16, ident=4661), r"4661"),
     broken("HHFH", tcp(b"abc", tos=16, ident=4660), r"6\b"),
     broken("HHHF", udp(b"abd", tos=16, ident=4660)),
     header="ip any any -> any any")

case("same-address",
     ['sameip', 'dsize:3'],
     udp(b"abc", server="10.1.0.1"),
     broken("FH", udp(b"abc"), r"10\.1\.0\.1"),
     broken("HF", udp(b"abcd", server="10.1.0.1"), r"4\b"),
     header=UDP)

case("fragment-bits",
     ['fragbits:D', 'content:"abc"'],
     udp(b"abc"),
     broken("FH", udp(b"abc", fragment=0)),
     broken("HF", udp(b"abd")),
     header=UDP)

case("ip-options",
     ['ipopts:rr', 'content:"abc"'],
     udp(b"abc", options=b"\x07\x07\x04\0\0\0\0\0"),
     broken("FH", udp(b"abc")),
     broken("HF", udp(b"abd", options=b"\x07\x07\x04\0\0\0\0\0")),
     header=UDP)

# --- flow ----------------------------------------------------------------------------------------

group("flow")

case("to-server",
     ['flow:established,to_server', 'content:"attack"'],
     tcp(C(b"attack"), S(b"ok")),
     broken("FH", tcp(C(b"hello"), S(b"attack")), r"to_server|to the server"),
     broken("HF", tcp(C(b"attic"), S(b"ok"))))

case("both-sides-seen",
     ['flow:established', 'content:"late"'],
     udp(b"hello") + udp(b"hi", back=True) + udp(b"late"),
     broken("FH", udp(b"hello") + udp(b"late"), r"established"),
     broken("HF", udp(b"hello") + udp(b"hi", back=True) + udp(b"lats")),
     header=UDP)

case("not-established",
     ['flow:not_established', 'dsize:4', 'content:"ping"'],
     udp(b"ping"),
     broken("FHH", udp(b"hello") + udp(b"there", back=True) + udp(b"ping")),
     broken("HFH", udp(b"ping!")),
     broken("HHF", udp(b"pong")),
     header=UDP)

case("stream-size",
     ['stream_size:client,>,20', 'content:"mark"'],
     tcp(C(b"-" * 30), S(b"ok"), C(b"mark")),
     broken("FH", tcp(C(b"-" * 3), S(b"ok"), C(b"mark"))),
     broken("HF", tcp(C(b"-" * 30), S(b"ok"), C(b"murk"))))

case("reset",
     ['flow:to_client', 'tcp.flags:R+'],
     tcp(C(b"x"), S(b"", flags=RST | ACK, ack=False), close=False),
     broken("FH", tcp(C(b"x"), C(b"", flags=RST | ACK, ack=False), close=False)),
     broken("HF", tcp(C(b"x"), S(b"", flags=ACK, ack=False), close=False)))

# --- how often -----------------------------------------------------------------------------------

group("rate")

case("detection-filter",
     ['content:"try"', 'detection_filter:track by_src, count 2, seconds 60'],
     udp(b"try") * 4,
     broken("FN", udp(b"tru") * 4),
     broken("HF", udp(b"try") * 2, r"2 of"),
     header=UDP)

case("threshold",
     ['content:"try"', 'threshold:type threshold, track by_src, count 3, seconds 60'],
     udp(b"try") * 3,
     broken("FN", udp(b"tru") * 3),
     broken("HF", udp(b"try") * 2, r"2 of 3"),
     header=UDP)

# --- transactions --------------------------------------------------------------------------------

group("transactions")

HTTP = "http any any -> any any"


def get(path=b"/abc", *headers, method=b"GET"):
    lines = [method + b" " + path + b" HTTP/1.1", b"Host: example.com", *headers]
    return tcp(C(b"\r\n".join(lines) + b"\r\n\r\n"),
               S(b"HTTP/1.1 200 OK\r\nServer: made\r\nContent-Length: 2\r\n\r\nok"))


case("buffers",
     ['http.uri; content:"/abc"', 'http.method; content:"GET"'],
     get(),
     broken("FH", get(b"/abd"), r'http\.uri is "/abd": .*not found in 4 bytes'),
     broken("HF", get(method=b"PUT"), r'http\.method is "PUT"'),
     header=HTTP)

case("buffer-not-there",
     ['http.user_agent; content:"curl"', 'http.uri; content:"/abc"'],
     get(b"/abc", b"User-Agent: curl/8"),
     broken("FH", get(), r"there is no http\.user_agent in transaction 0"),
     broken("HF", get(b"/x", b"User-Agent: curl/8"), r'http\.uri is "/x"'),
     header=HTTP)

case("transform",
     ['http.host; dotprefix; content:".example.com"; endswith', 'http.uri; bsize:4'],
     get(),
     broken("FH", tcp(C(b"GET /abc HTTP/1.1\r\nHost: example.org\r\n\r\n"),
                      S(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")),
            r'http\.host is "\.example\.org"'),
     broken("HF", get(b"/abcd"), r"there are 5 bytes"),
     header=HTTP)

case("response",
     ['http.server; content:"made"', 'http.stat_code; content:"200"'],
     get(),
     broken("FH", tcp(C(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"),
                       S(b"HTTP/1.1 200 OK\r\nServer: other\r\nContent-Length: 0\r\n\r\n")),
            r'http\.server is "other"'),
     broken("HF", tcp(C(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"),
                       S(b"HTTP/1.1 404 No\r\nServer: made\r\nContent-Length: 0\r\n\r\n")),
            r'http\.stat_code is "404"'),
     header=HTTP)

case("frame",
     ['frame:http1.request; content:"GET /abc"; startswith', 'content:"|0d 0a 0d 0a|"; endswith'],
     get(b"/abc"),
     broken("FH", get(b"/abd"), r"in frame http1\.request \d+, not found"),
     broken("HF", tcp(C(b"GET /abc HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\na"),
                      S(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")),
            r"in frame http1\.request"),
     header=HTTP)
