/*
 * Decoding one batch: lines to events to a block, with symbols of the worker's own. No locks, and
 * no allocation once warm. A worker belongs to one thread.
 */
#ifndef FALCOTOP_PIPELINE_WORKER_H
#define FALCOTOP_PIPELINE_WORKER_H

#include "model/rawstore.h"
#include "pipeline/batch.h"

struct worker;

/* number: of this worker, in block.worker. */
struct worker *worker_new(unsigned number, struct rawstore *raw);
/* Tables that batches still refer to live on until table_release(). */
void worker_free(struct worker *w);
/* Decodes b by the schema its block refers to. */
void worker_decode(struct worker *w, struct batch *b);

/* Drops a batch's hold on the symbol table of its block. */
void table_release(struct table_ref *t);

#endif
