/*
 * What the ordered stage costs: blocks of events applied to the index, bytes an event, and
 * questions asked of it afterwards. bench/model [EVENTS [FILE]]: synthetic events (1,000,000), or
 * those of a recording.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "decode/decode.h"
#include "model/live.h"

#define BLOCK_EVENTS 190 /* of 1.37 kB: a batch of 256 KiB */

struct bench {
	struct model *model;
	struct block block;
	struct symtab *symbols;
	sym_t known;
	uint64_t events;
	int64_t adding, applying, decoding;
};

static void
apply(struct bench *b)
{
	int64_t t = clock_mono();

	b->block.symbols = b->symbols;
	b->block.new_from = b->known;
	b->block.new_to = b->known = symtab_count(b->symbols);
	model_apply(b->model, &b->block);
	b->applying += clock_mono() - t;
	block_clear(&b->block);
}

static void
set(struct falco_event *ev, enum field_id id, const char *text)
{
	ev->field[id] = (struct value){ slice_of(text), VALUE_STRING };
	ev->present |= (uint64_t)1 << id;
}

/* 23 fields: most repeat, a command line is new every other time. */
static void
synthetic(struct falco_event *ev, uint64_t i, char text[24][64])
{
	static const unsigned kinds[23] = { 40, 1, 3, 40, 60, 60, 20, 12, 6, 200, 8, 8, 4, 40, 50,
		30, 20, 3, 15, 1u << 30, 300, 2, 9 };
	uint64_t x = i * 0x9e3779b97f4a7c15u;

	ev->present = 0;
	for (unsigned f = 0; f < 23; f++) {
		unsigned kind = kinds[f];
		uint64_t v = kind > 1000 ? i / 2 : (x >> (f * 2)) % kind;

		snprintf(
		    text[f], sizeof(text[f]), "value-%u-of-field-%llu", f, (unsigned long long)v);
		set(ev, (enum field_id)f, text[f]);
	}
	ev->time = (int64_t)(1768464000000000000u + i * 3000000);
	ev->priority = (enum priority)(1 + x % 7);
}

static void
fill_synthetic(struct bench *b, uint64_t n)
{
	static char text[24][64];
	static struct falco_event ev;

	for (uint64_t i = 0; i < n; i += BLOCK_EVENTS) {
		for (uint64_t k = i; k < i + BLOCK_EVENTS && k < n; k++) {
			int64_t t;

			synthetic(&ev, k, text);
			t = clock_mono();
			block_add(&b->block, b->symbols, &ev, 0, k * 1300, 1299, (uint32_t)k + 1);
			b->adding += clock_mono() - t;
			b->events++;
		}
		apply(b);
	}
}

static void
fill_file(struct bench *b, uint64_t max, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct decoder *d = decoder_new();
	static struct falco_event ev;
	enum reject_reason reason;
	const char *map, *p, *end;
	uint32_t line = 0;
	struct stat st;

	if (fd < 0 || fstat(fd, &st) != 0 || st.st_size == 0) {
		perror(path);
		exit(2);
	}
	map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0);
	if (map == MAP_FAILED) {
		perror(path);
		exit(2);
	}
	end = map + st.st_size;
	for (p = map; p < end && b->events < max; line++) {
		const char *nl = memchr(p, '\n', (size_t)(end - p));
		size_t len = (size_t)((nl != NULL ? nl : end) - p);
		enum verdict v;
		int64_t t;

		decode_line(d, p, len, false);
		while ((v = decode_next(d, &ev, &reason)) != VERDICT_END) {
			if (v != VERDICT_EVENT)
				continue;
			t = clock_mono();
			block_add(&b->block, b->symbols, &ev, 0, (uint64_t)(ev.raw.p - map),
			    (uint32_t)ev.raw.len, line + 1);
			b->adding += clock_mono() - t;
			b->events++;
		}
		if (b->block.n >= BLOCK_EVENTS)
			apply(b);
		p += len + 1;
	}
	apply(b);
	decoder_free(d);
	munmap((void *)(uintptr_t)map, (size_t)st.st_size);
	close(fd);
}

static void
ask(struct bench *b, const char *what, const char *by, const char *filter, enum query_kind kind)
{
	struct filter_error err;
	struct query q;
	struct live *l;
	int64_t t = clock_mono(), longest = 0, at;

	query_init(&q);
	q.kind = kind;
	query_set_by(&q, by, &err);
	if (filter != NULL)
		query_and(&q, filter);
	l = live_open(b->model, &q, &err);
	if (l == NULL) {
		printf("%s: %s\n", what, err.message);
		exit(2);
	}
	do {
		at = clock_mono();
		if (at - t > longest)
			longest = at - t;
	} while (live_work(b->model, 2000000));
	at = clock_mono() - t;
	printf("  %-44s %7.2f ms %6.1f ns/event, %llu rows\n", what, (double)at / 1e6,
	    (double)at / (double)b->events,
	    kind == QUERY_GROUPS ? (unsigned long long)group_count(live_groups(l))
				 : (unsigned long long)live_matched(l));
	live_close(b->model, l);
	query_release(&q);
}

int
main(int argc, char **argv)
{
	uint64_t n = argc > 1 ? strtoull(argv[1], NULL, 10) : 1000000;
	struct model_options o = { .memory = (size_t)4 << 30 };
	struct bench b = { .model = model_new(&o) };
	struct block_cache *cache = block_cache_new();
	struct model_stats st;
	double per;

	block_init(&b.block);
	b.block.cache = cache;
	b.symbols = symtab_new(1u << 24, (size_t)2 << 30);
	b.known = SYM_FIRST;
	if (argc > 2)
		fill_file(&b, n, argv[2]);
	else
		fill_synthetic(&b, n);
	model_stats(b.model, &st);
	per = (double)b.events;
	printf("model: %llu events\n", (unsigned long long)b.events);
	printf("  block_add %.0f ns/event (with the clock), model_apply %.0f ns/event\n",
	    (double)b.adding / per, (double)b.applying / per);
	printf("  %.1f bytes/event, of them symbols %.1f (%llu)\n", (double)st.memory / per,
	    (double)symtab_memory(model_symbols(b.model)) / per, (unsigned long long)st.symbols);
	ask(&b, "group by user.name, proc.name", "user.name,proc.name", NULL, QUERY_GROUPS);
	ask(&b, "group by rule, container.name", "rule,container.name", NULL, QUERY_GROUPS);
	ask(&b, "group by proc.cmdline, fd.name", "proc.cmdline,fd.name", NULL, QUERY_GROUPS);
	ask(&b, "proc.name contains 'sh', by user.name", "user.name", "proc.name contains sh",
	    QUERY_GROUPS);
	ask(&b, "events, priority >= error", "rule", "priority >= error", QUERY_EVENTS);
	ask(&b, "histogram", "rule", NULL, QUERY_HISTOGRAM);
	block_release(&b.block);
	block_cache_free(cache);
	model_free(b.model);
	symtab_free(b.symbols);
	return 0;
}
