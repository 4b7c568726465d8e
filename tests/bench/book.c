/* Speed of the risk book: a full one, its table, a row, a ledger. */
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/hash.h"
#include "detect/book.h"

#define EVENTS BOOK_EVENTS_MAX
#define NOW    1768464000000000000
#define ROWS   1000

static void
add(struct book *b, uint64_t i, unsigned objects)
{
	char object[32], search[32], message[64], row[64];
	uint64_t x = hash_mix(i, 1);
	struct risk_event e = { .id = { x, i }, .count = 1, .score = 20 };

	snprintf(object, sizeof(object), "user-%u", (unsigned)(x % objects));
	snprintf(search, sizeof(search), "local: Rule %u", (unsigned)(x >> 20) % 90);
	snprintf(message, sizeof(message), "A shell in container %u", (unsigned)(x >> 30) % 500);
	snprintf(row, sizeof(row), "image\ntag\nbash\n%u", (unsigned)(x >> 40) % 5000);
	e.first = e.last = NOW - (int64_t)((x >> 8) % (uint64_t)(8 * BOOK_DAY));
	e.hour = e.first - e.first % BOOK_HOUR;
	e.object = slice_of(object);
	e.object_type = SLICE("user");
	e.search = slice_of(search);
	e.message = slice_of(message);
	e.row = slice_of(row);
	e.tactics = SLICE("TA0002 TA0003");
	book_add(b, &e, NOW);
}

static double
ms(int64_t since)
{
	return (double)(clock_mono() - since) / 1e6;
}

static void
run(unsigned objects)
{
	static struct book_row rows[ROWS];
	struct book *b = book_new(NULL);
	struct book_entry *ledger = calloc(EVENTS, sizeof(*ledger));
	struct book_status s;
	uint32_t n;
	int64_t t = clock_mono();

	for (uint64_t i = 0; i < EVENTS; i++)
		add(b, i, objects);
	printf("%u objects: add %.0f ns each", objects, ms(t) * 1e6 / EVENTS);
	t = clock_mono();
	for (uint64_t i = EVENTS; i < 2 * EVENTS; i++)
		add(b, i, objects);
	printf(", in a full book %.0f ns", ms(t) * 1e6 / EVENTS);
	t = clock_mono();
	book_users(b, NOW, SLICE("user"), rows, ROWS, &n);
	printf(", table %.1f ms", ms(t));
	t = clock_mono();
	book_users(b, NOW + 1, SLICE("user"), rows, ROWS, &n);
	printf(" (again %.1f ms)", ms(t));
	t = clock_mono();
	for (unsigned i = 0; i < ROWS; i++)
		book_row(b, NOW + 1, rows[i % n].object, SLICE("user"), &rows[i % n]);
	printf(", row %.0f ns", ms(t) * 1e6 / ROWS);
	t = clock_mono();
	book_ledger(b, NOW, BOOK_WEEK, rows[0].object, SLICE("user"), ledger, EVENTS, &n);
	printf(", ledger of %u %.2f ms", n, ms(t));
	book_status(b, &s);
	printf(", %.0f MiB\n", (double)s.bytes / (1 << 20));
	free(ledger);
	book_free(b);
}

int
main(void)
{
	run(1);
	run(100);
	run(5000);
	run(EVENTS);
	return 0;
}
