# The layers point one way, each library has one home, and characters reach the screen through one file.
src=${srcdir:-.}/src
order="base event decode query model detect store pipeline source report tui view app"
n=0
bad=0

report() { # NAME FINDINGS
	n=$((n + 1))
	if [ -z "$2" ]; then
		echo "ok $n - $1"
	else
		echo "$2" | sed 's/^/# /'
		echo "not ok $n - $1"
		bad=1
	fi
}

# includes PATTERN: "file:line:#include ..." of the sources
includes() {
	grep -nHE "^[[:space:]]*#[[:space:]]*include[[:space:]]*$1" "$src"/*/*.[ch] | sed "s,^$src/,,"
}

# Lines of `includes` that are not in one of the given places.
elsewhere() { # PATTERN PLACES
	includes "$1" | grep -vE "^($2)"
}

below=
for layer in $order; do
	below="$below|$layer"
	allowed=$(echo "$below" | cut -c2-)
	report "$layer includes only what stands below it" \
	    "$(includes '"[a-z]+/' | grep "^$layer/" | grep -vE "include[[:space:]]*\"($allowed)/")"
done
report "every directory is a layer" "$(ls "$src"/*/*.[ch] | sed -E 's,/[^/]*$,,' | sort -u | while read -r d; do
	case " $order " in *" $(basename "$d") "*) ;; *) echo "$d" ;; esac
done)"
report "jsmn.h in decode/json.c alone" "$(elsewhere '[<"]jsmn' 'decode/json\.c:')"
report "ncurses in tui/ and view/" "$(elsewhere '[<"](ncursesw/)?(ncurses|curses|term)\.h' '(tui|view)/')"
report "libevent in source/ and app/" "$(elsewhere '[<"]event2/' '(source|app)/')"
report "SQLite in store/" "$(elsewhere '[<"]sqlite3' 'store/')"
report "PCRE2 in query/" "$(elsewhere '[<"]pcre2' 'query/')"
calls='(^|[^A-Za-z_])(mv)?w?(addn?w?str|add_?wn?str|addch|add_wch|add_wchn?str|addchn?str|printw|vw_?printw|insn?str|ins_w?n?str|insch|echochar|echo_wchar|hline_set|vline_set)[[:space:]]*\('
report "characters go to the screen in tui/draw.c alone" \
    "$(grep -nHE "$calls" "$src"/*/*.[ch] | sed "s,^$src/,," | grep -vE '^tui/draw\.[ch]:' | grep -vE '^[^:]*:[0-9]*:[[:space:]]*(/?\*|//)')"
echo "1..$n"
exit $bad
