/*
 * Hostile input: every file of the shared hostile set gets the verdict and the counters of its
 * index, and damage at every byte of an event gets the counts of the reference reader there. What
 * takes long is in slow.c.
 */
#include "decode/decode.h"

#include "harness.h"

#include <time.h>

#include "decode/shared.h"

#include "base/banned.h"

/* Processor time for one line. The promise is 20 ms; the factor is for sanitizers and busy
 * machines. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define LINE_NS (20 * 1000000LL * 20)
#else
#define LINE_NS (20 * 1000000LL * 2)
#endif

#define WHY_MAX 64

struct counts {
	unsigned accepted, rejected, repaired, blank, noise;
	unsigned by_reason[REJECT_REASONS];
	int64_t slowest;
};

static int64_t
cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void
count_record(struct counts *n, enum verdict v, const struct falco_event *ev, enum reject_reason why)
{
	switch (v) {
	case VERDICT_EVENT:
	case VERDICT_INTERNAL:
		n->accepted++;
		n->repaired += (ev->flags & EVENT_REPAIRED) != 0;
		break;
	case VERDICT_REJECT:
		n->rejected++;
		n->by_reason[why]++;
		break;
	case VERDICT_BLANK: n->blank++; break;
	case VERDICT_NOISE: n->noise++; break;
	case VERDICT_PENDING:
	case VERDICT_END: break;
	}
}

static void
count_line(struct decoder *d, const char *line, size_t len, bool first, struct counts *n)
{
	enum reject_reason why = REJECT_REASONS;
	struct falco_event ev;
	enum verdict v;
	int64_t start = cpu_ns(), took;

	decode_line(d, line, len, first);
	while ((v = decode_next(d, &ev, &why)) != VERDICT_END)
		count_record(n, v, &ev, why);
	took = cpu_ns() - start;
	if (took > n->slowest)
		n->slowest = took;
}

static struct counts
count_text(const char *text, size_t len)
{
	struct decoder *d = decoder_new();
	const char *p = text, *end = text + len, *nl;
	struct counts n = { 0 };
	enum reject_reason why;
	struct falco_event ev;
	unsigned lines;

	while (p < end) {
		nl = decode_line_end(p, end, &lines);
		count_line(d, p, (size_t)(nl - p), p == text, &n);
		p = nl + 1;
	}
	while (decode_flush(d, &ev, &why) != VERDICT_END)
		n.rejected++;
	decoder_free(d);
	return n;
}

/* --- the shared set
 * --------------------------------------------------------------------------------------------- */

static char dir[] = "/tmp/falcotop-hostile-XXXXXX";

/* A generated copy of the set in a directory of its own. */
static bool
make_set(void)
{
	static const char script[] =
	    "set -e; cp \"$1\"/*.py \"$1\"/INDEX.tsv \"$2\"; chmod -R u+w \"$2\"; cd \"$2\"; "
	    "python3 gen_hostile.py >/dev/null; for m in prefix delete flip0 flip7; do python3 "
	    "gen_trunc.py $m $m.jsonl; python3 ref_reader.py $m.jsonl | awk '{print $2, $3}' > "
	    "$m.want; done";
	struct buf from = { NULL, 0, 0 }, cmd = { NULL, 0, 0 };
	bool ok = shared_path(&from, "hostile");

	if (ok && system("python3 -c 'import json' 2>/dev/null") != 0) {
		printf("# skipped: no python3 here\n");
		ok = false;
	}
	if (ok) {
		ck_assert_ptr_nonnull(mkdtemp(dir));
		ck_assert_int_eq(setenv("SCRIPT", script, 1), 0);
		buf_addf(&cmd, "sh -c \"$SCRIPT\" - '%s' '%s'", from.p, dir);
		ck_assert_msg(system(cmd.p) == 0, "the hostile set cannot be made");
	}
	buf_release(&from);
	buf_release(&cmd);
	return ok;
}

static void
remove_set(void)
{
	struct buf cmd = { NULL, 0, 0 };

	buf_addf(&cmd, "rm -rf '%s'", dir);
	if (system(cmd.p) != 0)
		printf("# %s is left behind\n", dir);
	buf_release(&cmd);
}

/* One row of INDEX.tsv: file, verdict, accepted, rejected, note. */
static void
check_row(char *row)
{
	char *cell[5], *save = row;
	struct buf path = { NULL, 0, 0 }, text = { NULL, 0, 0 };
	struct counts n;

	for (int i = 0; i < 5; i++)
		cell[i] = strsep(&save, "\t");
	ck_assert_ptr_nonnull(cell[4]);
	buf_addf(&path, "%s/%s", dir, cell[0]);
	ck_assert_msg(read_file(&text, path.p), "%s", path.p);
	n = count_text(text.p, text.len);
	if (strncmp(cell[1], "BOUNDARY", 8) == 0) {
		/* The depth of these counts from inside an event; the exact cap is tested in
		 * json.c. */
		ck_assert_msg(n.accepted + n.rejected == 2 && n.accepted >= 1, "%s", cell[0]);
	} else if (strstr(cell[4], "reject count >= 1") != NULL) {
		ck_assert_msg(n.accepted == (unsigned)strtoul(cell[2], NULL, 10) && n.rejected >= 1,
		    "%s", cell[0]);
	} else {
		ck_assert_msg(n.accepted == (unsigned)strtoul(cell[2], NULL, 10) &&
				  n.rejected == (unsigned)strtoul(cell[3], NULL, 10),
		    "%s: %u accepted, %u rejected", cell[0], n.accepted, n.rejected);
	}
	if (strncmp(cell[1], "REJECT:", 7) == 0) {
		unsigned r = 0;

		while (r < REJECT_REASONS &&
		       strcmp(reject_name((enum reject_reason)r), cell[1] + 7) != 0)
			r++;
		ck_assert_msg(
		    r < REJECT_REASONS && n.by_reason[r] > 0, "%s: not %s", cell[0], cell[1]);
	}
	ck_assert_msg(
	    (strcmp(cell[1], "REPAIR") == 0) <= (n.repaired > 0), "%s: not repaired", cell[0]);
	ck_assert_msg(n.slowest < LINE_NS, "%s: %lld us", cell[0], (long long)n.slowest / 1000);
	buf_release(&path);
	buf_release(&text);
}

static void
check_damage(const char *mode)
{
	struct buf path = { NULL, 0, 0 }, text = { NULL, 0, 0 }, want = { NULL, 0, 0 };
	struct counts n;

	buf_addf(&path, "%s/%s.jsonl", dir, mode);
	ck_assert(read_file(&text, path.p));
	n = count_text(text.p, text.len);
	buf_clear(&path);
	buf_addf(&path, "%s/%s.want", dir, mode);
	ck_assert(read_file(&want, path.p));
	buf_clear(&path);
	buf_addf(&path, "%u %u\n", n.accepted, n.rejected);
	buf_addc(&want, '\0');
	ck_assert_str_eq(path.p, want.p);
	buf_release(&path);
	buf_release(&text);
	buf_release(&want);
}

START_TEST(shared_set)
{
	static const char *const modes[] = { "prefix", "delete", "flip0", "flip7" };
	struct buf path = { NULL, 0, 0 }, index = { NULL, 0, 0 };
	unsigned rows = 0;
	char *row, *rest;

	if (!make_set())
		return;
	buf_addf(&path, "%s/INDEX.tsv", dir);
	ck_assert(read_file(&index, path.p));
	buf_addc(&index, '\0');
	rest = strchr(index.p, '\n') + 1; /* the header */
	while ((row = strsep(&rest, "\n")) != NULL && *row != '\0') {
		check_row(row);
		rows++;
	}
	ck_assert_uint_eq(rows, 382);
	for (size_t i = 0; i < 4; i++)
		check_damage(modes[i]);
	remove_set();
	buf_release(&path);
	buf_release(&index);
}
END_TEST

/* 60 objects that are open when a megabyte breaks. */
START_TEST(open_objects_are_tried_once)
{
	struct decoder *d = decoder_new();
	struct buf line = { NULL, 0, 0 };
	struct counts n = { 0 };

	for (int i = 0; i < 60; i++)
		buf_adds(&line, "{\"rule\":");
	buf_adds(&line, "{\"a\":\"");
	while (line.len < DECODE_MAX_LINE - 8)
		buf_adds(&line, "\\u00e9");
	count_line(d, line.p, line.len, false, &n);
	ck_assert_uint_eq(n.rejected, 1);
	ck_assert_int_lt(n.slowest, LINE_NS);
	buf_release(&line);
	decoder_free(d);
}
END_TEST

START_TEST(long_lines)
{
	struct decoder *d = decoder_new();
	struct buf line = { NULL, 0, 0 };
	struct counts n = { 0 };

	buf_adds(&line, "{\"rule\":\"R\",\"priority\":\"Error\",\"output\":\"");
	while (line.len < DECODE_MAX_LINE - 2)
		buf_addc(&line, 'x');
	buf_adds(&line, "\"}");
	ck_assert_uint_eq(line.len, DECODE_MAX_LINE);
	count_line(d, line.p, line.len, false, &n);
	ck_assert_uint_eq(n.accepted, 1);
	buf_addc(&line, ' ');
	count_line(d, line.p, line.len, false, &n);
	ck_assert_uint_eq(n.accepted, 1);
	ck_assert_uint_eq(n.by_reason[REJECT_LINE_TOO_LONG], 1);
	ck_assert_uint_eq(n.rejected, 1);
	buf_release(&line);
	decoder_free(d);
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("hostile");
	TCase *tc = tcase_create("hostile");

	tcase_set_timeout(tc, 120);
	tcase_add_test(tc, shared_set);
	tcase_add_test(tc, open_objects_are_tried_once);
	tcase_add_test(tc, long_lines);
	suite_add_tcase(s, tc);
	return s;
}

TEST_MAIN(suite)
