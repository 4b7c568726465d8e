# Reports of the bundled recording against saved ones, and the recording against its generator.
# `UPDATE=1 make check TESTS=tests/e2e/golden.sh` saves what the program says now: read the difference before committing it.
ft=${FALCOTOP:?}
top=${srcdir:-.}
golden=$top/tests/golden
demo=$top/data/demo.log
t=$(mktemp -d) || exit 99
trap 'rm -rf "$t"' EXIT
export TZ=UTC0 LC_ALL=C.UTF-8
n=0
bad=0

result() { # NAME WANT GOT
	n=$((n + 1))
	if cmp -s "$2" "$3"; then
		echo "ok $n - $1"
	else
		diff "$2" "$3" | head -n 10 | cut -c1-200 | sed 's/^/# /'
		echo "not ok $n - $1"
		bad=1
	fi
}
golden() { # NAME ARG...
	name=$1
	shift
	"$ft" report "$@" "$demo" >"$t/$name" 2>/dev/null
	[ -z "${UPDATE:-}" ] || cp "$t/$name" "$golden/$name"
	result "$name" "$golden/$name" "$t/$name"
}

"$top_builddir/data/gen_demo" >"$t/demo.log"
result "the recording is what its generator writes" "$demo" "$t/demo.log"

golden shells.csv --view shells --format csv
golden shells.txt --view shells
golden users.json --view users --format json
golden containers.tsv --view containers --format tsv
golden rules.md --view rules --format md
golden images.ndjson --view images --format ndjson
golden namespaces.csv --view namespaces --format csv
golden nodes.csv --view nodes --format csv
golden events-critical.csv --view events -f 'priority>=critical' --format csv
golden wiki.ndjson --view events -f 'container.name=wiki' --since 2026-11-23T05:40:00Z --format ndjson
golden missing.json --by container.id,user.name -f 'proc.pname=entrypoint' --format json
golden hostile.csv --by process,command -f 'proc.name startswith invoice or proc.cmdline contains quiet' --format csv
golden hostile-ascii.csv --by process,command -f 'proc.name startswith invoice' --ascii --format csv
golden sorted.csv --by user,rule --sort user -n 40 --format csv
golden tags.csv --by source,priority --sort -priority --format csv
echo "1..$n"
exit $bad
