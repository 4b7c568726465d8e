/*
 * Regular expressions by PCRE2, with its JIT where there is one. A pattern is the analyst's, the
 * value is the attacker's: match, depth and heap limits bound what one value can cost. Bytes that
 * are not UTF-8 never match a part of the pattern and are no error. The rest of the program does
 * not know PCRE2.
 */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "query/regex.h"

#include <pcre2.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/xalloc.h"
#include "base/banned.h"

/* Backtracking steps from one starting point: a bounded fraction of a millisecond. */
#define MATCH_LIMIT    20000
#define DEPTH_LIMIT    5000
#define HEAP_LIMIT_KIB 4096
#define JIT_STACK_MAX  (256 * 1024)
#define PATTERN_MAX    8192

struct regex {
	pcre2_code *code;
};

/* What matching needs beside the pattern: one a thread, made at its first match. */
struct scratch {
	pcre2_match_data *data;
	pcre2_match_context *context;
	pcre2_jit_stack *stack;
};

static pthread_key_t scratch_key;
static pthread_once_t scratch_once = PTHREAD_ONCE_INIT;
static _Atomic uint64_t limits_hit;

static void
scratch_free(void *arg)
{
	struct scratch *s = arg;

	pcre2_match_data_free(s->data);
	pcre2_match_context_free(s->context);
	pcre2_jit_stack_free(s->stack);
	free(s);
}

/* Thread-specific destructors do not run for the thread that calls exit(). */
static void
scratch_free_main(void)
{
	struct scratch *s = pthread_getspecific(scratch_key);

	if (s != NULL) {
		pthread_setspecific(scratch_key, NULL);
		scratch_free(s);
	}
}

static void
scratch_init(void)
{
	if (pthread_key_create(&scratch_key, scratch_free) != 0)
		fatal("no thread-specific key for regular expressions");
	atexit(scratch_free_main);
}

static struct scratch *
scratch_get(void)
{
	struct scratch *s;

	pthread_once(&scratch_once, scratch_init);
	s = pthread_getspecific(scratch_key);
	if (s != NULL)
		return s;
	s = xcalloc(1, sizeof(*s));
	s->data = pcre2_match_data_create(1, NULL);
	s->context = pcre2_match_context_create(NULL);
	if (s->data == NULL || s->context == NULL)
		fatal("out of memory");
	pcre2_set_match_limit(s->context, MATCH_LIMIT);
	pcre2_set_depth_limit(s->context, DEPTH_LIMIT);
	pcre2_set_heap_limit(s->context, HEAP_LIMIT_KIB);
	s->stack = pcre2_jit_stack_create(32 * 1024, JIT_STACK_MAX, NULL);
	if (s->stack != NULL)
		pcre2_jit_stack_assign(s->context, NULL, s->stack);
	pthread_setspecific(scratch_key, s);
	return s;
}

struct regex *
regex_new(struct slice pattern, char *err, size_t errlen, size_t *offset)
{
	const uint32_t options =
	    PCRE2_UTF | PCRE2_MATCH_INVALID_UTF | PCRE2_NEVER_BACKSLASH_C | PCRE2_DOTALL;
	PCRE2_UCHAR text[100];
	struct regex *re;
	pcre2_code *code;
	int code_err;

	*offset = 0;
	if (pattern.len > PATTERN_MAX) {
		snprintf(err, errlen, "regular expression longer than %d bytes", PATTERN_MAX);
		return NULL;
	}
	code = pcre2_compile((PCRE2_SPTR)(pattern.len == 0 ? "" : pattern.p), pattern.len, options,
	    &code_err, offset, NULL);
	if (code == NULL) {
		pcre2_get_error_message(code_err, text, sizeof(text));
		snprintf(err, errlen, "bad regular expression: %s", (const char *)text);
		if (*offset > pattern.len)
			*offset = pattern.len;
		return NULL;
	}
	re = xmalloc(sizeof(*re));
	re->code = code;
	pcre2_jit_compile(code, PCRE2_JIT_COMPLETE); /* without a JIT the interpreter does it */
	return re;
}

void
regex_free(struct regex *re)
{
	if (re == NULL)
		return;
	pcre2_code_free(re->code);
	free(re);
}

bool
regex_match(const struct regex *re, struct slice value)
{
	struct scratch *s = scratch_get();
	PCRE2_SPTR p = (PCRE2_SPTR)(value.len == 0 ? "" : value.p);
	int rc;

	rc = pcre2_match(re->code, p, value.len, 0, 0, s->data, s->context);
	if (rc == PCRE2_ERROR_JIT_STACKLIMIT)
		rc = pcre2_match(re->code, p, value.len, 0, PCRE2_NO_JIT, s->data, s->context);
	if (rc >= 0)
		return true;
	if (rc != PCRE2_ERROR_NOMATCH)
		atomic_fetch_add_explicit(&limits_hit, 1, memory_order_relaxed);
	return false;
}

uint64_t
regex_limits_hit(void)
{
	return atomic_load_explicit(&limits_hit, memory_order_relaxed);
}
