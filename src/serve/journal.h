/*
 * journal.h - the server's log: lines for the application's callback.
 */
#ifndef CLV_JOURNAL_H
#define CLV_JOURNAL_H

#include "cleave/server.h"

struct clv_journal {
    cleave_log_fn log; /* NULL: silence */
    void *self;
};

/* Formats one line, cut at 1000 bytes. Thread-safe. */
void clv_journal_write(const struct clv_journal *journal,
                       cleave_log_level level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
