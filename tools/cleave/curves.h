/*
 * curves.h - accuracy against bytes, drawn.
 */
#ifndef CLEAVE_TOOL_CURVES_H
#define CLEAVE_TOOL_CURVES_H

#include "ratetable.h"

/*
 * Draws a panel for each cut and in it a curve for each coder, and writes
 * the SVG, which appears whole or not at all. CLEAVE_IO if gnuplot fails, with
 * its words.
 */
cleave_status curves_draw(const struct ratetable *table, char *const *cuts,
                          size_t cut_count, double budget_pp, const char *path,
                          cleave_error *err);

#endif
