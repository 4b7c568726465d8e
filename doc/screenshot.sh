#!/bin/sh
# A screenshot of the real program as SVG on standard output: falcotop in tmux on the bundled recording, the screen captured with its colours.
# usage: doc/screenshot.sh FALCOTOP [COLUMNSxROWS [KEY]...]
# doc/screenshot.svg is made by: TZ=UTC0 doc/screenshot.sh build/falcotop 120x36
set -eu
ft=$1
size=${2:-120x36}
[ $# -lt 2 ] && shift || shift 2
demo=$(cd "$(dirname "$0")/.." && pwd)/data/demo.log
tmux="tmux -L falcotop-screenshot-$$ -f /dev/null"
trap '$tmux kill-server 2>/dev/null || :' EXIT
# an old file is a recording, not a log that is being written
copy=$(mktemp -d)
trap '$tmux kill-server 2>/dev/null || :; rm -rf "$copy"' EXIT
cp "$demo" "$copy/demo.log"
touch -d 2026-11-23T08:00:00Z "$copy/demo.log"
$tmux new-session -d -x "${size%x*}" -y "${size#*x}" \
    "cd '$copy' && env TERM=screen-256color LC_ALL=C.UTF-8 HOME='$copy' XDG_CONFIG_HOME= XDG_DATA_HOME= XDG_STATE_HOME= \
    FALCOTOP_DATADIR='$(dirname "$demo")' '$(realpath "$ft")' --history none demo.log"
shown() {
	i=0
	until $tmux capture-pane -p | grep -q "$1"; do
		i=$((i + 1))
		[ $i -lt 100 ] || { echo "the screen did not come up" >&2; exit 1; }
		sleep 0.1
	done
}
shown 'COUNT'
shown '4,904'
# risk is counted beside the events: until nothing changes any more
last=
until [ "$last" = "$($tmux capture-pane -p)" ]; do
	last=$($tmux capture-pane -p)
	sleep 1.5
done
for key; do
	before=$($tmux capture-pane -p)
	$tmux send-keys "$key"
	i=0
	until [ "$($tmux capture-pane -p)" != "$before" ] || [ $i -gt 20 ]; do
		i=$((i + 1))
		sleep 0.1
	done
done
sleep 0.5
$tmux capture-pane -e -N -p | LC_ALL=C awk -v columns="${size%x*}" -v rows="${size#*x}" '
function colour(n, r, g, b) {
	if (n < 16)
		return base[n]
	if (n >= 232) {
		r = 8 + (n - 232) * 10
		return sprintf("#%02x%02x%02x", r, r, r)
	}
	n -= 16
	r = int(n / 36); g = int(n / 6) % 6; b = n % 6
	return sprintf("#%02x%02x%02x", r ? 55 + 40 * r : 0, g ? 55 + 40 * g : 0, b ? 55 + 40 * b : 0)
}
function reset() { fg = ""; bg = ""; bold = dim = reverse = underline = 0 }
function sgr(codes, c, n, i) {
	n = split(codes, c, ";")
	if (n == 0) reset()
	for (i = 1; i <= n; i++) {
		if (c[i] == "" || c[i] == 0) reset()
		else if (c[i] == 1) bold = 1
		else if (c[i] == 2) dim = 1
		else if (c[i] == 4) underline = 1
		else if (c[i] == 7) reverse = 1
		else if (c[i] == 22) bold = dim = 0
		else if (c[i] == 24) underline = 0
		else if (c[i] == 27) reverse = 0
		else if (c[i] >= 30 && c[i] <= 37) fg = colour(c[i] - 30)
		else if (c[i] == 38 && c[i + 1] == 5) { fg = colour(c[i + 2]); i += 2 }
		else if (c[i] == 39) fg = ""
		else if (c[i] >= 40 && c[i] <= 47) bg = colour(c[i] - 40)
		else if (c[i] == 48 && c[i + 1] == 5) { bg = colour(c[i + 2]); i += 2 }
		else if (c[i] == 49) bg = ""
		else if (c[i] >= 90 && c[i] <= 97) fg = colour(c[i] - 82)
		else if (c[i] >= 100 && c[i] <= 107) bg = colour(c[i] - 92)
	}
}
function put(s, cells, f, b, t) {
	cells = s
	gsub(/[\200-\277]/, "", cells)
	cells = length(cells)
	if (cells == 0) return
	f = fg == "" ? "#d0d0d0" : fg
	b = bg == "" ? "#101418" : bg
	if (reverse) { t = f; f = b; b = t }
	if (b != "#101418")
		printf "<rect x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"18\" fill=\"%s\"/>\n", x * 8.4, y * 18, cells * 8.4, b
	t = s
	gsub(/&/, "\\&amp;", t); gsub(/</, "\\&lt;", t); gsub(/>/, "\\&gt;", t)
	if (s !~ /^ *$/)
		printf "<text x=\"%.1f\" y=\"%d\" textLength=\"%.1f\" fill=\"%s\"%s%s>%s</text>\n", x * 8.4, y * 18 + 14, cells * 8.4, f, bold ? " font-weight=\"bold\"" : "", dim ? " opacity=\"0.7\"" : "", t
	x += cells
}
BEGIN {
	split("#101418 #d75f5f #87af5f #d7af5f #5f87d7 #af87d7 #5fafaf #d0d0d0 #707070 #ff8787 #afd787 #ffd787 #87afff #d7afff #87d7d7 #ffffff", list, " ")
	for (i = 1; i <= 16; i++) base[i - 1] = list[i]
	printf "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %.1f %d\" font-family=\"monospace\" font-size=\"14\" xml:space=\"preserve\">\n", columns * 8.4, rows * 18
	printf "<rect width=\"100%%\" height=\"100%%\" fill=\"#101418\"/>\n"
	reset()
}
{
	y = NR - 1; x = 0; line = $0
	gsub(/\033[()][A-Z0-9]/, "", line)
	gsub(/[\016\017]/, "", line)
	while (match(line, /\033\[[0-9;]*m/)) {
		put(substr(line, 1, RSTART - 1))
		sgr(substr(line, RSTART + 2, RLENGTH - 3))
		line = substr(line, RSTART + RLENGTH)
	}
	put(line)
}
END { print "</svg>" }'
