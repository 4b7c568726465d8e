# The dashboard in a real terminal (tmux): starts, drills down and back, resizes, stops and goes on, quits; the terminal is as before.
ft=${FALCOTOP:?}
top=$(cd "${srcdir:-.}" && pwd)
if ! command -v tmux >/dev/null 2>&1; then
	echo "1..0 # SKIP tmux is not installed"
	exit 0
fi
t=$(mktemp -d) || exit 99
sock=$t/tmux
tm() {
	tmux -S "$sock" -f /dev/null "$@"
}
trap 'tm kill-server 2>/dev/null; rm -rf "$t"' EXIT
export TZ=UTC0 LC_ALL=C.UTF-8
# The detections of the tree, and nobody's history, mutes or macros.
export FALCOTOP_DATADIR="$top/data" HOME="$t" XDG_STATE_HOME="$t/state" XDG_CONFIG_HOME="$t/config" XDG_DATA_HOME="$t/data"
unset ENV NO_COLOR LINES COLUMNS TMUX
# Written just now, and yet a recording, whose end is the present: nobody writes to it any more.
cp "$top/data/demo.log" "$t/demo.log" || exit 99
n=0
bad=0
ok() { # NAME STATUS
	n=$((n + 1))
	if [ "$2" = 0 ]; then
		echo "ok $n - $1"
	else
		tm capture-pane -p | sed 's/^/# /'
		echo "not ok $n - $1"
		bad=1
	fi
}
# wait_for COMMAND...: up to 10 s
wait_for() {
	i=0
	until "$@" >/dev/null 2>&1; do
		i=$((i + 1))
		[ $i -lt 200 ] || return 1
		sleep 0.05
	done
}
shows() {
	tm capture-pane -p | grep -qE -- "$1"
}
hides() {
	! shows "$1"
}
keys() {
	tm send-keys "$@"
}
check() { # NAME PATTERN
	wait_for shows "$2"
	ok "$1" $?
}

for size in 80x24 160x48; do
	tm new-session -d -x ${size%x*} -y ${size#*x} sh
	tm set-option -g status off
	tm resize-window -x ${size%x*} -y ${size#*x}
	wait_for shows '^[$#]'
	keys "stty -a >'$t/before'; clear; '$ft' '$t/demo.log'" Enter
	check "$size: rows appear" '>.? ?[A-Z]{3} .* [0-9]+ .*[0-9]+[smhd]$'
	if [ $bad = 1 ] && [ $n -le 2 ]; then
		echo "Bail out! the dashboard does not start"
		exit 1
	fi
	check "$size: the recording is read to its end" 'REPLAY .* ev'
	keys u
	check "$size: u opens the user's page" 'View the detection results for - '
	keys Escape
	wait_for hides 'View the detection results for - ' # the page has a tab of that name, too
	check "$size: Esc goes back" '\[1 Shells\]'
	keys Down Enter
	check "$size: Enter opens the events behind the row" '\[9 Events\]'
	keys Enter
	check "$size: and the event" 'FIELD +VALUE'
	keys J
	check "$size: and its bytes" '^ ?\{"|^ ?[0-9:.]+'
	keys BSpace BSpace 4
	check "$size: Rules" '\[4 Rules\]'
	keys R
	check "$size: R lists users by risk" 'RISK 24H.*7 D'
	check "$size: and says what comes next" 'one more row of Kubernetes Falco Shell Spawned: '
	keys Enter
	check "$size: Enter opens the ledger" '> ledger of .*sort TIME desc'
	keys Enter 2
	check "$size: the user's risk of 7 days" 'View risk events for the last 7 days for - '
	check "$size: with times that have a zone" 'firstTime +[0-9-]+T[0-9:]+Z'
	keys Escape Escape Escape
	wait_for shows '\[4 Rules\]'
	keys d
	check "$size: d lists detections" 'Kubernetes Falco Shell Spawned +runs '
	keys E
	tm send-keys -l 'user.name != root'
	check "$size: E shows what a filter macro hides" 'hides [1-9][0-9,]* of [0-9,]+ events'
	keys Escape Escape
	wait_for shows '\[4 Rules\]'
	keys m
	check "$size: m shows what a mute hides" 'hides [1-9][0-9,]* of [0-9,]+ events'
	keys t e s t Enter
	check "$size: Enter mutes" '1 mute hides [1-9][0-9,]* ev'
	keys M
	check "$size: M lists the mutes" 'on +[1-9][0-9,]* '
	keys x
	check "$size: x removes one" 'Nothing is muted'
	keys Escape
	wait_for shows '\[4 Rules\]'
	keys '?'
	check "$size: help" 'help: / finds'
	keys Escape '\'
	check "$size: the filter prompt" 'filter: '
	tm send-keys -l 'priority >= warning'
	check "$size: says what the filter keeps" 'keeps [0-9,]+ of [0-9,]+ events'
	keys Enter
	check "$size: the filter is on the screen" 'filter: priority >= warning'
	tm resize-window -x 20 -y 5
	check "$size: 20x5" 'F1Help'
	tm resize-window -x 10 -y 2
	check "$size: too small is said" 'falcotop'
	tm resize-window -x ${size%x*} -y ${size#*x}
	check "$size: and back" 'filter: priority >= warning'
	keys C-z
	check "$size: C-z gives the shell back" 'Stopped|Suspended|suspended'
	keys fg Enter
	check "$size: fg brings the dashboard back" '\[4 Rules\]'
	keys Q
	wait_for hides '4 Rules'
	keys "echo left \$?; stty -a >'$t/after'" Enter
	check "$size: Q quits with 0" 'left 0'
	wait_for test -s "$t/after"
	cmp -s "$t/before" "$t/after"
	ok "$size: the terminal is as it was" $?
	tm kill-server
	sock=$t/tmux-$size
	rm -f "$t/before" "$t/after"
done

# Events through a pipe: keys from the terminal. A signal: 128 + n.
tm new-session -d -x 80 -y 24 sh
wait_for shows '^[$#]'
keys "cat '$t/demo.log' | '$ft' -; echo left \$?" Enter
check "a pipe: rows appear" '>.? ?[A-Z]{3} '
keys 2
check "a pipe: keys work" '\[2 Users\]'
keys q
check "a pipe: q quits" 'left 0'
keys clear Enter
keys "'$ft' '$t/demo.log' & p=\$!; sleep 0; fg >/dev/null; echo left \$?" Enter
wait_for shows '\[1 Shells\]'
pid=$(pgrep -f -- "^$ft $t/demo.log\$" | head -n 1)
kill -TERM "$pid"
check "SIGTERM: 143" 'left 143'
keys clear Enter
wait_for hides 'left'
keys "TERM=nonsense '$ft' '$t/demo.log'; echo left \$?" Enter
check "an unknown terminal is said" 'falcotop: .*TERM=nonsense'
check "and is status 2" 'left 2'
echo "1..$n"
exit $bad
