/*
 * journal.c - the server's log: lines for the application's callback.
 *
 * Lines may quote what a peer sent, so control characters are replaced: a
 * tensor's name shall not write log lines of its own.
 */
#include "serve/journal.h"

#include <stdarg.h>
#include <stdio.h>

#define LINE_SIZE 1001

void clv_journal_write(const struct clv_journal *journal,
                       cleave_log_level level, const char *format, ...)
{
    char line[LINE_SIZE];
    va_list args;

    if (journal->log == NULL) {
        return;
    }
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    for (char *c = line; *c != '\0'; c++) {
        if ((unsigned char)*c < 0x20 || *c == 0x7f) {
            *c = '?';
        }
    }
    journal->log(journal->self, level, line);
}
