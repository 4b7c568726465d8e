/*
 * How long the dashboard's re-grouping takes: a recording is put into the index, as often as it
 * takes to retain EVENTS, then grouped by every pair of the catalogue fields that it has, through
 * live_open() and live_work() to the end. CPU time of one core; printed, not asserted.
 *
 * bench/regroup EVENTS FILE [FIELD,FIELD...]: all the fields present, or these.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "decode/decode.h"
#include "model/live.h"

#define BLOCK_EVENTS 190 /* of 1.37 kB: a batch of 256 KiB */
#define WORST	     5
#define ROUNDS	     3 /* of the worst */
#define FORGET	     20
#define MEMORY	     ((size_t)6 << 30)
#define PAIRS_MAX    (FIELD_COLUMNS * FIELD_COLUMNS)

struct bench {
	struct model *model;
	struct block block;
	struct symtab *symbols;
	sym_t known;
	uint64_t events, max, present;
	int64_t first, last, shift; /* event time; every pass comes after the one before */
};

struct pair {
	const char *a, *b;
	uint32_t rows;
	size_t memory;
	double ms;
};

static int64_t
cpu_time(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (int64_t)t.tv_sec * NSEC_PER_SEC + t.tv_nsec;
}

static void
apply(struct bench *b)
{
	b->block.symbols = b->symbols;
	b->block.new_from = b->known;
	b->block.new_to = b->known = symtab_count(b->symbols);
	model_apply(b->model, &b->block);
	block_clear(&b->block);
}

static void
add(struct bench *b, struct falco_event *ev, uint64_t offset, uint32_t line)
{
	ev->time = ev->time == TIME_NONE ? b->last : ev->time + b->shift;
	b->first = b->first == TIME_NONE ? ev->time : b->first;
	b->last = ev->time > b->last ? ev->time : b->last;
	b->present |= ev->present;
	block_add(&b->block, b->symbols, ev, 0, offset, (uint32_t)ev->raw.len, line);
	b->events++;
	if (b->block.n == BLOCK_EVENTS)
		apply(b);
}

static void
pass(struct bench *b, struct decoder *d, const char *map, size_t size)
{
	static struct falco_event ev;
	const char *p = map, *end = map + size;
	enum reject_reason reason;
	uint32_t line = 0;

	while (p < end && b->events < b->max) {
		const char *nl = memchr(p, '\n', (size_t)(end - p));
		size_t len = (size_t)((nl != NULL ? nl : end) - p);
		enum verdict v;

		decode_line(d, p, len, false);
		line++;
		while ((v = decode_next(d, &ev, &reason)) != VERDICT_END)
			if (v == VERDICT_EVENT)
				add(b, &ev, (uint64_t)(ev.raw.p - map), line);
		p += len + 1;
	}
	b->shift = b->last - b->first;
}

static void
fill(struct bench *b, const char *path)
{
	struct decoder *d = decoder_new();
	uint64_t before = UINT64_MAX;
	const char *map;
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || fstat(fd, &st) != 0 || st.st_size == 0) {
		perror(path);
		exit(2);
	}
	map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (map == MAP_FAILED) {
		perror(path);
		exit(2);
	}
	while (b->events < b->max && b->events != before) {
		before = b->events;
		pass(b, d, map, (size_t)st.st_size);
	}
	apply(b);
	decoder_free(d);
	munmap((void *)(uintptr_t)map, (size_t)st.st_size);
	close(fd);
}

static void
regroup(struct bench *b, struct pair *p)
{
	struct filter_error err;
	struct query q;
	struct live *l;
	char by[256];
	int64_t began;

	snprintf(by, sizeof(by), "%s%s%s", p->a, p->b[0] != '\0' ? "," : "", p->b);
	query_init(&q);
	q.kind = QUERY_GROUPS;
	if (!query_set_by(&q, by, &err)) {
		printf("%s: %s\n", by, err.message);
		exit(2);
	}
	began = cpu_time();
	l = live_open(b->model, &q, &err);
	while (l != NULL && live_work(b->model, 10000000))
		;
	p->ms = (double)(cpu_time() - began) / 1e6;
	if (l == NULL) {
		printf("%s: %s\n", by, err.message);
		exit(2);
	}
	p->rows = group_count(live_groups(l));
	p->memory = group_memory(live_groups(l));
	live_close(b->model, l);
	query_release(&q);
}

static int
slower(const void *a, const void *b)
{
	const struct pair *x = a, *y = b;

	return (x->ms < y->ms) - (x->ms > y->ms);
}

static unsigned
fields_present(const struct bench *b, const char **name)
{
	unsigned n = 0;

	for (unsigned f = 0; f < FIELD_COLUMNS; f++)
		if (b->present >> f & 1)
			name[n++] = field_info((enum field_id)f)->name;
	name[n++] = field_info(FIELD_PRIORITY)->name;
	return n;
}

static unsigned
fields_given(char *list, const char **name)
{
	unsigned n = 0;

	for (char *p = strtok(list, ","); p != NULL && n < FIELD_COLUMNS; p = strtok(NULL, ","))
		name[n++] = p;
	return n;
}

/* Answers are remembered until enough other questions were asked. */
static void
forget_all(struct bench *b)
{
	for (unsigned f = 0; f < FORGET; f++)
		regroup(b, &(struct pair){ .a = field_info((enum field_id)f)->name, .b = "" });
}

static void
report(struct bench *b, struct pair *pair, unsigned n)
{
	unsigned over = 0;

	qsort(pair, n, sizeof(*pair), slower);
	for (unsigned i = 0; i < n; i++)
		over += pair[i].ms >= 100;
	printf("  %u pairs: min %.1f ms, median %.1f ms, max %.1f ms; %u of 100 ms and more\n", n,
	    pair[n - 1].ms, pair[n / 2].ms, pair[0].ms, over);
	for (unsigned i = 0; i < n && i < WORST; i++) {
		printf("  %-18s %-18s %8u groups %4zu MiB %7.1f ms, again", pair[i].a, pair[i].b,
		    pair[i].rows, pair[i].memory >> 20, pair[i].ms);
		for (int round = 0; round < ROUNDS; round++) {
			struct pair same = pair[i];

			forget_all(b);
			regroup(b, &same);
			printf(" %.1f", same.ms);
		}
		printf("\n");
	}
}

int
main(int argc, char **argv)
{
	struct model_options o = { .memory = MEMORY };
	struct bench b = { .model = model_new(&o), .first = TIME_NONE, .last = INT64_MIN };
	struct block_cache *cache = block_cache_new();
	static const char *name[FIELD_COLUMNS + 1];
	static struct pair pair[PAIRS_MAX];
	struct model_stats st;
	unsigned nfields, n = 0;

	if (argc < 3) {
		printf("no recording given: nothing to do\n");
		return 0;
	}
	b.max = strtoull(argv[1], NULL, 10);
	block_init(&b.block);
	b.block.cache = cache;
	b.symbols = symtab_new(1u << 24, (size_t)2 << 30);
	b.known = SYM_FIRST;
	fill(&b, argv[2]);
	model_stats(b.model, &st);
	printf("regroup: %llu events over %lld s, %.1f bytes/event, %llu symbols\n",
	    (unsigned long long)st.retained, (long long)((b.last - b.first) / NSEC_PER_SEC),
	    (double)st.memory / (double)st.retained, (unsigned long long)st.symbols);
	nfields = argc > 3 ? fields_given(argv[3], name) : fields_present(&b, name);
	for (unsigned i = 0; i < nfields; i++)
		for (unsigned k = i + 1; k < nfields; k++) {
			pair[n] = (struct pair){ .a = name[i], .b = name[k] };
			regroup(&b, &pair[n++]);
		}
	if (n > 0)
		report(&b, pair, n);
	block_release(&b.block);
	block_cache_free(cache);
	model_free(b.model);
	symtab_free(b.symbols);
	return 0;
}
