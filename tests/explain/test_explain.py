#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Explain by mutation: each condition of each rule broken in turn, the others left true.

test_explain.py [--weir PATH] [--keep DIR] [NAME ...]: cases by name, or all.  `weir explain` must call
exactly the broken condition failed, every other held or not evaluable because of it; `weir run` must
alert on the traffic as it was, at the packet that explain names, and not on the mutations.  Says TAP.
"""

import argparse
import concurrent.futures
import json
import os
import re
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import cases  # noqa: E402
import traffic  # noqa: E402

LETTERS = {"held": "H", "failed": "F", "not-evaluable": "N"}
GROUPS = {"relative", "pcre", "byte-variable", "flowbits", "negation", "stream"}


class Wrong(Exception):
    pass


def rules_of(case):
    """The rule, sid 1, and the others of its file."""
    text = 'alert %s (msg:"%s"; %s; sid:1; rev:1;)\n' % (case.header, case.name,
                                                         "; ".join(case.conditions))
    for i, rule in enumerate(case.extra):
        text += "%s sid:%d;)\n" % (rule, i + 2)
    return text


def call(command):
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    if done.returncode or done.stderr:
        raise Wrong("%s: exit code %d: %s" % (" ".join(command[:2]), done.returncode,
                                              done.stderr.strip()))
    return done.stdout


class Run:
    """One traffic of a case through both commands."""

    def __init__(self, weir, folder, case, frames):
        os.makedirs(folder, exist_ok=True)
        self.pcap = os.path.join(folder, "t.pcap")
        self.rules = os.path.join(folder, "t.rules")
        self.folder, self.weir = folder, weir
        with open(self.pcap, "wb") as f:
            f.write(traffic.pcap(frames))
        with open(self.rules, "w") as f:
            f.write(rules_of(case))

    def explain(self, *words):
        out = call([self.weir, "explain", "--sid", "1", "--json", "--all", *words, self.rules,
                    self.pcap])
        return [json.loads(line) for line in out.splitlines()]

    def text(self):
        return call([self.weir, "explain", "--sid", "1", self.rules, self.pcap])

    def alerts(self):
        """Packets at which `weir run` alerts; "flow end" where no packet did."""
        call([self.weir, "run", "-r", self.pcap, "-S", self.rules, "-l", self.folder,
              "--set", "workers=1"])
        with open(os.path.join(self.folder, "eve.json")) as f:
            events = [json.loads(line) for line in f]
        return [e.get("pcap_cnt", "flow end") for e in events
                if e["event_type"] == "alert" and e["alert"]["signature_id"] == 1]


def best(records):
    """The try that tells most: flows come in that order."""
    tries = [r["attempt"] for r in records if r["type"] == "flow" and "attempt" in r]
    if not tries:
        raise Wrong("no try of the rule")
    return tries[0]


def states(attempt):
    return "".join(LETTERS[c["state"]] for c in attempt["conditions"])


def squeeze(text):
    return re.sub(r"\s+", "", text)


def check_whole(run, case):
    """The traffic as it was: all held, at the packet where the alert is."""
    records = run.explain()
    attempt = best(records)
    want = "H" * len(case.conditions)
    if states(attempt) != want:
        raise Wrong("states %s, expected %s: %s" % (states(attempt), want, attempt))
    for written, told in zip(case.conditions, attempt["conditions"]):
        # What names or changes a buffer is no condition of its own.
        if not squeeze(written).endswith(squeeze(told["text"])):
            raise Wrong("condition %r is told as %r" % (written, told["text"]))
    alerts = run.alerts()
    told = [p for r in records if r["type"] == "flow" for p in r["alert_packets"]]
    if not alerts:
        raise Wrong("weir run does not alert")
    if sorted(map(str, alerts)) != sorted(map(str, told)):
        raise Wrong("weir run alerts at %s, explain says %s" % (alerts, told))
    if not attempt["alerted"]:
        raise Wrong("the try that is shown did not alert")
    if "FAILED" in run.text() or "it did not alert" in run.text():
        raise Wrong("the text says that something failed")


def check_broken(run, case, mutation):
    records = run.explain()
    attempt = best(records)
    at = mutation.states.index("F")
    if states(attempt) != mutation.states:
        raise Wrong("states %s, expected %s: %s" % (states(attempt), mutation.states,
                                                    json.dumps(attempt["conditions"])))
    for c in attempt["conditions"]:
        if c["state"] == "not-evaluable" and c["because"] != at + 1:
            raise Wrong("condition %d is said to hang on %d" % (c["n"], c["because"]))
    detail = attempt["conditions"][at].get("detail", "")
    if not detail:
        raise Wrong("no word on what condition %d met" % (at + 1))
    if mutation.detail and not re.search(mutation.detail, detail):
        raise Wrong("nearest miss %r, expected /%s/" % (detail, mutation.detail))
    if run.alerts():
        raise Wrong("weir run alerts")
    if sum(r["alerts"] for r in records if r["type"] == "flow"):
        raise Wrong("explain says that it alerted")
    if len(re.findall(r"\bFAILED\b", run.text())) < 1:
        raise Wrong("the text does not say what failed")


def check_table():
    """The cases themselves: each condition broken, exactly one at a time, enough of each kind."""
    names = [c.name for c in cases.CASES]
    if len(set(names)) != len(names):
        raise Wrong("two cases have one name")
    if len(names) < 50:
        raise Wrong("%d cases" % len(names))
    for group in GROUPS:
        if sum(c.group == group for c in cases.CASES) < 5:
            raise Wrong("fewer than five cases of %s" % group)
    for case in cases.CASES:
        for mutation in case.broken:
            if len(mutation.states) != len(case.conditions) or mutation.states.count("F") != 1:
                raise Wrong("%s: states %s" % (case.name, mutation.states))
        for i in range(len(case.conditions)):
            if not any(m.states[i] == "F" for m in case.broken):
                raise Wrong("%s: condition %d is never broken" % (case.name, i + 1))


# --- the header, and what cannot be explained ------------------------------------------------------


def simple(conditions, header=cases.TCP, frames=(), extra=()):
    return cases.Case("header", None, conditions, header, extra, frames, ())


def check_refusals(weir, folder):
    frames = (traffic.tcp(b"alpha") + traffic.tcp(b"alpha", dport=443, sport=40001) +
              traffic.tcp(b"alpha", server="10.9.0.1", sport=40002) +
              traffic.tcp(b"alpha", client="10.9.0.1", sport=40003) + traffic.udp(b"alpha"))
    case = simple(['content:"alpha"'], "tcp 10.1.0.0/16 any -> 10.2.0.2 80", frames)
    run = Run(weir, folder, case, frames)
    summary = run.explain()[-1]
    want = {"another protocol": 1, "another source address": 1, "another destination address": 1,
            "another destination port": 1}
    if summary["refused"] != want or summary["admitted"] != 1 or summary["flows"] != 5:
        raise Wrong("summary %s" % summary)
    if "the header admits 1: 1 has another protocol" not in run.text():
        raise Wrong("text: %s" % run.text())


def check_no_bytes(weir, folder):
    frames = traffic.tcp(traffic.S(b"alpha"))
    case = simple(['flow:to_server', 'content:"alpha"', 'content:"beta"'],
                  "tcp 10.1.0.1 any -> any 80", frames)
    run = Run(weir, folder, case, frames)
    attempt = best(run.explain())
    if states(attempt) != "HFN" or "no bytes" not in attempt["conditions"][1]["detail"]:
        raise Wrong(attempt)
    if "no packet that the header admits carried any bytes" not in run.text():
        raise Wrong("text: %s" % run.text())


def check_noalert(weir, folder):
    frames = traffic.tcp(b"alpha")
    case = simple(['content:"alpha"', 'noalert'], frames=frames)
    run = Run(weir, folder, case, frames)
    attempt = best(run.explain())
    if states(attempt) != "H" or attempt["alerted"] or "noalert" not in attempt["note"]:
        raise Wrong(attempt)


def check_passed(weir, folder):
    frames = traffic.udp(b"alpha beta")
    case = simple(['content:"alpha"'], cases.UDP, frames,
                  ['pass udp any any -> any any (msg:"p"; content:"beta";'])
    run = Run(weir, folder, case, frames)
    attempt = best(run.explain())
    if states(attempt) != "H" or attempt["alerted"] or "pass rule" not in attempt["note"]:
        raise Wrong(attempt)
    if run.alerts():
        raise Wrong("weir run alerts")


def check_packets(weir, folder):
    """The packets that hold the data, and the packet that they are inspected with."""
    frames = traffic.tcp(b"al", b"pha", b"--", traffic.S(b"ok"))
    case = simple(['content:"alpha"'], frames=frames)
    attempt = best(Run(weir, folder, case, frames).explain())
    # Handshake 1-3; "al" 4, its ACK 5; "pha" 6, its ACK 7, so that "--" in 8 brings it up.
    if attempt["conditions"][0]["packets"] != [4, 6] or attempt["packet"] != 8:
        raise Wrong(attempt)


def check_filters(weir, folder):
    frames = traffic.tcp(b"alpha") + traffic.tcp(b"alpha", dport=443, sport=40001)
    run = Run(weir, folder, simple(['content:"alpha"'], "tcp any any -> any 80", frames), frames)
    run.alerts()
    with open(os.path.join(folder, "eve.json")) as f:
        flows = [json.loads(line) for line in f]
    other = [e["flow_id"] for e in flows if e["event_type"] == "flow" and e["dest_port"] == 443][0]
    records = run.explain("--flow", str(other))
    if len(records) != 3 or records[1]["refused"] != "another destination port":
        raise Wrong(records)
    # Up to the data's packet nothing is acknowledged: it is inspected at the flow's end.
    records = run.explain("--packet", "4")
    if records[-1]["packets"] != 4 or records[1]["alert_packets"] != ["flow end"]:
        raise Wrong(records)


def check_without_flow(weir, folder):
    """A protocol without ports or sessions, and an event of the packet."""
    frames = [traffic.ip4(traffic.CLIENT, traffic.SERVER, 253, b"abc", ttl=5)]
    run = Run(weir, folder, simple(["ttl:5", "ip_proto:253"], "ip any any -> any any"), frames)
    records = run.explain()
    if states(best(records)) != "HH" or records[1]["alert_packets"] != run.alerts():
        raise Wrong(records)
    frames = traffic.udp(b"abc", ttl=5)
    run = Run(weir, folder, simple(["ttl:5", "ip_proto:253"], "ip any any -> any any"), frames)
    attempt = best(run.explain())
    if states(attempt) != "HF" or attempt["conditions"][1]["detail"] != "is 17":
        raise Wrong(attempt)


def check_event(weir, folder):
    frames = [traffic.ip4(traffic.CLIENT, traffic.SERVER, 17, b"\0\0")]
    case = simple(["decode-event:udp.hlen_too_small"], "pkthdr any any -> any any")
    records = Run(weir, folder, case, frames).explain()
    if states(best(records)) != "H" or records[-1]["alerts"] != 1:
        raise Wrong(records)
    attempt = best(Run(weir, folder, case, traffic.udp(b"abc")).explain())
    if states(attempt) != "F" or "no event" not in attempt["conditions"][0]["detail"]:
        raise Wrong(attempt)


def refused_call(weir, words, code, texts):
    done = subprocess.run([weir, "explain"] + words, capture_output=True, text=True, timeout=60)
    if done.returncode != code:
        raise Wrong("exit code %d of %s: %s" % (done.returncode, words, done.stderr))
    for text in texts:
        if text not in done.stderr:
            raise Wrong("%r is not in: %s" % (text, done.stderr))


def check_mistakes(weir, folder):
    run = Run(weir, folder, simple(['content:"alpha"'], extra=[
        'alert tcp any any -> any any (msg:"bad"; contnt:"x";']), traffic.tcp(b"alpha"))
    refused_call(weir, ["--sid", "2", run.rules, run.pcap], 3,
                 ["t.rules:2:", "contnt", "the rule with sid 2 did not load"])
    refused_call(weir, ["--sid", "9", run.rules, run.pcap], 3, ["sid 9"])
    refused_call(weir, ["--sid", "1", run.rules], 2, ["a rule file and a capture"])
    refused_call(weir, [run.rules, run.pcap], 2, ["--sid"])
    refused_call(weir, ["--sid", "x", run.rules, run.pcap], 2, ["a number after '--sid'"])
    refused_call(weir, ["--sid", "1", run.rules, run.pcap + ".no"], 1, ["t.pcap.no"])


SINGLE = [
    ("what the header refuses", check_refusals),
    ("a flow without bytes", check_no_bytes),
    ("noalert", check_noalert),
    ("a pass rule came first", check_passed),
    ("packets of the data and of the inspection", check_packets),
    ("one flow, and up to one packet", check_filters),
    ("packets without a flow", check_without_flow),
    ("an event of a packet", check_event),
    ("what cannot be explained", check_mistakes),
]


def tests(weir, top, names):
    """Name and function of each test."""
    for case in cases.CASES:
        if names and case.name not in names:
            continue
        folder = os.path.join(top, case.name)
        yield "%s: alerts" % case.name, lambda c=case, f=folder: check_whole(
            Run(weir, os.path.join(f, "whole"), c, c.traffic), c)
        for i, mutation in enumerate(case.broken):
            name = "%s: %s" % (case.name, mutation.states)
            yield name, lambda c=case, m=mutation, f=os.path.join(folder, str(i)): check_broken(
                Run(weir, f, c, m.traffic), c, m)
    if names:
        return
    yield "the table of cases", check_table
    for name, check in SINGLE:
        folder = os.path.join(top, check.__name__)
        yield name, lambda c=check, f=folder: c(weir, f)


def attempt_test(test):
    try:
        test[1]()
    except Wrong as e:
        return str(e)
    except (OSError, ValueError, KeyError, IndexError, subprocess.TimeoutExpired) as e:
        return "%s: %s" % (type(e).__name__, e)
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--weir", default=os.path.join(
        os.environ.get("abs_top_builddir", os.getcwd()), "weir"))
    parser.add_argument("--keep", help="leave the captures in this folder")
    parser.add_argument("names", nargs="*")
    args = parser.parse_args()
    failed = 0
    with tempfile.TemporaryDirectory() as temporary:
        plan = list(tests(os.path.abspath(args.weir), args.keep or temporary, args.names))
        print("1..%d" % len(plan))
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            for i, wrong in enumerate(pool.map(attempt_test, plan)):
                print("%sok %d - %s" % ("not " if wrong else "", i + 1, plan[i][0]))
                if wrong:
                    failed += 1
                    print("# " + wrong.replace("\n", "\n# "))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
