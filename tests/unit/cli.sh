#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# What the command line says to right and wrong words: arguments, exit code, text.  Says TAP.
set -u
weir=${WEIR:-${abs_top_builddir:-.}/weir}
tmp=$(mktemp -d) || exit 99
trap 'rm -rf "$tmp"' EXIT
cd "$tmp" || exit 99
printf 'stream:\n  midsteam: yes\n' >key.yaml
printf 'stream:\n  midstream: perhaps\n' >value.yaml
printf 'stream:\n\tmidstream: yes\n' >tab.yaml
printf 'stream:\n  midstream: yes\n' >good.yaml
printf 'alert tcp any any -> any any (msg:"x"; content:"abc"; sid:1;)\n' >good.rules
printf 'alert tcp any any -> any any (msg:"x"; contnt:"abc"; sid:1;)\n' >bad.rules

printf 'alert tcp any any -> any any (dsize:>100; sid:2;)\n' >dsize.rules
printf 'alert tcp 10.0.0.0/8 any -> !10.0.0.0/8 any (content:"abc"; sid:1;)\n' >home.rules

count=0
failed=0

# try CODE TEXT ARGUMENTS...: TEXT is in what is printed.
try()
{
	local code=$1 text=$2 got

	shift 2
	"$weir" "$@" >out 2>&1 </dev/null
	got=$?
	count=$((count + 1))
	if [ $got = "$code" ] && grep -qF -- "$text" out; then
		echo "ok $count - weir $*"
		return
	fi
	failed=$((failed + 1))
	echo "not ok $count - weir $*"
	echo "# exit code $got, expected $code and: $text"
	sed 's/^/# /' out
}

try 2 'usage: weir COMMAND'
try 0 'usage: weir COMMAND' --help
try 0 'weir ' --version
try 0 'usage: weir run' help run
try 0 'usage: weir run' run --help
try 0 'usage: weir check' check --help
try 2 "there is no command 'rnu'; did you mean 'run'?" rnu
try 2 "there is no command 'xyzzy'" help xyzzy
try 2 'expected something to read' run
try 2 "expected a value after '-r'" run -r
try 2 "did you mean '--simulate-ips'?" run -r x --simulat-ps
try 2 "there is no option '-x'" run -x
try 2 "the option '--strict-config' takes no value" run --strict-config=1
try 2 "expected none, all or auto after '-k', found 'some'" run -r x -k some
try 2 "expected KEY=VALUE after '--set', found 'x'" run -r x --set x
try 2 "'-l' is given twice" run -r x -l a -l b
try 1 'weir-none: there is no such interface' run -i weir-none --disable-detection -l .
try 3 "no interface has a name as long as" run -i a-name-that-is-too-long --disable-detection
try 3 "'weir-none' is named twice" run -i weir-none -i weir-none --disable-detection
try 2 'expected -r or -i, found both' run -i weir-none -r x
try 2 'inline mode is not built' run --inline a:b
try 0 'usage: weir ctl' help ctl
try 2 'expected a command' ctl
try 1 'nobody listens there' ctl -s ./nowhere uptime
try 2 "expected NAME=VALUE after 'uptime', found 'x'" ctl uptime x
try 0 'usage: weir doctor' help doctor
try 1 "'ip link' lists the interfaces" doctor weir-none
try 1 '"verdict": "bad"' doctor --json weir-none
try 2 'firewall rules are not built' run --firewall-rules-exclusive x
try 1 'nowhere.pcap' run -r nowhere.pcap --disable-detection
try 0 '' run -T --disable-detection
try 0 '' run -T -S good.rules -c good.yaml
try 0 "unknown key 'midsteam' in 'stream'" run -T --disable-detection -c key.yaml
try 3 "did you mean 'midstream'?" run -T --disable-detection -c key.yaml --strict-config
try 3 "expected yes or no for 'stream.midstream', found 'perhaps'" run -T --disable-detection -c value.yaml
try 3 '--set:1:' run -T --disable-detection --set stream.midstream=perhaps
try 3 'nowhere.yaml' run -T --disable-detection -c nowhere.yaml
try 3 "no rule file matches 'nowhere.rules'" run -T -S nowhere.rules
try 3 'bad.rules:1:' run -T -S bad.rules --init-errors-fatal
try 0 'usage: weir rules [RULES...]' help rules
try 2 'expected rule files' rules
try 0 'alert tcp any any -> any any (msg:"x"; content:"abc"; priority:3; sid:1;)' rules good.rules
try 0 'sid:2' rules good.rules dsize.rules --sid 2,9
try 2 "expected sids after '--sid', found '1,x'" rules good.rules --sid 1,x
try 0 'sid:2' rules good.rules dsize.rules --where 'keyword == dsize'
try 2 "--where:1:12: error: expected a field in the expression, found 'kyword'" rules good.rules --where 'sid==1 and kyword == x'
try 2 "did you mean 'keyword'?" rules good.rules --where 'kyword == x'
try 2 "'--where' is given twice" rules good.rules --where sid --where sid
try 0 '"keywords":["msg","content"]' rules --json good.rules
try 2 'at a time' rules --report --search good.rules
try 2 "'--json' is for" rules --json --reach good.rules
try 0 '1:1  stream to its depth; payload "abc" in 1 database' rules --search good.rules
try 0 'no pattern: tried by its facts' rules --search dsize.rules
try 0 'from home to elsewhere; payload "abc" in 1 database' rules --search home.rules
try 0 $'payload\t0\t616263\t1:1' rules --patterns good.rules
try 3 'bad.rules:1: unknown keyword' rules --report bad.rules
mkdir costs
{
	echo '{"gid":1,"sid":1,"rev":0,"buffer":"payload","candidates":10,"checks":4,"matches":2,"ns":2000000}'
	echo '{"gid":1,"sid":2,"rev":0,"buffer":"none","candidates":5,"checks":5,"matches":0,"ns":6000000}'
} >costs/rule-cost.json
try 0 '     8.000 100.0           15            9          2   533333  all' rules --cost costs
try 0 '     6.000  75.0            5            5          0  1200000  1:2  none' rules --cost costs/rule-cost.json
try 0 '     2.000 100.0           10            4          2   200000  1:1  payload  x' rules --cost costs --sid 1 good.rules
try 1 'weir run --cost writes it' rules --cost nowhere
echo nonsense >costs/rule-cost.json
try 1 'rule-cost.json:1: not the cost of a rule' rules --cost costs
try 3 '       1  refused' rules --report good.rules bad.rules
try 3 '{"fate":"total","loaded":1,"refused":1,"skipped":0,"replaced":0,"idle":0}' rules --report --json good.rules bad.rules
try 2 "did you mean '--reach'?" rules --rech good.rules
try 0 "None of 1 rules keeps a flow up" rules --reach good.rules
try 0 "1:2            every packet" rules --reach dsize.rules
try 0 "dsize:>100" rules --reach dsize.rules
try 0 "stream to its depth  both       alert tcp any any" rules --reach --all good.rules
try 3 "did you mean 'content'?" rules --reach bad.rules
try 2 "expected --shadow or --shadow=strict" run -r x --shadow=weak
try 2 'expected rule files' check
try 2 "expected a value after '-c'" check -c
try 0 '1 rule, 0 errors, 0 warnings' check good.rules
try 3 '1 rule, 1 error, 0 warnings' check bad.rules
try 3 "did you mean 'content'?" check bad.rules
try 3 'E0036' check bad.rules
try 3 '"code":"E0036"' check --json bad.rules
try 3 '"ruleId":"E0036"' check --sarif bad.rules
try 0 '1 rule, 0 errors, 0 warnings' check --no-compile --no-lint good.rules
try 0 'E0036: an unknown keyword' check --explain e0036
try 0 'W0023: a flow bit' check --explain
printf 'alert http any any -> any any (content:"a"; http_uri; sid:9;)\n' >old.rules
try 0 'old.rules: 1 rule changed' check --fix --no-compile old.rules
try 0 '1 rule, 0 errors, 0 warnings' check --no-compile old.rules
try 2 "no code is called 'E9999'" check --explain E9999
try 3 'key.yaml:2:3: error' check -c key.yaml good.rules
try 3 'indent with spaces' check -c tab.yaml good.rules
try 3 "expected yes or no for 'stream.midstream'" check good.rules --set stream.midstream=perhaps

if [ -w /dev/full ]; then
	"$weir" --help >/dev/full 2>out
	code=$?
	count=$((count + 1))
	if [ $code = 1 ] && grep -q 'cannot write' out; then
		echo "ok $count - a full disk is no success"
	else
		failed=$((failed + 1))
		echo "not ok $count - a full disk is no success"
	fi
fi

echo "1..$count"
[ $failed = 0 ]
