/* The rows of the table of formats; private to the layer. */
#ifndef FALCOTOP_REPORT_FORMATS_H
#define FALCOTOP_REPORT_FORMATS_H

#include "report/report.h"

extern const struct report_format report_text;
extern const struct report_format report_csv;
extern const struct report_format report_tsv;
extern const struct report_format report_json;
extern const struct report_format report_ndjson;
extern const struct report_format report_md;

#endif
