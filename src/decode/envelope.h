/* What the envelope rows share: memory of split lines, and how to tell that Falco is inside. */
#ifndef FALCOTOP_DECODE_ENVELOPE_H
#define FALCOTOP_DECODE_ENVELOPE_H

#include "decode/parts.h"

/* Split lines are joined for each of these; the two framings never mix in one stream. */
enum piece_stream {
	PIECE_CRI_OUT,
	PIECE_CRI_ERR,
	PIECE_DOCKER_OUT,
	PIECE_DOCKER_ERR,
	PIECE_STREAMS
};

/*
 * Adds a piece to what is pending of the stream. When it is the last one, *inner is the joined line
 * (in the scratch memory when there were several), longer than DECODE_MAX_LINE when it was too long
 * to keep.
 */
enum peel piece_add(struct decode_context *c, enum piece_stream s, struct slice text, bool last,
    struct inner *inner);
bool piece_pending(const struct decode_context *c, enum piece_stream s);

/* Whether what follows a prefix that any program could write is surely Falco's: an event or its own
 * log. */
bool clearly_falco(struct slice text);
/* Colour sequences at p; where they end. */
const char *skip_colour(const char *p, const char *end);
/* Without colour sequences and line ends around it. */
struct slice trim_frame(struct slice s);

/* A CRI line: "<time> stdout|stderr F|P[:...] text". For the peel and for the search for a place to
 * cut. */
struct cri_line {
	int64_t time;
	struct slice text;
	bool error_stream;
	bool partial;
};
bool cri_parse(struct slice line, struct cri_line *out);

/*
 * What docker's, journald's and Splunk's members come to, however they were read. stream: p NULL
 * when there is none; plain: there are no members but docker's own.
 */
enum peel docker_line(struct decode_context *c, struct slice log, struct slice stream, bool plain,
    struct inner *inner);
/* The times are numbers or strings of digits, as written; p NULL when there is none. */
enum peel journald_line(struct decode_context *c, struct slice message, struct slice source_time,
    struct slice journal_time, struct slice host, struct inner *inner);
enum peel splunk_line(struct decode_context *c, struct slice raw, struct slice time,
    struct slice host, struct inner *inner);

/* --- for the rows that look into JSON objects (envelope_json.c, envelope_cloud.c) --- */

/* The member, if it has that kind. */
bool envelope_member(struct decode_context *c, const struct json *j, unsigned object,
    struct slice name, enum value_kind kind, unsigned *node);
bool envelope_string(struct decode_context *c, const struct json *j, unsigned object,
    struct slice name, struct slice *out);
/* The peeled time: of a text; of a number or a string of digits in units of `unit` nanoseconds. */
void envelope_time(
    struct decode_context *c, const struct json *j, unsigned object, struct slice name);
void envelope_time_number(struct decode_context *c, const struct json *j, unsigned object,
    struct slice name, int64_t unit);

/* Lines gathered from one envelope; never longer than the envelope is (mended). */
struct gather {
	struct decode_context *c;
	const struct json *j;
	char *p;
	size_t len, room;
};
/* Adds a line in a string, or an object; other kinds are passed over. */
void gather_line(struct gather *g, unsigned node);
/* PEEL_NONE when there were none. */
enum peel gathered(const struct gather *g, struct inner *inner);

/* Clouds and the API server: rows of the same table. */
enum peel peel_audit_list(struct decode_context *c, const struct json *j, struct inner *inner);
enum peel peel_cloudwatch(struct decode_context *c, const struct json *j, struct inner *inner);
enum peel peel_insights(struct decode_context *c, const struct json *j, struct inner *inner);
enum peel peel_awslogs(struct decode_context *c, const struct json *j, struct inner *inner);
enum peel peel_azure(struct decode_context *c, const struct json *j, struct inner *inner);
enum peel peel_records(struct decode_context *c, const struct json *j, struct inner *inner);

/* awslogs.c: base64 of gzip, or of plain text. False when it is neither, or too much of this line
 * was packed. */
bool awslogs_unpack(struct decode_context *c, struct slice data, struct slice *out);

#endif
