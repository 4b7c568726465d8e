# Detections without a screen: the rows of a search, risk in the history, tests of detections, collecting.
ft=${FALCOTOP:?}
top=$(cd "${srcdir:-.}" && pwd)
shared=${FALCOTOP_SHARED:-$top/../shared}
case $shared in /*) ;; *) shared=$(cd "$shared" 2>/dev/null && pwd) ;; esac
t=$(mktemp -d) || exit 99
trap 'kill $(jobs -p) 2>/dev/null; rm -rf "$t"' EXIT
cd "$t" || exit 99
export TZ=UTC0 LC_ALL=C.UTF-8 FALCOTOP_DATADIR="$top/data"
export XDG_STATE_HOME="$t/state" XDG_DATA_HOME="$t/share" XDG_CONFIG_HOME="$t/config"
shell='Kubernetes Falco Shell Spawned'
n=0
bad=0

ok() { # NAME CONDITION...
	name=$1
	shift
	n=$((n + 1))
	if "$@"; then
		echo "ok $n - $name"
	else
		[ ! -s err ] || sed 's/^/# err: /' err | head -n 5
		[ ! -s out ] || sed 's/^/# out: /' out | head -n 8
		echo "not ok $n - $name"
		bad=1
	fi
}
skip() {
	n=$((n + 1))
	echo "ok $n - $1 # SKIP $2"
}
run() { # STATUS ARG...: output in ./out, ./err; true when the program left with STATUS
	want=$1
	shift
	"$ft" "$@" >out 2>err </dev/null
	got=$?
	[ $got = "$want" ] || { echo "# exit $got, expected $want"; return 1; }
}
says() { # FILE PATTERN
	grep -qE -- "$2" "$1"
}
fails() { # PATTERN ARG...
	pattern=$1
	shift
	run 2 "$@" && [ ! -s out ] && says err "^falcotop: .*$pattern"
}
wait_for() { # COMMAND...: up to 10 s
	i=0
	until "$@" 2>/dev/null; do
		i=$((i + 1))
		[ $i -lt 200 ] || return 1
		sleep 0.05
	done
}
event() { # USER CONTAINER TIME
	printf '{"hostname":"n","output":"x: Notice A shell was spawned in a container with an attached terminal | user=%s","output_fields":{"container.id":"0","container.image.repository":"reg/%s","container.image.tag":"1","container.name":"%s","proc.cmdline":"sh","proc.exepath":"/bin/sh","proc.name":"sh","proc.pname":"runc","user.name":"%s"},"priority":"Notice","rule":"Terminal shell in container","source":"syscall","tags":["T1059","mitre_execution"],"time":"%s"}\n' \
	    "$1" "$2" "$2" "$1" "$3"
}
search() { # HISTORY FILE...
	h=$1
	shift
	"$ft" report --detection "$shell" --history "$h" --format csv "$@" >out 2>err </dev/null
}
# risk HISTORY UNTIL USER COLUMN: a number of a user as it stands a nanosecond before UNTIL
risk() {
	"$ft" risk --history "$1" --since 2026-02-01T00:00:00Z --until "$2" --user "$3" --format json 2>err </dev/null |
	    sed -nE "s/.*\"$4\": \"?([^,\"]*)\"?, .*/\1/p"
}

# --- points: a row an hour
{
	for c in 1 2 3 4 5; do for s in 1 2 3; do event five c$c "2026-03-01T12:0$s:00.000000000Z"; done; done
	for c in 1 2 3 4 5 6; do event six c$c "2026-03-01T12:00:00.000000000Z"; done
	event hours c1 2026-03-01T12:59:59.999999999Z
	event hours c1 2026-03-01T13:00:00.000000000Z
	for c in 1 2 3 4 5 6 7 8 9 10 11 12; do event twelve c$c 2026-03-01T12:00:00Z; done
	for c in 1 2 3 4 5 6 7 8 9 10 11 12 13; do event thirteen c$c 2026-03-01T12:00:00Z; done
	i=0
	while [ $i -lt 25 ]; do event critical c$i 2026-03-01T12:00:00Z; i=$((i + 1)); done
} >some
now=2026-03-01T14:00:00Z
search h.db some
ok "rows of the search" sh -c 'head -n 2 out | tail -n 1 | grep -qx "reg/c0,1,c0,runc,/bin/sh,sh,critical,1"'
ok "its columns" sh -c 'head -n 1 out | grep -qx "container_image,container_image_tag,container_name,parent,proc_exepath,process,user,count"'
ok "100 is not over 100" [ "$(risk h.db $now five score_24h)$(risk h.db $now five severity)" = 100 ]
ok "120 is" [ "$(risk h.db $now six score_24h)$(risk h.db $now six severity)" = 120medium ]
ok "many events of a row in an hour are one risk event" [ "$(risk h.db $now five count)" = 5 ]
ok "a row in two hours is two" [ "$(risk h.db $now hours count)/$(risk h.db $now hours score_24h)" = 2/40 ]
ok "240 is medium" [ "$(risk h.db $now twelve severity)" = medium ]
ok "260 is high" [ "$(risk h.db $now thirteen severity)" = high ]
ok "500 is critical" [ "$(risk h.db $now critical severity)" = critical ]
# 24 hours to the nanosecond: now is one before --until
ok "in for 24 hours" [ "$(risk h.db 2026-03-02T12:00:00.000000000Z six score_24h)" = 120 ]
ok "and then out" [ "$(risk h.db 2026-03-02T12:00:00.000000001Z six score_24h)" = 0 ]
ok "of the 24 hours alone" [ "$(risk h.db 2026-03-02T12:00:00.000000001Z six count)" = 6 ]

# --- again and again
"$ft" risk --history h.db --since 2026-02-01T00:00:00Z --until $now --format json >before
search h.db some
search h.db some
cat some some >twice
search h2.db some
"$ft" risk --history h.db --since 2026-02-01T00:00:00Z --until $now --format json >after
ok "reading again adds nothing" cmp -s before after
"$ft" risk --history h2.db --since 2026-02-01T00:00:00Z --until $now --format json >other
ok "another history says the same" cmp -s before other
search both.db some &
first=$!
"$ft" report --detection "$shell" --history both.db --format csv some >/dev/null 2>&1
wait $first
"$ft" risk --history both.db --since 2026-02-01T00:00:00Z --until $now --format json >other
ok "two at once add nothing either" cmp -s before other
"$ft" report --detection "$shell" --user six --history none --format csv some >out 2>err
ok "a user's rows" sh -c '[ "$(wc -l <out)" = 7 ] && ! grep -q five out'
ok "no such user is 1" run 1 report --detection "$shell" --user nobody-at-all --history none some
ok "a user is no pattern" run 1 report --detection "$shell" --user 's*' --history none some
# Numbers are written the same where a comma is before their decimals.
if mkdir locales && localedef -i de_DE -f UTF-8 ./locales/de_DE.UTF-8 >/dev/null 2>&1 &&
    [ "$(LOCPATH=$t/locales LC_ALL=de_DE.UTF-8 env printf %.1f 1,5 2>/dev/null)" = 1,5 ]; then
	LOCPATH=$t/locales LC_ALL=de_DE.UTF-8 "$ft" risk --history h.db --since 2026-02-01T00:00:00Z --until $now \
	    --format json >comma
	ok "scores in a country of decimal commas" sh -c '[ -s before ] && cmp before comma'
	LOCPATH=$t/locales LC_ALL=de_DE.UTF-8 "$ft" --debug-info >comma
	ok "and its letters" says comma "^character set: UTF-8"
else
	skip "scores in a country of decimal commas" "no localedef, or not its sources"
	skip "and its letters" "so"
fi
ok "risk of nobody is 1" run 1 risk --history h.db --user nobody-at-all --since 2026-02-01T00:00:00Z --until $now
ok "no history is 1" run 1 risk --history nothing.db
ok "reports leave the history alone" sh -c '"$0" report --by user some >/dev/null && [ ! -e state/falcotop ]' "$ft"

# --- killed in the middle, and read again
i=0
while [ $i -lt 2000 ]; do event u$((i % 20)) c$((i % 37)) "2026-03-01T12:$((i % 50 + 10)):00Z"; i=$((i + 1)); done >many
search clean.db many
"$ft" risk --history clean.db --since 2026-02-01T00:00:00Z --until $now --format json >before
mkfifo fifo
any() { [ "$("$ft" risk --history "$1" --since 2026-02-01T00:00:00Z --until $now --format csv 2>/dev/null | wc -l)" -gt 1 ]; }
for part in 300 900 1700; do
	"$ft" report --detection "$shell" --history killed.db --follow fifo >/dev/null 2>&1 &
	pid=$!
	exec 3>fifo
	head -n $part many >&3
	wait_for any killed.db
	kill -9 $pid
	wait $pid 2>/dev/null
	exec 3>&-
done
search killed.db many
"$ft" risk --history killed.db --since 2026-02-01T00:00:00Z --until $now --format json >after
ok "killed three times and read again: the same" cmp -s before after

# --- what runs, what does not
ok "an unknown name" fails "no detection 'Kubernetes Falco Shell'; nearest: '$shell'" report --detection 'Kubernetes Falco Shell' some
ok "by the name of its file" run 0 report --detection kubernetes_falco_shell_spawned --history none some
detection() { # NAME SEARCH SCORE
	printf 'name: %s\nid: 11111111-2222-3333-4444-555555555555\nversion: 9\ndate: 2026-01-01\nauthor: x\nstatus: production\ntype: Anomaly\ndescription: x\nsearch: %s\nrba:\n  message: by $user$ in $container_name$\n  risk_objects:\n  - {field: user, type: user, score: %s}\n  threat_objects: []\ntags:\n  analytic_story: [A]\n  mitre_attack_id: [T1204]\n' "$1" "'$2'" "$3"
}
mkdir one two
detection Mine '"A shell was spawned" | stats count by user container_name' 7 >one/mine.yml
detection Mine '"A shell was spawned" | stats count by user container_name' 11 >two/mine.yml
detection Odd '"A shell was spawned" | transaction user' 7 >one/odd.yml
"$ft" report --detections one --detections two --detection Mine --history mine.db some >out 2>err
ok "of two the later one stands" [ "$(risk mine.db $now six score_24h)" = 66 ]
"$ft" report --detections two --detections one --detection Mine --history mine2.db some >out 2>err
ok "whichever that is" [ "$(risk mine2.db $now six score_24h)" = 42 ]
ok "what is not understood is not run" fails 'odd\.yml:9: .*transaction' report --detections one --detection Odd --history none some

# --- test
ok "test: PASS" run 0 test one/mine.yml --data some
ok "test: says so" says out '^PASS  Mine: 62 rows$'
ok "test: nothing found" run 1 test one/mine.yml --data /dev/null
ok "test: says why" says out '^FAIL  Mine: the search finds nothing$'
detection Token '"A shell was spawned" | stats count by user' 7 >token.yml
ok "test: a token is left" run 1 test token.yml --data some
ok "test: says which" says out 'container_name'
detection Object '"A shell was spawned" | stats count by container_name' 7 >object.yml
ok "test: a risk object is not there" run 1 test object.yml --data some
ok "test: of two one fails" run 1 test one/mine.yml token.yml --data some
ok "test: no detection" run 2 test some --data some
ok "test: no data" run 2 test "$top/data/detections/kubernetes_falco_shell_spawned.yml" --data nothing
mkdir -p data/kubernetes_falco_shell_spawned
cp some data/kubernetes_falco_shell_spawned/kubernetes_falco_shell_spawned.log
ok "test: the recording that it names" run 0 test "$top/data/detections/kubernetes_falco_shell_spawned.yml" --data-dir data
ok "test: which is not there" run 2 test "$top/data/detections/kubernetes_falco_shell_spawned.yml" --data-dir one

# --- collect
cp some growing
if command -v python3 >/dev/null; then
	python3 -c '
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind("notify")
print("bound", flush=True)
print(s.recv(99).decode(), flush=True)
print(s.recv(99).decode(), flush=True)' >notes &
	wait_for grep -q bound notes
	export NOTIFY_SOCKET="$t/notify"
fi
mkdir -p share/falcotop/detections
"$ft" collect --follow --history c.db growing >out 2>err &
pid=$!
unset NOTIFY_SOCKET
wait_for [ -s c.db ]
event later c1 2026-03-01T12:00:00Z >>growing
has() { [ "$(risk c.db $now "$1" score_24h)" = "$2" ]; }
ok "collect: what is appended is kept" wait_for has later 20
cp one/mine.yml share/falcotop/detections/
kill -HUP $pid
event later c2 2026-03-01T12:00:00Z >>growing
ok "collect: SIGHUP loads a detection, nothing is lost" wait_for has later 54
begin=$(date +%s%N)
event last c1 2026-03-01T12:00:00Z >>growing
wait_for has last 27
kill -TERM $pid
begin=$(date +%s%N)
wait $pid
status=$?
took=$((($(date +%s%N) - begin) / 1000000))
ok "collect: SIGTERM is a good end" [ $status = 0 ]
ok "collect: within a second" [ $took -lt ${SLOW:-1000} ]
ok "collect: and nothing is left to write" sh -c '[ ! -s c.db-wal ]'
if [ -e notes ]; then
	wait_for grep -q STOPPING notes
	ok "collect: ready and stopping are told" sh -c 'grep -qx READY=1 notes && grep -qx STOPPING=1 notes'
else
	skip "collect: ready and stopping are told" "no python3"
fi

# --- the config file
rm share/falcotop/detections/mine.yml
mkdir -p config/falcotop
cat >config/falcotop/falcotop.conf <<'C'
history = conf.db
[risk]
score Terminal* = 30
medium = 10
C
"$ft" collect some >out 2>err
ok "config: its history, points of rules and thresholds" [ "$(risk conf.db $now five score_24h)$(risk conf.db $now five severity)" = 130medium ]
"$ft" --print-config >printed 2>err
chmod 600 printed
"$ft" --config printed --print-config >again 2>err
ok "config: what is printed says the same" sh -c 'sed 1d printed >a; sed 1d again | cmp - a && grep -qx "score Terminal\* = 30" a'
echo 'thread = 3' >>config/falcotop/falcotop.conf
ok "config: an error is 2, with its place" fails 'falcotop.conf:5: there is no key .thread. in \[risk\]' report some
ok "config: and so it is for --check-config" run 2 --check-config
ok "config: unless it is not wanted" run 0 --config none report some
rm config/falcotop/falcotop.conf

# --- mutes: risk is kept and counts 0 while they are on
search mute.db some
ok "mutes: none" [ "$(risk mute.db $now six score_24h)/$(risk mute.db $now six count)" = 120/6 ]
printf 'on\t2026-01-01T00:00:00Z\t-\t-\t0\t\tuser.name=six and container.name=c1\tr\tme\t\n' >config/falcotop/mutes
chmod 600 config/falcotop/mutes
search mute.db some
ok "mutes: of six rows one counts 0" [ "$(risk mute.db $now six score_24h)/$(risk mute.db $now six count)" = 100/5 ]
ok "mutes: the report has all of them" [ "$(grep -c ,six, out)" = 6 ]
"$ft" collect --history mute.db some 2>err
ok "mutes: collect says the same" [ "$(risk mute.db $now six score_24h)$(risk mute.db $now six severity)" = 100 ]
rm config/falcotop/mutes
search mute.db some
ok "mutes: lifted, it counts again" [ "$(risk mute.db $now six score_24h)/$(risk mute.db $now six count)" = 120/7 ] # with Falco's own rule

# --- the formats of Falco
gen=$shared/bench/gen.py
if [ -r "$gen" ] && command -v python3 >/dev/null; then
	for f in "json modern" "text modern" "text classic"; do
		set -- $f
		python3 "$gen" --events 20000 --text-escape --format $1 --style $2 --out events
		search none events
		mv out rows-$1-$2
	done
	for f in "text modern" "text classic" "json modern"; do
		set -- $f
		python3 "$gen" --events 20000 --odd-rate 0.02 --format $1 --style $2 --out events
		search none events
		mv out raw-$1-$2
	done
	ok "so they do with newlines as they are" sh -c '[ -s raw-json-modern ] && cmp raw-json-modern raw-text-modern && cmp raw-json-modern raw-text-classic'
	ok "text new and old and JSON give the same bytes" sh -c '[ -s rows-json-modern ] && cmp rows-json-modern rows-text-modern && cmp rows-json-modern rows-text-classic'
else
	skip "text new and old and JSON give the same bytes" "no $gen"
	skip "so they do with newlines as they are" "no $gen"
fi
log=$shared/data/splunk_attack_data/kubernetes_falco_shell_spawned.log
if [ -r "$log" ]; then
	search none "$log"
	printf '%s\n%s\n' container_image,container_image_tag,container_name,parent,proc_exepath,process,user,count \
	    'quay.io/signalfx/splunk-otel-collector,0.88.0,otel-collector,runc,/usr/lib/splunk-otel-collector/agent-bundle/bin/bash,bash,root,1' >want
	ok "the attack range's row" cmp -s out want
else
	skip "the attack range's row" "no $log"
fi
echo "1..$n"
exit $bad
