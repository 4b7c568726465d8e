# Man page, --help and the tables of the program say the same.
top=${srcdir:-.}
man=$top/doc/falcotop.1
n=0
bad=0
result() { # NAME FINDINGS
	n=$((n + 1))
	if [ -z "$2" ]; then
		echo "ok $n - $1"
	else
		echo "$2" | sed 's/^/# /'
		echo "not ok $n - $1"
		bad=1
	fi
}
if command -v mandoc >/dev/null 2>&1; then
	result "man page lint" "$(mandoc -T lint -W warning "$man" "$top/doc/falcotop.conf.5" 2>&1)"
else
	n=$((n + 1))
	echo "ok $n - man page lint # SKIP no mandoc"
fi

options=$(sed -nE "s/^OPTION(_LINE)?\([A-Z_]+, [^,]+, \"([a-z-]+)\".*/\2/p" "$top/src/app/options.def")
help=$("$FALCOTOP" --help)
result "every option in --help" "$(for o in $options; do
	echo "$help" | grep -qE -- "--$o( |$)" || echo "--$o"
done)"
result "every option in the man page" "$(for o in $options; do
	grep -qE "^\.It .*Fl -$o( |$)" "$man" || echo "--$o"
done)"
result "no option in the man page that is not there" "$(sed -nE 's/^\.It .*Fl -([a-z-]+).*/\1/p' "$man" | while read -r o; do
	echo "$options" | grep -qx -- "$o" || echo "--$o"
done)"
result "every option in the completion" "$(for o in $options; do
	grep -qE -- "--$o[ =\"]" "$top/data/falcotop.bash" || echo "--$o"
done)"
keys=$("$FALCOTOP" --config none --print-config | sed -nE 's/^#?([a-z-]+) = .*/\1/p')
result "every key in the sample of the config file" "$(for k in $keys cap medium high critical tactics sources; do
	grep -qE "^#$k =" "$top/data/falcotop.conf.sample" || echo "$k"
done)"
sed 's/^#\([a-z-]* =\|score \|factor \)/\1/; /^view\|^history\|^token\|^tls/d' "$top/data/falcotop.conf.sample" >sample.$$
chmod 600 sample.$$
result "the sample is right in every line" "$("$FALCOTOP" --config ./sample.$$ --check-config 2>&1 | grep -v 'nothing wrong')"
rm -f sample.$$
result "every view in the man page" "$(echo "$help" | sed -n '/^views:/,/^$/p' | awk '/^  / { print $1 }' | while read -r v; do
	grep -qE "^\.It Cm $v$" "$man" || echo "$v"
done)"
result "every kind of source in the man page" "$(echo "$help" | sed -n '/^SOURCE/,/^$/p' | awk '/^  [a-z]+:/ { sub(/:.*/, ":", $1); print $1 }' | while read -r s; do
	grep -qF "$s" "$man" || echo "$s"
done)"
# "name" "keys" of src/view/actions.def: each key of the table is named in the man page
result "every key in the man page" "$(sed -nE 's/^ACTION\([A-Z_]+, "[a-z-]+", "(([^"\\]|\\.)*)".*/\1/p' "$top/src/view/actions.def" | tr ' ' '\n' | sed 's/\\\\/\\e/' | sort -u | while read -r k; do
	grep -qF -- "Ic $k" "$man" || grep -qF -- "Ic \\&$k" "$man" || echo "$k"
done)"
result "README names no option that is not there" "$(grep -oE -- '--[a-z][a-z-]+' "$top/README.md" | sort -u | while read -r o; do
	case $o in --prefix | --max-log-requests | --enable-* | --disable-* | --timestamps | --reuse-values | --set | --audit-webhook-config-file) continue ;; esac
	echo "$options" | grep -qx -- "${o#--}" || echo "$o"
done)"
echo "1..$n"
exit $bad
