# Files stay under 800 lines, functions under 80.
src=${srcdir:-.}/src
long=$(wc -l "$src"/*/*.[ch] | awk '$2 != "total" && $1 > 800 { print "# " $2 ": " $1 " lines" }')
# K&R functions start with "{" in the first column and end with "}" there; the name stands above the brace.
functions=$(awk 'FNR == 1 { open = 0 }
	/^[A-Za-z_].*\(/ && !open { name = $0 }
	/^\{/ { open = FNR }
	/^\}/ && open { if (FNR - open > 80) print "# " FILENAME ": " name " has " FNR - open " lines"; open = 0 }' "$src"/*/*.c)
echo 1..2
bad=0
if [ -z "$long" ]; then echo "ok 1 - files"; else echo "$long"; echo "not ok 1 - files"; bad=1; fi
if [ -z "$functions" ]; then echo "ok 2 - functions"; else echo "$functions"; echo "not ok 2 - functions"; bad=1; fi
exit $bad
