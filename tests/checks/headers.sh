# Every header compiles by itself; every .c includes a header of its own layer first (its own, or the private one that includes
# it) and banned.h last. NAME_core.h is no header but a body compiled several ways.
src=${srcdir:-.}/src
cc=${CC:-cc}
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
flags="-std=gnu11 -D_GNU_SOURCE -fsyntax-only -I$src"
lone=$(for h in "$src"/*/*.h; do
	case $h in *_core.h) continue ;; esac
	echo "#include \"${h#"$src"/}\"" | $cc $flags -x c - 2>&1 | grep -m 1 error
done)
result "headers stand alone" "$lone"

own=$(for c in "$src"/*/*.c; do
	h=${c%.c}.h
	[ -f "$h" ] || continue
	layer=$(basename "$(dirname "$c")")
	case $(grep -m 1 '^#include' "$c") in
	"#include \"$layer/"*) ;;
	*) echo "$c: $(grep -m 1 '^#include' "$c")" ;;
	esac
done)
result "own header first" "$own"

banned=$(for c in "$src"/*/*.c; do
	! grep -q '_core\.h"' "$c" || continue
	last=$(grep '^#include' "$c" | grep -v '\.def"' | tail -n 1)
	[ "$last" = '#include "base/banned.h"' ] || echo "$c: $last"
done)
result "banned.h last" "$banned"
echo "1..$n"
exit $bad
