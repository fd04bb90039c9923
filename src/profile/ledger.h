/*
 * ledger.h - measurements as they come, so that a run cut off loses none.
 *
 * A ledger is a file of lines. The first says what the measurements belong
 * to, by a key that its owner makes of everything that changes their
 * numbers; each other one is a row (row.h). A line is appended and on disk
 * before the next measurement begins. Whatever is killed when, a file is
 * whole lines and perhaps the beginning of one more, which opening removes.
 *
 * One process has a ledger at a time; a second one is turned away.
 * Belongs to one thread.
 */
#ifndef CLV_LEDGER_H
#define CLV_LEDGER_H

#include <stddef.h>

#include "cleave/status.h"
#include "profile/row.h"

/* The largest file that is read. */
#define CLV_LEDGER_BYTES ((size_t)64 << 20)

struct clv_ledger;

/*
 * Opens the ledger at `path`, or begins one. `key` is one word. With `fresh`
 * what is there is thrown away. CLEAVE_MISMATCH if the file has another key,
 * CLEAVE_CORRUPT if it is no ledger (and then it stays as it is, fresh or
 * not), CLEAVE_BUSY if another process has it, CLEAVE_IO. The caller closes.
 */
cleave_status clv_ledger_open(const char *path, const char *key, int fresh,
                              struct clv_ledger **ret_ledger,
                              cleave_error *err);

/* Takes NULL. */
void clv_ledger_close(struct clv_ledger *ledger);

/* How many rows there are. */
size_t clv_ledger_count(const struct clv_ledger *ledger);

/* The row of this cut and packing, NULL if there is none. Borrowed until the
   next append. */
const struct clv_row *clv_ledger_find(const struct clv_ledger *ledger,
                                      const char *cut,
                                      const struct clv_packing *packing);

/* Appends a row. CLEAVE_IO on a full disk and the like. */
cleave_status clv_ledger_append(struct clv_ledger *ledger, const char *cut,
                                const struct clv_packing *packing,
                                const struct clv_rate *rate, cleave_error *err);

#endif
