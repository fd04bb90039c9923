/*
 * gnuplot.h - drawing by gnuplot, a program that may not be there.
 *
 * A script is a buffer of at most GNUPLOT_MAX bytes that holds all, the data,
 * too; where it draws to is not its affair.
 */
#ifndef CLEAVE_TOOL_GNUPLOT_H
#define CLEAVE_TOOL_GNUPLOT_H

#include "base/buffer.h"
#include "cleave/status.h"

#define GNUPLOT_MAX ((size_t)64 << 20)

/* CLEAVE_NOT_FOUND, saying what to install, if there is no gnuplot. */
cleave_status gnuplot_check(cleave_error *err);

/* Appends text within single quotes. */
void gnuplot_quote(struct clv_buffer *script, const char *text);

/*
 * Runs the script and writes what it draws to `path`, whole or not at all.
 * CLEAVE_NOT_FOUND as above; CLEAVE_IO if gnuplot fails, with its words.
 */
cleave_status gnuplot_draw(const struct clv_buffer *script, const char *path,
                           cleave_error *err);

#endif
