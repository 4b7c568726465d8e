/* Where the shipped files are. */
#ifndef FALCOTOP_APP_DATADIR_H
#define FALCOTOP_APP_DATADIR_H

/* Sets FALCOTOP_DATADIR when it is not set and the files lie near the program. Before any thread
 * exists. */
void datadir_find(void);

#endif
