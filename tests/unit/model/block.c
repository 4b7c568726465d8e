/* Blocks: what a worker's columns hold after events of all kinds. */
#include "model/block.h"

#include <stdio.h>

#include "harness.h"

static struct symtab *symbols;
static struct block_cache *cache;
static struct block block;

static void
start(void)
{
	symbols = symtab_new(1u << 16, 1u << 22);
	block_init(&block);
	block.cache = cache = block_cache_new();
}

static void
stop(void)
{
	block_release(&block);
	block_cache_free(cache);
	symtab_free(symbols);
}

static void
set(struct falco_event *ev, enum field_id id, const char *text, enum value_kind kind)
{
	ev->field[id] = (struct value){ slice_of(text), kind };
	ev->present |= (uint64_t)1 << id;
}

static const char *
cell(unsigned field, uint32_t row)
{
	return symtab_text(symbols, block.col[column_index(field)][row]).p;
}

START_TEST(special_values)
{
	static const struct {
		const char *text;
		enum value_kind kind;
		sym_t symbol;
	} cases[] = {
		{ "null", VALUE_NULL, SYM_NULL },
		{ "", VALUE_STRING, SYM_EMPTY },
		{ "<NA>", VALUE_STRING, SYM_NA },
		{ "null", VALUE_STRING, SYM_FIRST },
		{ "null", VALUE_STRING, SYM_FIRST },
		{ "", VALUE_STRING, SYM_EMPTY },
		{ "<NA>", VALUE_STRING, SYM_NA },
	};
	struct falco_event ev;

	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		memset(&ev, 0, sizeof(ev));
		set(&ev, FIELD_USER, cases[i].text, cases[i].kind);
		ck_assert_uint_eq(block_add(&block, symbols, &ev, 0, 0, 0, 1), i);
		ck_assert_uint_eq(block.col[FIELD_USER][i], cases[i].symbol);
	}
}
END_TEST

START_TEST(columns_start_late)
{
	struct falco_event ev = { .time = 7, .priority = PRIORITY_ERROR, .flags = EVENT_TEXT };
	char text[16];

	for (unsigned i = 0; i < 1000; i++) {
		ev.present = 0;
		snprintf(text, sizeof(text), "p%u", i % 3);
		set(&ev, FIELD_PROCESS, text, VALUE_STRING);
		if (i >= 700 && i % 2 == 0)
			set(&ev, FIELD_POD, "pod", VALUE_STRING);
		block_add(&block, symbols, &ev, i, i * 10, i, i + 1);
	}
	ck_assert_uint_eq(block.n, 1000);
	for (unsigned i = 0; i < 1000; i++) {
		MUST(cell(FIELD_PROCESS, i)[1] == (char)('0' + i % 3));
		MUST((block.col[FIELD_POD][i] != SYM_ABSENT) == (i >= 700 && i % 2 == 0));
		MUST(block.tests[i] == i && block.offset[i] == i * 10 && block.length[i] == i);
		MUST(block.line[i] == i + 1 && block.time[i] == 7 && block.flags[i] == EVENT_TEXT);
		MUST(block.priority[i] == PRIORITY_ERROR);
	}
	ck_assert(!(block.present[FIELD_USER >> 6] >> FIELD_USER & 1));
}
END_TEST

START_TEST(message_and_extras)
{
	struct falco_event ev = { .message = SLICE("A shell was spawned"),
		.extra_present = 1u << 15 };

	ev.extra[15] = (struct value){ SLICE("x"), VALUE_NUMBER };
	block_add(&block, symbols, &ev, 0, 0, 0, 1);
	memset(&ev, 0, sizeof(ev));
	block_add(&block, symbols, &ev, 0, 0, 0, 2);
	ck_assert_int_eq(memcmp(cell(FIELD_MESSAGE, 0), "A shell", 7), 0);
	ck_assert_int_eq(*cell(FIELD_DYNAMIC + 15, 0), 'x');
	ck_assert_uint_eq(block.col[FIELD_MESSAGE][1], SYM_ABSENT);
	ck_assert_uint_eq(block.col[COLUMNS_MAX - 1][1], SYM_ABSENT);
}
END_TEST

START_TEST(cleared_block_forgets)
{
	struct falco_event ev = { 0 };
	struct symtab *other = symtab_new(1u << 10, 1u << 16);

	set(&ev, FIELD_USER, "root", VALUE_STRING);
	set(&ev, FIELD_POD, "pod", VALUE_STRING);
	block_add(&block, symbols, &ev, 0, 0, 0, 1);
	block_clear(&block);
	block_cache_clear(cache);
	ev.present = 0;
	symtab_intern(other, "x", 1);
	set(&ev, FIELD_USER, "root", VALUE_STRING);
	block_add(&block, other, &ev, 0, 0, 0, 1);
	ck_assert_uint_eq(block.n, 1);
	ck_assert_uint_eq(block.col[FIELD_USER][0], symtab_find(other, "root", 4));
	ck_assert(!(block.present[FIELD_POD >> 6] >> FIELD_POD & 1));
	symtab_free(other);
}
END_TEST

/* When the worker's table is full, different texts must not take each other's place. */
START_TEST(full_table)
{
	struct symtab *tiny = symtab_new(SYM_FIRST + 1, 64);
	struct falco_event ev = { 0 };
	static const char *const text[] = { "first", "other", "third", "first" };

	for (unsigned i = 0; i < 4; i++) {
		set(&ev, FIELD_USER, text[i], VALUE_STRING);
		block_add(&block, tiny, &ev, 0, 0, 0, 1);
	}
	ck_assert_uint_eq(block.col[FIELD_USER][0], SYM_FIRST);
	ck_assert_uint_eq(block.col[FIELD_USER][1], SYM_OTHER);
	ck_assert_uint_eq(block.col[FIELD_USER][2], SYM_OTHER);
	ck_assert_uint_eq(block.col[FIELD_USER][3], SYM_FIRST);
	symtab_free(tiny);
}
END_TEST

/* With a cache and without, for texts of all lengths that differ in one byte: the same symbols. */
START_TEST(cache_changes_nothing)
{
	struct block plain;
	struct falco_event ev = { 0 };
	char text[64];

	block_init(&plain);
	for (unsigned round = 0; round < 3; round++) {
		for (unsigned len = 1; len < 60; len++) {
			for (unsigned at = 0; at <= len; at++) {
				memset(text, 'x', len);
				text[at] = 'y';
				text[len] = '\0';
				ev.present = 0;
				set(&ev, FIELD_CMDLINE, text, VALUE_STRING);
				block_add(&block, symbols, &ev, 0, 0, 0, 1);
				block_add(&plain, symbols, &ev, 0, 0, 0, 1);
				MUST(slice_eq(slice_of(text),
				    symtab_text(symbols, block.col[FIELD_CMDLINE][block.n - 1])));
			}
		}
	}
	ck_assert_uint_eq(block.n, plain.n);
	ck_assert_int_eq(
	    memcmp(block.col[FIELD_CMDLINE], plain.col[FIELD_CMDLINE], block.n * sizeof(sym_t)), 0);
	block_release(&plain);
}
END_TEST

START_TEST(pseudo_fields)
{
	struct schema *schema = schema_new();
	const struct schema_view *v;
	struct falco_event ev = { .output = SLICE("out"), .raw = SLICE("{raw}") };
	unsigned raw, other, out, uuid, time;

	raw = schema_take_field(schema, slice_of("raw")) - FIELD_DYNAMIC;
	other = schema_take_field(schema, slice_of("evt.arg.x")) - FIELD_DYNAMIC;
	out = schema_take_field(schema, slice_of("output")) - FIELD_DYNAMIC;
	uuid = schema_take_field(schema, slice_of("uuid")) - FIELD_DYNAMIC;
	time = schema_take_field(schema, slice_of("time")) - FIELD_DYNAMIC;
	v = schema_view(schema);
	ev.extra[other] = (struct value){ SLICE("kept"), VALUE_STRING };
	ev.extra[uuid] = (struct value){ SLICE("a key of that name"), VALUE_STRING };
	ev.extra_present = 1u << other | 1u << uuid;
	block_pseudo_fields(v, &ev);
	ck_assert_uint_eq(ev.extra_present, 1u << raw | 1u << other | 1u << out);
	ck_assert(slice_eq(ev.extra[raw].text, SLICE("{raw}")));
	ck_assert(slice_eq(ev.extra[out].text, SLICE("out")));
	ck_assert(slice_eq(ev.extra[other].text, SLICE("kept")));
	ck_assert(!(ev.extra_present >> time & 1));
	schema_view_release(v);
	schema_free(schema);
}
END_TEST

static Suite *
block_suite(void)
{
	Suite *s = suite_create("block");
	TCase *c = tcase_create("block");

	tcase_add_checked_fixture(c, start, stop);
	tcase_add_test(c, special_values);
	tcase_add_test(c, columns_start_late);
	tcase_add_test(c, message_and_extras);
	tcase_add_test(c, cleared_block_forgets);
	tcase_add_test(c, full_table);
	tcase_add_test(c, cache_changes_nothing);
	tcase_add_test(c, pseudo_fields);
	suite_add_tcase(s, c);
	return s;
}

TEST_MAIN(block_suite)
