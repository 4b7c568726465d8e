/*
 * How long the questions of the dashboard take on 3,000,000 retained events (46 segments):
 * re-grouping by any two fields, filters of two terms, sorting, the search of the output text. One
 * core; printed, not asserted.
 */
#include "query/group.h"

#include <stdio.h>
#include <time.h>

#include "../unit/query/synth.h"
#include "base/clock.h"
#include "query/filter.h"

#define SEGMENTS 46
#define ROUNDS	 3

static const struct shape {
	unsigned field;
	unsigned values;
	const char *prefix;
} shapes[] = {
	{ FIELD_USER, 20, "user" },
	{ FIELD_RULE, 60, "Rule number " },
	{ FIELD_CONTAINER_ID, 300, "c0ffee" },
	{ FIELD_PROCESS, 200, "proc" },
	{ FIELD_POD, 3000, "pod-" },
	{ FIELD_CMDLINE, 50000, "sh -c run --number=" },
	{ FIELD_FD_NAME, 200000, "10.0.0.1:443->" },
	{ FIELD_SOURCE, 1, "syscall" },
};
#define SHAPES (sizeof(shapes) / sizeof(shapes[0]))

static struct synth segment[SEGMENTS];

static void
make(struct symtab *symbols)
{
	uint64_t seed = 1;
	sym_t *values = xcalloc(ROWS_MAX, sizeof(*values));

	for (int g = 0; g < SEGMENTS; g++) {
		struct synth *s = &segment[g];

		synth_init(s, symbols, ROWS_MAX);
		for (uint32_t i = 0; i < ROWS_MAX; i++) {
			s->time[i] = ((int64_t)g * ROWS_MAX + i) * 5000000;
			s->priority[i] = (uint8_t)(synth_random(&seed) % 8 + 1);
		}
		for (size_t f = 0; f < SHAPES; f++) {
			for (uint32_t i = 0; i < ROWS_MAX; i++) {
				char text[64];

				snprintf(text, sizeof(text), "%s%x", shapes[f].prefix,
				    (unsigned)(synth_random(&seed) % shapes[f].values) *
					2654435761u);
				values[i] = symtab_intern(symbols, text, strlen(text));
			}
			synth_column(s, shapes[f].field, values, 0);
		}
	}
	free(values);
}

/* What this thread used: other processes do not count. */
static int64_t
cpu_time(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (int64_t)t.tv_sec * NSEC_PER_SEC + t.tv_nsec;
}

static double
ms(int64_t ns)
{
	return (double)ns / 1e6;
}

static struct group_table *
regroup(const struct group_spec *spec, double *best)
{
	struct group_table *t = NULL;

	*best = 1e9;
	for (int round = 0; round < ROUNDS; round++) {
		int64_t start;
		double took;

		group_free(t);
		start = cpu_time();
		t = group_new(spec, 0);
		for (int g = 0; g < SEGMENTS; g++)
			group_add(t, &segment[g].rows, NULL, 0, ROWS_MAX);
		took = ms(cpu_time() - start);
		*best = took < *best ? took : *best;
	}
	return t;
}

static void
bench_pairs(void)
{
	for (size_t a = 0; a < SHAPES; a++) {
		for (size_t b = a + 1; b < SHAPES; b++) {
			const struct group_spec spec = { .nby = 2,
				.by = { (uint16_t)shapes[a].field, (uint16_t)shapes[b].field } };
			double best;
			struct group_table *t = regroup(&spec, &best);

			printf("group by %-14s %-14s %8u rows %8.1f ms\n",
			    field_info((enum field_id)shapes[a].field)->name,
			    field_info((enum field_id)shapes[b].field)->name, group_count(t), best);
			group_free(t);
		}
	}
}

static void
bench_views(const struct symtab *symbols)
{
	const struct group_spec users = { .nby = 1,
		.by = { FIELD_USER },
		.ndistinct = 3,
		.distinct = { FIELD_CONTAINER_ID, FIELD_RULE, FIELD_POD },
		.minutes = true };
	const struct group_spec commands = { .nby = 1,
		.by = { FIELD_CMDLINE },
		.ndistinct = 1,
		.distinct = { FIELD_USER },
		.minutes = true };
	const struct group_spec sorted = { .nby = 1, .by = { FIELD_FD_NAME } };
	uint32_t *order = xcalloc(GROUP_ROWS_MAX, sizeof(*order));
	struct group_table *t;
	int64_t start;
	double best;

	t = regroup(&users, &best);
	printf(
	    "users with 3 distinct counts and minutes  %8u rows %8.1f ms\n", group_count(t), best);
	group_free(t);
	t = regroup(&commands, &best);
	printf(
	    "commands with users and minutes           %8u rows %8.1f ms\n", group_count(t), best);
	group_free(t);
	t = regroup(&sorted, &best);
	for (int key = GROUP_SORT_COUNT; key <= GROUP_SORT_BY; key += GROUP_SORT_BY) {
		for (uint32_t i = 0; i < 65536; i++)
			order[i] = i;
		start = cpu_time();
		group_sort(t, symbols, order, 65536, (enum group_sort)key, true, 0);
		printf("sort by %-33s %8u rows %8.1f ms\n",
		    key == GROUP_SORT_COUNT ? "count" : "text", 65536, ms(cpu_time() - start));
	}
	group_free(t);
	free(order);
}

static void
bench_filter(const char *text)
{
	static uint64_t out[ROWS_MAX / 64];
	struct schema *schema = schema_new();
	struct filter_error err;
	struct filter *f = filter_parse(text, &err);
	uint64_t passed = 0;
	double best = 1e9;

	if (f == NULL || !filter_bind(f, schema, &err))
		fatal("%s: %s", text, err.message);
	for (int round = 0; round < ROUNDS; round++) {
		int64_t start = cpu_time();
		double took;

		filter_forget(f);
		passed = 0;
		for (int g = 0; g < SEGMENTS; g++) {
			filter_eval(f, &segment[g].rows, out);
			for (size_t w = 0; w < ROWS_MAX / 64; w++)
				passed += (unsigned)__builtin_popcountll(out[w]);
		}
		took = ms(cpu_time() - start);
		best = took < best ? took : best;
	}
	printf("filter %-50s %9llu pass %6.1f ms\n", text, (unsigned long long)passed, best);
	filter_unbind(f, schema);
	filter_free(f);
	schema_free(schema);
}

static void
bench_find(void)
{
	static const char needle[] = "a shell was spawned in a container";
	static char hay[500];
	const int n = 1000000;
	size_t found = 0;
	int64_t start;

	for (size_t i = 0; i < sizeof(hay); i++)
		hay[i] =
		    "08:00:00.161934674: Notice A process was started (user=root container=api) "
			[i % 75];
	start = cpu_time();
	for (int i = 0; i < n; i++) {
		hay[i % 16] = (char)('a' + i % 26);
		found += find_icase(hay, sizeof(hay), needle, sizeof(needle) - 1) != NULL;
	}
	printf(
	    "search of 500 bytes, %zu found %38.1f ns\n", found, (double)(cpu_time() - start) / n);
}

int
main(void)
{
	struct symtab *symbols = symtab_new(1u << 22, (size_t)1 << 30);

	make(symbols);
	bench_pairs();
	bench_views(symbols);
	bench_filter("user.name = user0 and priority >= warning");
	bench_filter("proc.name startswith proc1 and k8s.pod.name contains a");
	bench_filter("not proc.cmdline endswith 7 and fd.name contains ff");
	bench_filter("time >= 1970-01-01T01:00:00Z and rule in ('Rule number 0')");
	bench_find();
	for (int g = 0; g < SEGMENTS; g++)
		synth_release(&segment[g]);
	symtab_free(symbols);
	return 0;
}
