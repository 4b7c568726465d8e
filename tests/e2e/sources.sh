# Sources that are sockets and commands, fed by the programs that feed them in the field. Loopback only.
ft=${FALCOTOP:?}
here=$(cd "${srcdir:-.}/tests/e2e" && pwd)
t=$(mktemp -d) || exit 99
pid= daemon= server=
trap 'kill $pid $daemon $server 2>/dev/null; rm -rf "$t"' EXIT
cd "$t" || exit 99
export TZ=UTC0 LC_ALL=C.UTF-8
n=0
bad=0

ok() { # NAME CONDITION...
	name=$1
	shift
	n=$((n + 1))
	if "$@"; then
		echo "ok $n - $name"
	else
		sed 's/^/# /' err out 2>/dev/null | head -n 12
		echo "not ok $n - $name"
		bad=1
	fi
}
skip() { # NAME WHY
	n=$((n + 1))
	echo "ok $n - $1 # SKIP $2"
}
has() { # PROGRAM
	command -v "$1" >/dev/null 2>&1
}
says() { # FILE PATTERN
	grep -qE -- "$2" "$1"
}
wait_for() { # COMMAND...: up to 10 s
	i=0
	until "$@" 2>/dev/null; do
		i=$((i + 1))
		[ $i -lt 200 ] || return 1
		sleep 0.05
	done
}
event() { # N
	printf '{"output":"x","output_fields":{"user.name":"u%d"},"priority":"Notice","rule":"r","time":"2026-11-24T08:00:00.%09dZ"}\n' $(($1 % 3)) "$1"
}
events() { # N
	i=0
	while [ $i -lt "$1" ]; do
		event $i
		i=$((i + 1))
	done
}
start() { # SOURCE...: in the background, as $pid
	"$ft" report --view health --format json "$@" >out 2>err &
	pid=$!
}
# Its report is ./out then; true when it ended well. What was sent before is read all the same: nothing needs to be waited for.
stop() {
	kill -TERM $pid
	wait $pid
	status=$?
	pid=
	[ $status = 0 ]
}
counts() { # ACCEPTED: that many events and nothing else
	says out "\"records\": $1, \"accepted\": $1, \"rejected\": 0"
}
# A port that was free a moment ago, the same for TCP and UDP.
free_port() {
	port=$((20000 + $$ % 20000))
	while grep -qi "$(printf ':%04X ' $port)" /proc/net/tcp /proc/net/udp /proc/net/tcp6 /proc/net/udp6 2>/dev/null; do
		port=$((port + 1))
	done
	echo $port
}
has_lines() { # FILE N
	[ "$(wc -l <"$1")" -ge "$2" ]
}
listens() { # PORT
	grep -qi "$(printf ':%04X 00000000:0000 0A' "$1")" /proc/net/tcp
}

# --- syslog
port=$(free_port)
if has logger; then
	start syslog:$port
	wait_for listens $port
	for how in "-T" "-T --octet-count" "-T --rfc3164" "-d"; do
		events 5 | logger -n 127.0.0.1 -P $port -t falco $how
	done
	ok "logger: ends well" stop
	ok "logger: RFC 3164 and 5424, lines and counts, TCP and UDP" counts 20
	start unixgram:log
	wait_for [ -S log ]
	events 5 | logger -u log -t falco
	ok "logger -u: ends well" stop
	ok "logger -u: datagrams" counts 5
	ok "the socket file is gone" [ ! -e log ]
else
	skip "syslog" "no logger"
fi
# rsyslog in front, as on a host: what it takes on its own socket it sends on.
if has rsyslogd && has logger; then
	cat >rsyslog.conf <<-END
		module(load="imuxsock" SysSock.Use="off")
		input(type="imuxsock" Socket="$t/devlog")
		template(name="plain" type="string" string="<%PRI%>%TIMESTAMP:::date-rfc3339% %HOSTNAME% %syslogtag%%msg:::sp-if-no-1st-sp%%msg%\n")
		action(type="omfwd" target="127.0.0.1" port="$port" protocol="tcp")
		action(type="omfwd" target="127.0.0.1" port="$port" protocol="tcp" TCP_Framing="octet-counted" template="RSYSLOG_SyslogProtocol23Format")
		action(type="omfwd" target="127.0.0.1" port="$port" protocol="udp" template="RSYSLOG_ForwardFormat")
		action(type="omfwd" target="127.0.0.1" port="$port" protocol="tcp" TCP_Framing="octet-counted" template="plain")
		action(type="omfile" file="$t/through" template="plain")
	END
	start syslog:$port
	wait_for listens $port
	rsyslogd -n -f "$t/rsyslog.conf" -i "$t/rsyslog.pid" >rsyslog.out 2>&1 &
	daemon=$!
	wait_for [ -S devlog ]
	events 50 | logger -u devlog -t falco
	wait_for has_lines through 50
	kill $daemon
	wait $daemon
	daemon=
	ok "rsyslog: ends well" stop
	ok "rsyslog: lines and counts, TCP and UDP" counts 200
else
	skip "rsyslog" "no rsyslogd"
fi

# --- connect
if has socat; then
	events 7 >seven
	socat -u OPEN:seven UNIX-LISTEN:server &
	server=$!
	start connect:unix:server
	wait $server
	server=
	ok "connect:unix: to socat: ends well" stop
	ok "connect:unix: to socat" counts 7
	socat -u OPEN:seven TCP-LISTEN:$port,bind=127.0.0.1,reuseaddr &
	server=$!
	start connect:tcp:127.0.0.1:$port
	wait $server
	server=
	ok "connect:tcp: to socat: ends well" stop
	ok "connect:tcp: to socat" counts 7
else
	skip "connect" "no socat"
fi
# --- exec
events 9 >nine
start "exec:cat nine"
wait $pid
status=$?
pid=
ok "exec: a report ends with its command" [ $status = 0 ]
ok "exec: counts" counts 9
"$ft" report "exec:cat nine | wc" >out 2>err
ok "exec: no shell unasked" [ $? = 2 ]
ok "exec: and says so" says err "'\|' wants a shell"
# What the command wrote last is read, and no process is left after a stop or even kill -9.
for signal in TERM KILL; do
	rm -f child
	start "exec:sh -c 'cat nine; echo \$\$ >child.new; mv child.new child; exec sleep 1000'"
	wait_for [ -s child ]
	child=$(cat child)
	if [ $signal = TERM ]; then
		ok "exec: stop" stop
		ok "exec: counts before the stop" counts 9
	else
		kill -KILL $pid
		wait $pid 2>/dev/null
		pid=
	fi
	ok "exec: the child is gone after SIG$signal" wait_for sh -c "! kill -0 $child"
done
# --- kube, with a stand-in for kubectl
FAKE_CLUSTER=$t/cluster
export FAKE_CLUSTER
mkdir cluster
logged() { # N: lines as kubectl logs --timestamps has them
	events "$1" | awk '{ printf "2026-11-24T08:00:%02d.000000001Z %s\n", int(NR / 3), $0 }'
}
sent() { # POD N
	[ "$(cat "cluster/count.$1")" = "$2" ]
}
echo 'falco-a Running' >cluster/pods
logged 10 >cluster/log.falco-a
PATH=$here:$PATH start kube:
wait_for sent falco-a 10
: >cluster/cut.falco-a
wait_for [ ! -e cluster/cut.falco-a ]
logged 20 >cluster/log.falco-a
logged 5 >cluster/log.falco-b
printf 'falco-a Running\nfalco-b Running\n' >cluster/pods
wait_for sent falco-a 20
wait_for sent falco-b 5
ok "kube: stop" stop
ok "kube: every line once" counts 25
ok "kube: every kubectl is gone" sh -c 'while read -r p; do ! kill -0 $p 2>/dev/null || exit 1; done <cluster/pids'
echo 'Error from server (Forbidden): pods is forbidden: User "eve" cannot list resource "pods"' >cluster/refuse.get
: >cluster/started
PATH=$here:$PATH start kube:
wait_for [ -s cluster/started ]
wait_for sh -c '[ "$(wc -l <cluster/started)" -ge 2 ]' # tried again: the first answer was read
ok "kube: refused: stop" stop
ok "kube: refused: says why" says out 'last_error.*kubectl: exit status 1: Error from server \(Forbidden\)'
PATH=/nonexistent "$ft" report kube: >out 2>err
ok "kube: no kubectl" says err 'there is no kubectl in PATH'
echo "1..$n"
exit $bad
