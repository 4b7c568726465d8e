/*
 * Filters in Falco's condition syntax (falco.org/docs/rules/conditions):
 *   = == != < <= > >= contains icontains startswith endswith glob iglob regex in intersects exists
 *   and or not ( ), values bare or in ' or " quotes, lists (a, b), priority by level, time by ISO
 * time. and pmatch, which takes a list of paths. A bare word or a quoted string standing alone
 * searches the output, ignoring case. Field names: Falco's, Splunk ESCU's, top-level keys, any
 * output_fields key (in quotes when it has blanks).
 *
 * Where it differs from Falco: "tags" is a list and every operator holds when it holds for any tag
 * ("!=" for none); "time" also takes what --since takes, fixed when the filter is parsed; "exists"
 * is false for absent and null alone; operators and and/or/not may be in capitals. In quotes, \\ \'
 * \" are the second byte and \x00 is NUL; any other backslash is itself.
 */
#ifndef FALCOTOP_QUERY_FILTER_H
#define FALCOTOP_QUERY_FILTER_H

#include "query/rows.h"
#include "query/schema.h"

struct filter_error {
	size_t offset;	   /* byte of the text where it went wrong: where the caret goes */
	char message[160]; /* "expected a value after =" */
};

struct filter;

/* Parses; needs no index. NULL and *err filled on a bad filter. "" (or blanks) gives a filter that
 * keeps everything. Depth and size are capped. */
struct filter *filter_parse(const char *text, struct filter_error *err);
void filter_free(struct filter *f);
/* True when the filter keeps everything. */
bool filter_is_all(const struct filter *f);
/* True when its outermost operator is "or": it wants parentheses before something is ANDed to it.
 */
bool filter_is_or(const struct filter *f);
/* Name of the i-th field that the filter compares, as often as it does; one that it asks to exist or
 * not is left out. False: there are no more. */
bool filter_field_name(const struct filter *f, unsigned i, struct slice *name);
/* The filter written back in one normal form (allocated): equal filters give equal text. */
char *filter_print(const struct filter *f);

/* Takes the slots the filter needs. False and *err when the schema is full. Drop with
 * filter_unbind(). */
bool filter_bind(struct filter *f, struct schema *s, struct filter_error *err);
void filter_unbind(struct filter *f, struct schema *s);
/* Bits of the slots a bound filter reads: the model fills them before filter_eval(). */
uint32_t filter_field_slots(const struct filter *f);
uint32_t filter_test_slots(const struct filter *f);

/*
 * Sets out (bit_words(rows->n) words) to the rows that pass. A bound filter only. Verdicts on
 * symbols are remembered in the filter, so one filter belongs to one symbol table and one thread;
 * filter_forget() when symbols were renumbered.
 */
void filter_eval(struct filter *f, const struct rows *rows, uint64_t *out);
void filter_forget(struct filter *f);

/* Quotes a value for use in a filter: 'bash', "it's". Appends to out. Cell verbs + - = build their
 * terms with it. */
void filter_quote(struct buf *out, struct slice value);

#endif
