# Files that are followed: through rotations of each kind nothing is lost and nothing counted twice; --resume goes on where the
# last run stopped; what cannot be read or watched is said and waited for. ROTATIONS=1000 sh tests/e2e/rotate.sh for more.
set -u
ft=${FALCOTOP:-./falcotop}
rotator=${top_builddir:-.}/tests/e2e/rotator
rotations=${ROTATIONS:-50} # of each of the four kinds
per=400
rate=20000
tmp=$(mktemp -d "${TMPDIR:-/tmp}/falcotop-rotate.XXXXXX") || exit 99
trap 'rm -rf "$tmp"' EXIT
XDG_STATE_HOME=$tmp/state
export XDG_STATE_HOME
n=0
bad=0
ok() { # NAME COMMAND...
	name=$1
	shift
	n=$((n + 1))
	if "$@"; then
		echo "ok $n - $name"
	else
		echo "not ok $n - $name"
		bad=1
	fi
}
wait_for() { # COMMAND...: at most 20 seconds
	i=0
	until "$@" >/dev/null 2>&1; do
		i=$((i + 1))
		[ $i -lt 400 ] || { echo "# never: $*"; return 1; }
		sleep 0.05
	done
}
gone() { ! kill -0 "$1" 2>/dev/null; }
# follow DIR OUT OPTION...: follows DIR/log until stop; it has the file open when this returns
follow() {
	d=$1 out=$2
	shift 2
	"$ft" report -F --by evt.num --format csv --history none "$@" "$d/log" >"$out" 2>"$out.err" &
	pid=$!
	wait_for has_open "$pid" "$d/log"
}
has_open() { ls -l "/proc/$1/fd" 2>/dev/null | grep -q "$2\$" && grep -q inotify "/proc/$1/fdinfo/"*; }
# at the end of the file: its last bytes were read, and a moment more for the new file's first look
inotified() { grep -q inotify "/proc/$1/fdinfo/"*; }
idle() {
	a=$(awk '/^(rchar)/ { print $2 }' "/proc/$1/io" 2>/dev/null)
	sleep 0.2
	b=$(awk '/^(rchar)/ { print $2 }' "/proc/$1/io" 2>/dev/null)
	[ $((b - a)) -lt 4096 ]
}
stop() {
	wait_for idle "$pid"
	kill -TERM "$pid"
	wait "$pid"
}
# tally LINES FILE...: "LOST DOUBLED" of the numbers below LINES
tally() {
	lines=$1
	shift
	cat "$@" | awk -F, -v lines="$lines" '$1 ~ /^[0-9]+$/ { seen[$1] += $2 }
		END { for (i = 0; i < lines; i++) { if (!(i in seen)) lost++; else if (seen[i] > 1) doubled += seen[i] - 1 }
		printf "%d %d\n", lost, doubled }'
}
all() { # LINES ALLOWED FILE...
	lines=$1 allowed=$2
	shift 2
	set -- $(tally "$lines" "$@")
	echo "# lost $1 doubled $2 of $lines"
	[ "$1" -le "$allowed" ] && [ "$2" = 0 ]
}
torture() { # MODE ALLOWED
	d=$tmp/$1
	mkdir "$d"
	: >"$d/log"
	follow "$d" "$tmp/$1.csv"
	"$rotator" "$1" "$d" $((rotations * per)) $per $rate || return 1
	stop
	all $((rotations * per)) "$2" "$tmp/$1.csv"
}

lines=$((rotations * per))
ok "rename and create" torture create 0
ok "delete and create" torture delete 0
ok "inode reuse" torture inode 0
ok "copytruncate: at most 0.2 % lost" torture copytruncate $((lines / 500))
ok "copytruncate is said to lose" grep -q "truncated.*lines may be lost ([0-9]* times" "$tmp/copytruncate.csv.err"

# Some rotations while the process stands still.
frozen() {
	d=$tmp/frozen.$1
	mkdir "$d"
	"$rotator" none "$d" 10 1 0 2000
	follow "$d" "$tmp/frozen.csv"
	wait_for idle "$pid"
	kill -STOP "$pid"
	"$rotator" "$1" "$d" 2000 400 0
	kill -CONT "$pid"
	stop
}
unseen() {
	frozen create
	all 2010 0 "$tmp/frozen.csv"
}
ok "five rotations unseen: found beside the log" unseen
unseen_deleted() {
	frozen delete
	grep -q 'lines may be lost' "$tmp/frozen.csv.err"
}
ok "five deletions unseen: said to lose" unseen_deleted
unseen_copies() {
	frozen copytruncate
	all 2010 0 "$tmp/frozen.csv"
}
ok "five truncations unseen: found in the copies" unseen_copies
ok "what is left is counted once" sh -c "! grep -E '^[0-9]+,([2-9]|1[0-9])' '$tmp/frozen.csv'"

# A truncated log that is longer again before anybody looks.
regrown() {
	d=$tmp/regrown
	mkdir "$d"
	"$rotator" none "$d" 100 1 0
	follow "$d" "$tmp/regrown.csv"
	wait_for idle "$pid"
	kill -STOP "$pid"
	: >"$d/log"
	"$rotator" none "$d" 200 1 0 100
	kill -CONT "$pid"
	stop
	all 300 0 "$tmp/regrown.csv" && grep -q truncated "$tmp/regrown.csv.err"
}
ok "truncated and grown past the place" regrown

# A writer that does not append leaves a hole behind a truncation.
hole() {
	d=$tmp/hole
	mkdir "$d"
	"$rotator" none "$d" 100 1 0
	follow "$d" "$tmp/hole.csv"
	wait_for idle "$pid"
	: >"$d/log"
	truncate -s 5000000 "$d/log"
	"$rotator" none "$d" 100 1 0 100
	stop
	all 200 0 "$tmp/hole.csv" && ! grep -q 'bad line' "$tmp/hole.csv.err"
}
ok "a hole of NUL bytes" hole

# A writer that is slow to notice.
late() {
	d=$tmp/late
	mkdir "$d"
	"$rotator" none "$d" 10 1 0
	follow "$d" "$tmp/late.csv"
	exec 3>>"$d/log"
	mv "$d/log" "$d/log.1"
	"$rotator" none "$d" 10 1 0 20
	wait_for idle "$pid"
	mkdir "$d/other"
	"$rotator" none "$d/other" 10 1 0 10
	cat "$d/other/log" >&3
	exec 3>&-
	stop
	all 30 0 "$tmp/late.csv"
}
ok "lines written to a log that lost its name" late

# --- --resume

resume() { # MODE LINES: stopped and started again while the log rotates
	d=$tmp/resume.$1
	mkdir "$d"
	: >"$d/log"
	"$rotator" "$1" "$d" "$2" $per $rate &
	writer=$!
	k=0
	until gone $writer; do
		k=$((k + 1))
		"$ft" report -F --resume --by evt.num --format csv --history none "$d/log" >"$d/$k.csv" 2>/dev/null &
		pid=$!
		sleep 0.$((k * 7 % 5 + 2))
		if [ $((k % 3)) = 2 ]; then
			kill -KILL "$pid"
			rm "$d/$k.csv"
		else
			kill -TERM "$pid"
		fi
		wait "$pid" 2>/dev/null
	done
	wait $writer
	follow "$d" "$d/last.csv" --resume
	stop
	all "$2" 0 "$d"/*.csv
}
ok "resume, no rotation" resume none 20000
ok "resume through rotations, kill -9" resume create 20000
ok "places are for this user alone" [ "$(stat -c %a "$tmp/state/falcotop/places")" = 600 ]

again() {
	d=$tmp/again
	mkdir "$d"
	"$rotator" none "$d" 100 1 0
	"$ft" report --resume --by evt.num --format csv --history "$tmp/h.db" "$d/log" >"$d/1.csv"
	"$rotator" none "$d" 50 1 0 100
	"$ft" report --resume --by evt.num --format csv --history "$tmp/h.db" "$d/log" >"$d/2.csv"
	: >"$d/log"
	"$rotator" none "$d" 150 1 0 150 # another file in its place, longer
	"$ft" report --resume --by evt.num --format csv --history "$tmp/h.db" "$d/log" >"$d/3.csv" 2>"$d/err"
	[ -s "$tmp/h.db.places" ] && grep -q 'may be lost' "$d/err" && all 300 0 "$d"/*.csv
}
ok "resume of a recording that grows; another file in its place" again

# --- what cannot be followed

waits() { # NAME PREPARE: a thing that is no file; then a file takes its name
	d=$tmp/waits.$1
	mkdir "$d"
	"$ft" report -F --by evt.num --format csv --history none "$d/log" >"$d/csv" 2>"$d/err" &
	pid=$!
	wait_for inotified "$pid"
	(cd "$d" && eval "$2")
	sleep 0.3
	kill -0 "$pid" || return 1
	rm -rf "$d/log"
	"$rotator" none "$d" 10 1 0
	stop
	all 10 0 "$d/csv"
}
ok "a directory took the name" waits dir 'mkdir log'
ok "a link to itself took the name" waits loop 'ln -s log log'
ok "a FIFO took the name" waits fifo 'mkfifo log'

denied() {
	d=$tmp/denied
	mkdir "$d"
	chmod 755 "$tmp" "$d"
	"$rotator" none "$d" 10 1 0
	chmod 644 "$d/log"
	cp "$ft" "$d/falcotop" && chmod 755 "$d/falcotop"
	setpriv --reuid 65534 --regid 65534 --clear-groups "$d/falcotop" report -F --by evt.num --format csv --history none \
	    "$d/log" >"$d/csv" 2>"$d/err" &
	pid=$!
	wait_for has_open "$pid" "$d/log"
	(umask 077 && mv "$d/log" "$d/log.1" && "$rotator" none "$d" 10 1 0 10 && chmod 000 "$d/log")
	sleep 0.3
	kill -0 "$pid" || return 1
	chmod 644 "$d/log"
	stop
	all 20 0 "$d/csv"
}
if [ "$(id -u)" = 0 ] && command -v setpriv >/dev/null; then
	ok "not readable after a rotation, then readable" denied
fi

traced() { # NAME INJECT
	d=$tmp/traced.$1
	mkdir "$d"
	"$rotator" none "$d" 10 1 0
	strace -f -qq -o "$d/trace" -e trace="${2%%:*}" -e inject="$2" "$ft" report -F --view health --format json --history none \
	    "$d/log" >"$d/json" 2>"$d/err" &
	tracer=$!
	wait_for pgrep -P $tracer -x falcotop
	pid=$(pgrep -P $tracer -x falcotop)
	wait_for grep -q INJECTED "$d/trace"
	"$rotator" none "$d" 10 1 0 10
	wait_for idle "$pid"
	sleep 0.6
	kill -TERM "$pid"
	wait $tracer
	grep -q '"accepted": 20' "$d/json"
}
if command -v strace >/dev/null && strace -o /dev/null true 2>/dev/null; then
	ok "no inotify watches left: polls" traced watches inotify_add_watch:error=ENOSPC
	ok "it says so" grep -q 'No space left on device: polling' "$tmp/traced.watches/json"
	ok "no inotify: polls" traced inotify inotify_init1:error=EMFILE
fi

echo "1..$n"
exit $bad
