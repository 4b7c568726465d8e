# Text reaches the screen through one file, which sanitises it: no other calls ncurses' output functions or includes its header.
top=$(cd "${srcdir:-.}" && pwd)
bad=0
out=$(grep -nE '\b(mv)?w?(add|ins)_?n?w?(str|ch|chstr|chnstr|nstr|wstr|_wch)\(|\b(mv|vw)?w?_?printw\(' -r "$top/src" --include='*.c' |
	grep -v '/src/tui/draw\.c:')
if [ -n "$out" ]; then
	echo "# drawn outside src/tui/draw.c:"
	echo "$out" | sed 's/^/#   /'
	bad=1
fi
out=$(grep -lE '#include <(n?curses|term|ncursesw/.*)\.h>' -r "$top/src" | grep -vE '/src/tui/(draw|screen|theme)\.c$')
if [ -n "$out" ]; then
	echo "# curses outside the terminal's files:"
	echo "$out" | sed 's/^/#   /'
	bad=1
fi
# The check itself sees what it looks for.
grep -qE '\bmvwaddnstr\(' "$top/src/tui/draw.c" || { echo "# draw.c no longer draws?"; bad=1; }
exit $bad
