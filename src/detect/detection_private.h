/* Between detection.c, which makes one detection, and detection_set.c, which finds the files.
 * Private. */
#ifndef FALCOTOP_DETECT_DETECTION_PRIVATE_H
#define FALCOTOP_DETECT_DETECTION_PRIVATE_H

#include "detect/detection.h"

#define DETECTION_ERROR_MAX (YAML_ERROR_MAX + 512)

/* From a file that was read. NULL and err as in detection_load(). */
struct detection *detection_make(const char *path, const struct yaml_node *root,
    const struct macros *m, char err[DETECTION_ERROR_MAX]);
void detection_warn(struct detection *d, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

#endif
