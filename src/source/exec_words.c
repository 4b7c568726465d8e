/*
 * The words of a command: blanks between them, '...', "..." and \ as in a POSIX shell. What only a
 * shell does (pipes, variables, redirection) is refused where one would have done it, so that
 * nobody takes "| grep x" for a filter that runs. Not here: running it (exec_child.c).
 */
#include "source/exec_words.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/xalloc.h"
#include "base/banned.h"

struct splitter {
	const char *p;
	struct buf word;
	bool in_word;
	char **words;
	size_t n;
};

static bool
refuse(char *err, size_t errlen, const char *what, char c)
{
	if (c != '\0')
		snprintf(err, errlen, "'%c' %s", c, what);
	else
		snprintf(err, errlen, "%s", what);
	return false;
}

static const char shell_wanted[] = "wants a shell (exec:sh -c '...'), or quotes around it";

static void
end_word(struct splitter *s)
{
	if (!s->in_word)
		return;
	buf_addc(&s->word, '\0');
	s->words[s->n++] = xstrdup(s->word.p);
	buf_clear(&s->word);
	s->in_word = false;
}

static bool
single_quoted(struct splitter *s, char *err, size_t errlen)
{
	const char *end = strchr(s->p, '\'');

	if (end == NULL)
		return refuse(err, errlen, "a quote (') has no end", '\0');
	buf_add(&s->word, s->p, (size_t)(end - s->p));
	s->p = end + 1;
	return true;
}

/* Within them a backslash quotes only what would mean something there. */
static bool
double_quoted(struct splitter *s, char *err, size_t errlen)
{
	for (char c; (c = *s->p) != '\0'; s->p++) {
		if (c == '"') {
			s->p++;
			return true;
		}
		if (c == '$' || c == '`')
			return refuse(err, errlen, shell_wanted, c);
		if (c == '\\' && s->p[1] != '\0' && strchr("$`\"\\\n", s->p[1]) != NULL) {
			s->p++;
			if (*s->p != '\n')
				buf_addc(&s->word, *s->p);
			continue;
		}
		buf_addc(&s->word, c);
	}
	return refuse(err, errlen, "a quote (\") has no end", '\0');
}

static bool
step(struct splitter *s, char *err, size_t errlen)
{
	char c = *s->p++;

	if (c == ' ' || c == '\t' || c == '\n') {
		end_word(s);
		return true;
	}
	if (strchr("|&;<>()$`", c) != NULL)
		return refuse(err, errlen, shell_wanted, c);
	if (!s->in_word && s->n == WORDS_MAX)
		return refuse(err, errlen, "too many words", '\0');
	if (c == '\\' && *s->p == '\n') {
		s->p++;
		return true;
	}
	s->in_word = true;
	if (c == '\'')
		return single_quoted(s, err, errlen);
	if (c == '"')
		return double_quoted(s, err, errlen);
	if (c == '\\' && *s->p == '\0')
		return refuse(err, errlen, "nothing follows the last \\", '\0');
	buf_addc(&s->word, c == '\\' ? *s->p++ : c);
	return true;
}

char **
words_split(const char *command, char *err, size_t errlen)
{
	struct splitter s = { .p = command };
	bool fine = true;

	s.words = xcalloc(WORDS_MAX + 1, sizeof(char *));
	while (fine && *s.p != '\0')
		fine = step(&s, err, errlen);
	if (fine)
		end_word(&s);
	buf_release(&s.word);
	if (fine && (s.n == 0 || s.words[0][0] == '\0'))
		fine = refuse(err, errlen, "needs a command", '\0');
	if (fine)
		return s.words;
	words_free(s.words);
	return NULL;
}

void
words_free(char **words)
{
	if (words == NULL)
		return;
	for (char **w = words; *w != NULL; w++)
		free(*w);
	free(words);
}

bool
words_runnable(const char *program)
{
	const char *path = getenv("PATH");

	if (strchr(program, '/') != NULL)
		return access(program, X_OK) == 0;
	if (path == NULL)
		path = "/bin:/usr/bin";
	for (;;) {
		size_t n = strcspn(path, ":");
		char *full = xasprintf("%.*s%s%s", (int)n, path, n > 0 ? "/" : "", program);
		bool there = access(full, X_OK) == 0;

		free(full);
		if (there)
			return true;
		if (path[n] == '\0')
			return false;
		path += n + 1;
	}
}
