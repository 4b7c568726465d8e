# Whole-program timings, printed and not asserted. EVENTS: how many (default 300,000).
# usage: FALCOTOP=./falcotop GEN=data/gen_demo bench.sh
ft=${FALCOTOP:?}
gen=${GEN:?}
t=$(mktemp -d) || exit 1
trap 'rm -rf "$t"' EXIT
events=${EVENTS:-300000}
"$gen" "$events" >"$t/log"
bytes=$(wc -c <"$t/log")
echo "recording: $events events, $((bytes / 1000000)) MB, JSON and text mixed"
cat "$t/log" >/dev/null # in the page cache

now() {
	date +%s%N
}
bench() { # NAME ARG...
	name=$1
	shift
	best=
	for run in 1 2 3; do
		start=$(now)
		"$ft" report "$@" "$t/log" >/dev/null 2>&1
		took=$((($(now) - start) / 1000))
		[ -n "$best" ] && [ "$best" -le $took ] || best=$took
	done
	awk -v name="$name" -v us="$best" -v bytes="$bytes" -v events="$events" 'BEGIN {
		printf "%-34s %8.3f s  %6.3f GB/s  %6.0f ns an event\n", name, us / 1e6, bytes / us / 1e3, us * 1e3 / events }'
}
bench "shells, all threads" --view shells --format csv
bench "shells, 1 thread" --view shells --format csv --threads 1
bench "shells, inline" --view shells --format csv --threads 0
bench "by user, container" --by user,container.id --format csv
bench "by a field outside the catalogue" --by evt.time -n 10 --format csv
bench "events of one user" --view events -f 'user.name=alice' --format csv
bench "regex over the output" --by rule -f 'output regex "kubectl|curl.*https"' --format csv
