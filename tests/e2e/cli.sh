# The command line as a contract: exit codes, messages, formats, sources. Uses the bundled recording and what it writes itself.
ft=${FALCOTOP:?}
top=$(cd "${srcdir:-.}" && pwd)
demo=$top/data/demo.log
shared=${FALCOTOP_SHARED:-$top/../shared}
t=$(mktemp -d) || exit 99
trap 'kill $(jobs -p) 2>/dev/null; rm -rf "$t"' EXIT
cd "$t" || exit 99
export TZ=UTC0 LC_ALL=C.UTF-8
n=0
bad=0

# ok NAME CONDITION...
ok() {
	name=$1
	shift
	n=$((n + 1))
	if "$@"; then
		echo "ok $n - $name"
	else
		[ ! -s err ] || sed 's/^/# err: /' err | head -n 5
		[ ! -s out ] || sed 's/^/# out: /' out | head -n 5
		echo "not ok $n - $name"
		bad=1
	fi
}
skip() {
	n=$((n + 1))
	echo "ok $n - $1 # SKIP $2"
}
# run STATUS ARG...: output in ./out, ./err; true when the program left with STATUS
run() {
	want=$1
	shift
	"$ft" "$@" >out 2>err </dev/null
	got=$?
	[ $got = "$want" ] || { echo "# exit $got, expected $want"; return 1; }
}
lines() { # FILE N
	[ "$(wc -l <"$1")" -eq "$2" ]
}
says() { # FILE PATTERN
	grep -qE -- "$2" "$1"
}
fails() { # PATTERN ARG...: exit 2, one line on standard error, nothing on standard output
	pattern=$1
	shift
	run 2 "$@" && [ ! -s out ] && lines err 1 && says err "^falcotop: .*$pattern"
}
# wait_for COMMAND...: up to 10 s
wait_for() {
	i=0
	until "$@" 2>/dev/null; do
		i=$((i + 1))
		[ $i -lt 200 ] || return 1
		sleep 0.05
	done
}
events() { # N: Falco events
	i=0
	while [ $i -lt "$1" ]; do
		echo "{\"output\":\"x\",\"output_fields\":{\"user.name\":\"u$((i % 3))\"},\"priority\":\"Notice\",\"rule\":\"r\",\"time\":\"2026-11-24T08:00:00.00000000${i}Z\"}"
		i=$((i + 1))
	done
}
events 9 >nine

# --- usage
ok "--help" run 0 --help
ok "--version" run 0 --version
ok "--version names its libraries" sh -c 'for l in ncurses libevent OpenSSL PCRE2 libyaml SQLite; do grep -q "$l [0-9]" out || exit 1; done'
ok "--debug-info" run 0 --debug-info
ok "unknown option" fails 'unknown option --nothing' --nothing
ok "unknown short option" fails 'unknown option -z' -z
ok "option without value" fails 'needs a value' report nine --by
ok "unknown view" fails "no view 'nothing'" report --view nothing nine
ok "unknown format" fails "no format 'xml'" report --format xml nine
ok "unknown sort column" fails "no column 'nothing'" report --sort nothing nine
ok "bad time" fails "since.*yesterday" report --since yesterday nine
ok "a user without detection or risk" fails "user goes with" report --user root nine
ok "a detection has its own columns" fails "columns and an order" report --detection x --by user nine
ok "risk reads no events" fails "one too many" risk nine
ok "missing file" fails 'nonexistent' report nonexistent
ok "a directory is no source" fails '' report /
ok "one of two sources missing" fails 'nonexistent' report nine nonexistent
printf '' >empty
ok "nothing found is 1" run 1 report empty
ok "no match is 1" run 1 report --by user -f 'user.name=nobody-at-all' nine
ok "a closed standard output fails" sh -c '! "$0" report --by user nine >&- 2>/dev/null' "$ft"

# --- filters
ok "bad filter is 2" run 2 report -f 'user.name = and x' nine
ok "bad filter prints nothing" [ ! -s out ]
ok "bad filter: where" sh -c 'tail -n 1 err | grep -qE "^ +\^$"'
ok "caret stands below the spot" sh -c '[ "$(sed -n 2p err | cut -c1-14)" = "  user.name = " ] && [ "$(tail -n 1 err | tr -d " " )" = "^" ] && [ "$(tail -n 1 err | wc -c)" -ge 14 ]'
long=$(yes 'a=b or' | head -n 500 | tr '\n' ' ')
run 2 report -f "$long a = = $long" nine
ok "of a long filter, what is around the spot" sh -c '[ "$(wc -c <err)" -lt 400 ] &&
	c=$(($(tail -n 1 err | wc -c) - 1)) && [ "$(sed -n 2p err | cut -c $((c - 4))-$c)" = "a = =" ]'
ok "filter with priority" run 0 report --by priority --format csv -f 'priority >= critical' "$demo"
ok "only what passed" sh -c '! grep -qE "Notice|Warning|Error|Debug|Info" out'
ok "time range" run 0 report --by rule --since 2026-11-23T05:40:00Z --until 2026-11-23T06:00:00Z --format csv "$demo"

# --- formats
ok "csv" run 0 report --by user.name --format csv nine
printf 'user.name,count\nu0,3\nu1,3\nu2,3\n' >want
ok "csv is exactly that" cmp -s out want
ok "ESCU name" run 0 report --by user --format csv nine
ok "header as asked for" [ "$(head -n 1 out)" = user,count ]
ok "tsv" run 0 report --by user --format tsv nine
ok "json" run 0 report --by user --format json nine
printf '[\n{"user": "u0", "count": 3},\n{"user": "u1", "count": 3},\n{"user": "u2", "count": 3}\n]\n' >want
ok "json is exactly that" cmp -s out want
ok "ndjson" run 0 report --by user --format ndjson nine
ok "ndjson: a line a row" lines out 3
ok "md" run 0 report --by user --format md nine
ok "limit" run 0 report --by user --limit 1 --format ndjson nine
ok "one row" lines out 1
ok "sort descending by field" run 0 report --by user --sort -user --format csv nine
ok "u2 first" [ "$(sed -n 2p out)" = u2,3 ]
ok "missing field" run 0 report --by k8s.pod.name --format csv nine
ok "missing is empty" [ "$(sed -n 2p out)" = ,9 ]
ok "fillnull" run 0 report --by k8s.pod.name --fillnull 0 --format csv nine
ok "missing is 0" [ "$(sed -n 2p out)" = 0,9 ]
ok "null in JSON" run 0 report --by k8s.pod.name --format ndjson nine
ok "missing is null" says out '"k8s.pod.name": null'
ok "a field outside the catalogue" run 0 report --by evt.time --format csv -n 1 "$demo"
ok "events" run 0 report --view events --format csv nine
ok "events in time order" sh -c 'sed 1d out >rows; sort rows | cmp -s - rows'
ok "all events" lines out 10
for v in shells users containers rules images namespaces nodes events health; do
	ok "view $v" run 0 report --view $v --format csv "$demo"
done

# --- output
ok "output file" run 0 report --by user --format csv -o file.csv nine
ok "nothing on standard output" [ ! -s out ]
ok "the file is there, alone" sh -c '[ "$(ls file.csv*)" = file.csv ]'
ok "no directory" fails 'nowhere' report --by user -o nowhere/x nine
ok "full device" run 2 report --by user -o /dev/full nine
ok "a reader that leaves is no error" sh -c '"$0" report --view events "$1" 2>err | head -n 1 >out; [ ! -s err ] || ! grep -v "bad line" err' "$ft" "$demo"

# --- hostile text
printf '{"output":"x","output_fields":{"user.name":"=cmd()\\u001b[2J\\u202e"},"priority":"Notice","rule":"r","time":"2026-11-24T08:00:00Z"}\n' >hostile
ok "hostile csv" run 0 report --by user --format csv hostile
ok "formula and escapes disarmed" [ "$(sed -n 2p out)" = "'=cmd()^[[2J<U+202E>,1" ]
ok "raw" run 0 report --by user --raw --format csv hostile
ok "raw has the bytes" says out "^=cmd"

# --- bad lines
{ cat nine; echo 'what is this'; echo '{"broken'; cat nine; } >mixed
ok "bad lines do not fail" run 0 report --by rule --format csv mixed
ok "all events counted" says out '^r,18$'
ok "bad lines are said" says err '^falcotop: 2 bad lines \(first at mixed:10: .*\)$'
ok "health" run 0 report --view health --format json mixed
for k in source state bytes lines records accepted rejected rejected_by repaired noise blank internal dropped duplicates lag_seconds last_error total; do
	ok "health has $k" says out "\"$k\":"
done
ok "health counts" says out '"records": 20, "accepted": 18, "rejected": 2'
ok "the demo's books balance" run 0 report --view health --format csv "$demo"
ok "records = accepted + rejected + noise + blank + internal + duplicates" awk -F, '
	NR == 1 { for (i = 1; i <= NF; i++) c[$i] = i }
	NR > 1 && $c["records"] != $c["accepted"] + $c["rejected"] + $c["noise"] + $c["blank"] + $c["internal"] + $c["duplicates"] { bad = 1 }
	END { exit bad || NR < 3 }' out

# --- standard input
ok "standard input" sh -c '"$0" report --by user --format csv - <nine >out 2>err' "$ft"
ok "as many rows" lines out 4
ok "no SOURCE: standard input" sh -c 'cat nine | "$0" report --by user --format csv >out 2>err' "$ft"
ok "as many rows again" lines out 4
ok "no command and no terminal: the shells" sh -c '"$0" --format csv "$1" >out 2>err' "$ft" "$demo"
ok "header of the shells" says out '^container_image,container_image_tag,container_name,parent,proc_exepath,process,user,count'
ok "option-like file" sh -c 'cp nine ./--by; "$0" report --by user --format csv -- --by >out 2>err' "$ft"

# --- the same answer, however it is computed
for threads in 0 1 4; do
	"$ft" report --threads $threads --by rule,user,container.id --format csv "$demo" >threads.$threads 2>/dev/null
done
ok "threads 1 like 0" cmp -s threads.0 threads.1
ok "threads 4 like 0" cmp -s threads.0 threads.4
"$ft" report --by rule,user,container.id --format csv - <"$demo" >threads.stdin 2>/dev/null
ok "a pipe like a file" cmp -s threads.0 threads.stdin
for threads in 0 4; do
	"$ft" report --threads $threads --view events --format ndjson "$demo" >events.$threads 2>/dev/null
done
ok "events: threads 4 like 0" cmp -s events.0 events.4

# --- live sources end with a signal and then print
live() { # NAME SIGNAL SOURCE FEED...
	name=$1 signal=$2 source=$3
	shift 3
	"$ft" report --by user --format csv $source >live.out 2>live.err &
	pid=$!
	"$@"
	kill -$signal $pid
	wait $pid
	status=$?
	cp live.out out
	cp live.err err
	ok "$name: status" [ $status = 0 ]
	ok "$name: rows" says out '^u0,3$'
}
# Bytes the program has read so far; whether it has a file open.
read_by() {
	awk '/^rchar:/ { print $2 }' "/proc/$pid/io"
}
has_read() { # N
	[ "$(read_by)" -ge "$1" ]
}
has_open() { # FILE
	readlink /proc/$pid/fd/* | grep -qxF "$t/$1"
}
# feed N COMMAND...: waits until the program has read the N bytes that the command sent
feed() {
	goal=$(($(read_by) + $1))
	shift
	"$@"
	wait_for has_read $goal
}
size=$(wc -c <nine)
append() { cat nine >>grow; }
feed_file() { wait_for has_open grow; feed "$size" append; }
: >grow
live "a growing file, SIGTERM" TERM "-F grow" feed_file
if "$ft" --help | grep -q ' unix:PATH'; then
	feed_unix() { wait_for [ -S sock ]; feed "$size" send_unix; }
	if command -v python3 >/dev/null 2>&1; then
		send_unix() { python3 -c 'import socket; s = socket.socket(socket.AF_UNIX); s.connect("sock"); s.sendall(open("nine", "rb").read()); s.close()'; }
		live "a Unix socket, SIGINT" INT unix:sock feed_unix
		ok "the socket file is gone" [ ! -e sock ]
	else
		skip "a Unix socket" "no python3"
	fi
fi
mkfifo fifo
"$ft" report --by user -o killed.csv - <fifo >/dev/null 2>&1 &
pid=$!
exec 3>fifo
kill -HUP $pid
wait $pid
status=$?
exec 3>&-
ok "SIGHUP is 129" [ $status = 129 ]
ok "and leaves no file" sh -c '! ls killed.csv* 2>/dev/null'

# --- the row that started it all
log=$shared/data/splunk_attack_data/kubernetes_falco_shell_spawned.log
if [ -r "$log" ]; then
	by=container_image,container_image_tag,container_name,parent,proc_exepath,process,user
	run 0 report --by $by --fillnull 0 --format csv --history none --filter 'output icontains "A shell was spawned in a container"' "$log"
	printf '%s\n%s\n' "$by,count" 'quay.io/signalfx/splunk-otel-collector,0.88.0,otel-collector,runc,/usr/lib/splunk-otel-collector/agent-bundle/bin/bash,bash,root,1' >want
	ok "the attack range's row" cmp -s out want
else
	skip "the attack range's row" "no $log"
fi
# Fields that no event has.
nosuch() { run 1 report --by user.name -f 'nosuch = 1' "$demo" && says err '^falcotop: no event has a field "nosuch"$'; }
ok "a filter by a field that no event has" nosuch
nosuch_by() { run 0 report --by nosuch "$demo" && says err '^falcotop: no event has a field "nosuch"$'; }
ok "counted by a field that no event has" nosuch_by
known_by() { run 1 report --by user.name -f 'user.name = nobody-at-all' "$demo" && ! says err 'no event has'; }
ok "a field that events have" known_by

echo "1..$n"
exit $bad
