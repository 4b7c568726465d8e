# One history, three writers at once: two collects and a dashboard that get overlapping parts of a stream say in the end what one
# run over all of it says, and the dashboard never stands still. $TWO_SECONDS of feeding, 10 unless given.
ft=${FALCOTOP:?}
top=$(cd "${srcdir:-.}" && pwd)
gen=${FALCOTOP_SHARED:-$top/../shared}/bench/gen.py
seconds=${TWO_SECONDS:-10}
if [ ! -r "$gen" ] || ! command -v python3 >/dev/null || ! command -v tmux >/dev/null; then
	echo "1..0 # SKIP needs python3, tmux and a generator of events"
	exit 0
fi
t=$(mktemp -d) || exit 99
tm() {
	tmux -S "$t/tmux" -f /dev/null "$@"
}
one= two=
trap 'kill $one $two 2>/dev/null; tm kill-server 2>/dev/null; rm -rf "$t"' EXIT
cd "$t" || exit 99
export TZ=UTC0 LC_ALL=C.UTF-8 FALCOTOP_DATADIR="$top/data" HOME="$t"
export XDG_STATE_HOME="$t/state" XDG_DATA_HOME="$t/share" XDG_CONFIG_HOME="$t/config"
unset ENV NO_COLOR LINES COLUMNS TMUX
n=0
bad=0
ok() { # NAME CONDITION...
	name=$1
	shift
	n=$((n + 1))
	if "$@"; then
		echo "ok $n - $name"
	else
		sed 's/^/# /' err 2>/dev/null | head -n 12
		echo "not ok $n - $name"
		bad=1
	fi
}
wait_for() { # COMMAND...: up to 20 s
	i=0
	until "$@" >/dev/null 2>&1; do
		i=$((i + 1))
		[ $i -lt 400 ] || return 1
		sleep 0.05
	done
}
events=$((seconds * 2000))
from=$(date -u -d '3 hours ago' +%Y-%m-%dT%H:%M:%SZ)
python3 "$gen" --events $events --shell-rate 0.2 --start "$from" --rate $((events / 7000 + 1)) --out all || exit 99

"$ft" collect --history both.db unix:a.sock 2>a.err &
one=$!
"$ft" collect --history both.db unix:b.sock 2>b.err &
two=$!
tm new-session -d -x 100 -y 30 sh
tm send-keys "'$ft' --history both.db unix:c.sock; echo left \$? >left" Enter
wait_for test -S a.sock && wait_for test -S b.sock && wait_for test -S c.sock
ok "two collects and a dashboard listen" [ -S a.sock -a -S b.sock -a -S c.sock ]

# The first two thirds, the last two thirds, every third line; sockets that block would be seen as time.
cat >feed.py <<'P'
import socket, sys, time
seconds = float(sys.argv[1])
lines = open("all", "rb").read().splitlines(True)
n = len(lines)
def dial(p):
    s = socket.socket(socket.AF_UNIX)
    s.settimeout(30)
    s.connect(p)
    return s
a, b, c = (dial(p) for p in ("a.sock", "b.sock", "c.sock"))
steps = max(int(seconds * 10), 1)
began = time.monotonic()
worst = 0
for i in range(steps):
    lo, hi = n * i // steps, n * (i + 1) // steps
    part = [(k, lines[k]) for k in range(lo, hi)]
    t = time.monotonic()
    a.sendall(b"".join(l for k, l in part if k < n * 2 // 3))
    b.sendall(b"".join(l for k, l in part if k >= n // 3))
    c.sendall(b"".join(l for k, l in part if k % 3 == 0))
    worst = max(worst, time.monotonic() - t)
    time.sleep(max(0, began + (i + 1) * seconds / steps - time.monotonic()))
for s in (a, b, c):
    s.close()
print("%.3f" % worst)
P
python3 feed.py $seconds >worst 2>err &
feeder=$!
count() {
	tm capture-pane -p | sed -nE '1,2s/.* ([0-9,]+) ev.*/\1/p' | head -n 1
}
# How long the number of events on the screen stays the same, at most, in half seconds.
before= same=0 longest=0
while kill -0 $feeder 2>/dev/null; do
	now=$(count)
	if [ "$now" = "$before" ]; then same=$((same + 1)); else same=0; fi
	[ $same -le $longest ] || longest=$same
	before=$now
	sleep 0.5
done
wait $feeder
ok "everything was sent" [ $? = 0 ]
echo "# slowest write of a tenth of a second's events: $(cat worst) s; screen unchanged for at most $((longest / 2)) s"
ok "the dashboard goes on" [ -n "$before" -a $longest -lt 10 ]

"$ft" collect --history single.db all 2>err
until=$(date -u +%Y-%m-%dT%H:%M:%SZ)
lines() { # HISTORY: what it says of risk, a value a line
	"$ft" risk --history $1.db --until "$until" --format json 2>err | sed 's/, "/,\n "/g' >$1.lines
}
same() {
	lines both
	diff single.lines both.lines >err
}
lines single
ok "there is risk" [ "$(wc -l <single.lines)" -gt 100 ]
ok "the same users, sums and times as of one run" wait_for same
kill -TERM $one $two
wait $one
status=$?
wait $two
ok "the collects end well" [ $status = 0 -a $? = 0 ]
one= two=
tm send-keys Q
wait_for test -s left
ok "the dashboard ends well" grep -qx 'left 0' left
ok "and the same when all have ended" same
echo "# $events events, $(wc -l <single.lines) values of risk"
echo "1..$n"
exit $bad
