/* Clocks. Tests inject time with clock_set(). */
#ifndef FALCOTOP_BASE_CLOCK_H
#define FALCOTOP_BASE_CLOCK_H

#include <stdint.h>

#define NSEC_PER_SEC 1000000000LL

int64_t clock_wall(void); /* ns since 1970, UTC */
int64_t clock_mono(void); /* ns, for durations and rates: never jumps */
/* Freezes clock_wall() at ns (a test); 0 lets it run again. */
void clock_set(int64_t ns);

#endif
