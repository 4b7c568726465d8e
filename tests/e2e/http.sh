# The HTTP receiver with real clients: curl over TCP and TLS, certificates and bodies that openssl and gzip make.
ft=${FALCOTOP:?}
if ! command -v curl >/dev/null 2>&1 || ! command -v openssl >/dev/null 2>&1; then
	echo "1..0 # SKIP curl or openssl is not installed"
	exit 0
fi
t=$(mktemp -d) || exit 99
pid=
trap '[ -z "$pid" ] || kill $pid 2>/dev/null; rm -rf "$t"' EXIT
cd "$t" || exit 99
export TZ=UTC0 LC_ALL=C.UTF-8
unset http_proxy https_proxy all_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY
n=0
bad=0
ok() { # NAME CONDITION...
	name=$1
	shift
	n=$((n + 1))
	if "$@"; then
		echo "ok $n - $name"
	else
		for f in err out; do
			[ ! -s $f ] || sed "s/^/# $f: /" $f | head -n 5
		done
		echo "not ok $n - $name"
		bad=1
	fi
}
event() { # NUMBER
	printf '{"output":"x","priority":"Notice","rule":"R%s","time":"2026-01-15T08:00:00.%09dZ","output_fields":{"user.name":"a"}}' "$1" "$1"
}
# start SCHEME ARG...: a receiver on a port of its own, once it answers
start() {
	scheme=$1
	shift
	for i in 1 2 3 4 5 6 7 8; do
		port=$((20000 + ($$ * 37 + n * 101 + i * 3571) % 20000))
		"$ft" report --view health --format json --history none "$@" "http:$port" >out 2>err </dev/null &
		pid=$!
		j=0
		while kill -0 $pid 2>/dev/null && [ $j -lt 200 ]; do
			[ "$(status /services/collector/health)" != 200 ] || return 0
			sleep 0.05
			j=$((j + 1))
		done
		kill $pid 2>/dev/null
		wait $pid
	done
	echo "Bail out! no receiver"
	exit 1
}
curl_args=
status() { # PATH CURL-ARG...
	path=$1
	shift
	curl -s -m 20 -o answer -w '%{http_code}' $curl_args "$@" "$scheme://127.0.0.1:$port$path" 2>/dev/null
}
answers() { # STATUS PATH CURL-ARG...
	want=$1
	shift
	got=$(status "$@")
	[ "$got" = "$want" ] || { echo "# $got, not $want: $(head -c 200 answer 2>/dev/null)"; return 1; }
}
# stop COUNTER=NUMBER...: ends the receiver, whose health report must have these
stop() {
	kill -TERM $pid
	wait $pid
	pid=
	for c in "$@"; do
		grep -q "\"${c%=*}\": ${c#*=}[,}]" out || { echo "# no $c"; return 1; }
	done
}

# --- plain
event 1 >one
event 2 >two
start http
ok "an event" answers 200 / -H 'Content-Type: application/json' --data-binary @one
ok "PUT, any path" answers 200 /in/here -X PUT --data-binary @two
ok "100-continue" answers 200 / -H 'Expect: 100-continue' --data-binary "$(event 3)"
ok "chunked" answers 200 / -H 'Transfer-Encoding: chunked' --data-binary "$(event 4)"
ok "text" answers 200 / -H 'Content-Type: text/plain' --data-binary '08:00:00.000000001: Notice A shell was spawned (user=bob)'
several() {
	got=$(curl -s -m 20 -o answer -w '%{http_code} %{num_connects} ' --data-binary "$(event 5)" "http://127.0.0.1:$port/" \
	    --next -s -o answer -w '%{http_code} %{num_connects}' --data-binary "$(event 6)" "http://127.0.0.1:$port/")
	[ "$got" = "200 1 200 0" ] || { echo "# $got"; return 1; }
}
ok "several over one connection" several
ok "a browser is refused" answers 403 / -H 'Origin: http://localhost' --data-binary @one
ok "a name that was bent to this host is refused" answers 403 / -H 'Host: evil.example' --data-binary @one
ok "nothing can be read" answers 404 /etc/passwd
head -c 2000000 /dev/zero | tr '\0' 'a' >large
ok "a body over 1 MiB" answers 413 / --data-binary @large
{ event 7; event 8; } | sed 's/{"output"/{"event":{"output"/g; s/}}/}}}/g' >hec
ok "HEC: two objects" answers 200 /services/collector --data-binary @hec
gzip -c hec >hec.gz
ok "HEC: gzip" answers 200 /services/collector/event -H 'Content-Encoding: gzip' --data-binary @hec.gz
ok "HEC: lines" answers 200 /services/collector/raw/1.0 --data-binary "$(event 9)
$(event 10)"
ok "HEC: no ack" answers 400 /services/collector/ack --data-binary '{"acks":[1]}'
gzip -c one >one.gz
ok "gzip is for HEC alone" answers 415 / -H 'Content-Encoding: gzip' --data-binary @one.gz
head -c 64000000 /dev/zero | tr '\0' 'a' | gzip -c >bomb.gz
ok "a gzip bomb" answers 413 /services/collector/event -H 'Content-Encoding: gzip' --data-binary @bomb.gz
ok "the audit webhook" answers 200 '/k8s-audit?timeout=30s' --data-binary '{"kind":"EventList","items":[]}'
ok "every event was counted once" stop accepted=13 dropped=1 rejected=0
ok "what was refused is said" grep -q '7 refused (last: Content Too Large)' out

# --- tokens
printf 'abc123\nzweites\n' >token
start http --token-file token
ok "without a token" answers 401 / --data-binary @one
ok "a wrong one" answers 401 / -H 'Authorization: Bearer abc124' --data-binary @one
ok "Bearer" answers 200 / -H 'Authorization: Bearer abc123' --data-binary "$(event 1)"
ok "in the address, as Falco can" [ "$(curl -s -o answer -w '%{http_code}' --data-binary "$(event 2)" "http://falco:zweites@127.0.0.1:$port/")" = 200 ]
ok "HEC without" answers 401 /services/collector --data-binary @hec
ok "HEC's code for it" grep -q '{"text":"Token is required","code":2}' answer
ok "HEC with a wrong one" answers 403 /services/collector -H 'Authorization: Splunk x' --data-binary @hec
ok "HEC's code for that" grep -q '{"text":"Invalid token","code":4}' answer
ok "HEC" answers 200 /services/collector -H 'Authorization: Splunk abc123' --data-binary @hec
ok "nothing without a token was taken" stop accepted=4 rejected=0
ok "no token in what is shown" [ "$(cat out err | grep -c -e abc123 -e zweites)" = 0 ]

# --- TLS
ca() { # NAME
	openssl req -x509 -newkey rsa:2048 -nodes -keyout "$1.key" -out "$1.crt" -days 2 -subj "/CN=$1" >/dev/null 2>&1
}
cert() { # CA NAME EXTENSION...
	openssl req -newkey rsa:2048 -nodes -keyout "$2.key" -out "$2.csr" -subj "/CN=$2" >/dev/null 2>&1
	printf 'subjectAltName=IP:127.0.0.1\n' >ext
	openssl x509 -req -in "$2.csr" -CA "$1.crt" -CAkey "$1.key" -CAcreateserial -days 2 -extfile ext -out "$2.crt" >/dev/null 2>&1
}
ca ca && cert ca server && cert ca client && ca other && cert other stranger
ok "certificates" test -s stranger.crt
curl_args="--cacert ca.crt"
start https --tls-cert server.crt --tls-key server.key
ok "TLS" answers 200 / --data-binary "$(event 1)"
ok "TLS, a large body" answers 413 / --data-binary @large
ok "TLS 1.1 is refused" answers 000 / --tls-max 1.1 --data-binary @one
ok "plain HTTP is refused" [ "$(curl -s -m 10 -o answer -w '%{http_code}' --data-binary @one "http://127.0.0.1:$port/")" = 000 ]
ok "TLS: one event" stop accepted=1
cat server.crt server.key >both.pem
curl_args="--cacert ca.crt --cert client.crt --key client.key"
start https --tls-cert both.pem --tls-client-ca ca.crt
ok "client certificate" answers 200 / --data-binary "$(event 1)"
curl_args="--cacert ca.crt"
ok "none" answers 000 / --data-binary @one
curl_args="--cacert ca.crt --cert stranger.crt --key stranger.key"
ok "a stranger's" answers 000 / --data-binary @one
ok "client certificates: one event" stop accepted=1
curl_args=

# --- who may send
refuses() { # PATTERN ARG...
	want=$1
	shift
	"$ft" report --view health --history none "$@" >out 2>err </dev/null
	[ $? = 2 ] && grep -q -e "$want" err
}
ok "not to the network without a token" refuses 'say --insecure' http:0.0.0.0:0
ok "an empty token file" refuses 'no token' --token-file /dev/null http:0
ok "a key of another certificate" refuses 'client.key' --tls-cert server.crt --tls-key client.key http:0
"$ft" report --view health --format json --history none --insecure http:0.0.0.0:0 >out 2>err </dev/null &
pid=$!
while kill -0 $pid 2>/dev/null && ! grep -q SigBlk.*[^0] "/proc/$pid/status"; do sleep 0.05; done
sleep 0.2
ok "--insecure" stop
ok "and that is said" grep -q 'open to the network: anybody may send events' out
echo "1..$n"
exit $bad
