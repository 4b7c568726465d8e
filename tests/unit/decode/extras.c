/*
 * Fields outside the catalogue that a query wants: an event that is decoded with them says what
 * decode_every_key() says of the same bytes, for JSON and text, with the quick scan and without.
 */
#include "decode/decode.h"

#include "harness.h"

#include <ftw.h>

#include "decode/falco_json.h"
#include "decode/shared.h"
#include "event/field.h"

#include "base/banned.h"

#define ABSENT "falcotop.absent"

/* Keys of one event that can be wanted, with what decode_every_key() said. */
struct keys {
	struct arena text;
	unsigned n;
	bool json;
	const char *name[EVENT_EXTRAS];
	struct value value[EVENT_EXTRAS];
};

static struct decoder *plain, *teller, *quick, *reference;
static unsigned long events, values;

static bool
in_catalogue(struct slice name)
{
	return field_by_falco_name(name) < FIELD_COLUMNS || json_field_alias(name) != FIELD_NONE;
}

static void
keep_key(const struct event_key *key, void *arg)
{
	struct keys *k = arg;
	struct slice name;
	unsigned i = 0;

	/* What a pair's name is when it has a NUL byte nobody can ask for. */
	if (key->top_level || in_catalogue(key->name) ||
	    memchr(key->name.p, '\0', key->name.len) != NULL)
		return;
	while (i < k->n && !slice_eq(slice_of(k->name[i]), key->name))
		i++;
	/* The last slot is for what is not there. */
	if (i == EVENT_EXTRAS - 1 || (i < k->n && !k->json))
		return;
	if (i == k->n) {
		name = arena_copy(&k->text, key->name);
		k->name[k->n++] = name.p;
	}
	k->value[i] = key->value;
	k->value[i].text = arena_copy(&k->text, key->value.text);
}

static bool
first_event(struct decoder *d, struct slice raw, struct falco_event *ev)
{
	enum reject_reason reason;
	enum verdict v;

	decode_line(d, raw.p, raw.len, false);
	while ((v = decode_next(d, ev, &reason)) != VERDICT_END)
		if (v == VERDICT_EVENT)
			return true;
	return false;
}

/* What holds several events is told by its envelope alone: which of them, these bytes cannot say. */
static bool
is_alone(struct slice raw)
{
	struct falco_event ev;
	enum reject_reason reason;
	enum verdict v;
	unsigned n = 0;

	decode_line(plain, raw.p, raw.len, false);
	while ((v = decode_next(plain, &ev, &reason)) != VERDICT_END)
		n += v == VERDICT_EVENT;
	return n == 1;
}

static void
must_say(struct decoder *d, struct slice raw, const struct keys *k)
{
	struct falco_event ev;

	decoder_want(d, k->name, k->n);
	ck_assert(first_event(d, raw, &ev));
	ck_assert_uint_eq(ev.extra_present >> (k->n - 1), 0);
	for (unsigned i = 0; i + 1 < k->n; i++)
		ck_assert_msg((ev.extra_present >> i & 1) != 0 &&
				  slice_eq(ev.extra[i].text, k->value[i].text) &&
				  ev.extra[i].kind == k->value[i].kind,
		    "%s of %.*s", k->name[i], (int)raw.len, raw.p);
	values += k->n - 1;
}

static void
check_event(struct slice raw)
{
	struct keys k = { .n = 0 };
	struct falco_event ev;

	ck_assert(first_event(plain, raw, &ev));
	ck_assert_uint_eq(ev.extra_present, 0);
	k.json = (ev.flags & EVENT_TEXT) == 0;
	ck_assert(decode_every_key(teller, raw.p, raw.len, keep_key, &k));
	k.name[k.n++] = ABSENT;
	must_say(quick, raw, &k);
	must_say(reference, raw, &k);
	events++;
	arena_release(&k.text);
}

static void
check_text(struct slice text)
{
	const char *p = text.p, *end = p + text.len, *nl;
	struct decoder *d = decoder_new();
	enum reject_reason reason;
	struct falco_event ev;
	enum verdict v;

	for (; p < end; p = nl + 1) {
		nl = memchr(p, '\n', (size_t)(end - p));
		if (nl == NULL)
			nl = end;
		decode_line(d, p, (size_t)(nl - p), false);
		while ((v = decode_next(d, &ev, &reason)) != VERDICT_END)
			if (v == VERDICT_EVENT && is_alone(ev.raw))
				check_event(ev.raw);
	}
	decoder_free(d);
}

static void
open_decoders(void)
{
	plain = decoder_new();
	teller = decoder_new();
	quick = decoder_new();
	reference = decoder_new();
	decoder_reference_only(reference);
	events = values = 0;
}

static void
close_decoders(void)
{
	decoder_free(plain);
	decoder_free(teller);
	decoder_free(quick);
	decoder_free(reference);
}

#define TAIL "\"priority\":\"Error\",\"rule\":\"R\",\"time\":\"2026-01-15T08:00:00Z\"}"

static const struct {
	const char *line;
	unsigned values; /* of one decoder */
} samples[] = {
	{ "{\"output\":\"x\",\"output_fields\":{\"proc.cwd.x\":\"/a\",\"evt.rawarg.n\":7,\"b\":true,"
	  "\"c\":null,\"d\":[1,2],\"e\":{}}," TAIL,
	    6 },
	{ "{\"output_fields\":{\"a\":1,\"a\":\"\\u00e9\\n\",\"b\\u0041\":\"x\"}," TAIL, 2 },
	{ "{\"output_fields\":{\"a\":{\"b\":{\"c\":1},\"d\":\"x\"},\"proc_vpid\":3}," TAIL, 3 },
	{ "08:00:00.123456789: Error Own (own=a proc_vpid=3 fd.cport=9 own=b)", 3 },
	{ "08:00:00.123456789: Notice X | evt_type=open user=root command=cat x terminal=0 pid=7 "
	  "own=1",
	    2 },
	{ "{\"log\":\"08:00:00.123456789: Notice X (own=\\\"a\\\" b)\\n\",\"stream\":\"stdout\"}",
	    1 },
};

START_TEST(samples_agree)
{
	open_decoders();
	check_text(slice_of(samples[_i].line));
	ck_assert_uint_eq(events, 1);
	ck_assert_uint_eq(values, 2 * samples[_i].values);
	close_decoders();
}
END_TEST

static int
visit(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	struct buf text = { NULL, 0, 0 };

	(void)ftw;
	if (type != FTW_F || st->st_size > (off_t)1 << 20 || !read_file(&text, path))
		return 0;
	check_text(buf_slice(&text));
	buf_release(&text);
	return 0;
}

START_TEST(real_data_agrees)
{
	static const char *const dirs[] = { "data/falco", "data/falco_live", "data/k8s_audit",
		"data/cloudevents" };
	struct buf path = { NULL, 0, 0 };
	bool any = false;

	open_decoders();
	for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++) {
		if (!shared_path(&path, dirs[i]))
			continue;
		any = true;
		ck_assert_int_eq(nftw(path.p, visit, 16, FTW_PHYS), 0);
	}
	printf("# %lu events, %lu values\n", events, values);
	ck_assert(!any || (events > 1000 && values > 5000));
	close_decoders();
	buf_release(&path);
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("extras");
	TCase *tc = tcase_create("extras");

	tcase_set_timeout(tc, 120);
	tcase_add_loop_test(tc, samples_agree, 0, (int)(sizeof(samples) / sizeof(samples[0])));
	tcase_add_test(tc, real_data_agrees);
	suite_add_tcase(s, tc);
	return s;
}

TEST_MAIN(suite)
