/*
 * curves.c - accuracy against bytes, as a script for gnuplot.
 */
#include "curves.h"

#include <string.h>

#include "base/buffer.h"
#include "gnuplot.h"

#define PANEL_WIDTH 520
#define PANEL_HEIGHT 360
#define COLUMNS 2

/* Colours that the colour-blind tell apart (Okabe and Ito). */
static const char *const colours[] = {"#000000", "#d55e00", "#009e73",
                                      "#0072b2", "#e69f00", "#cc79a7"};

static int belongs(const struct ratetable_row *row, const char *cut, int coder)
{
    return (int)row->packing.coder == coder && strcmp(row->cut, cut) == 0;
}

static int has_curve(const struct ratetable *table, const char *cut, int coder)
{
    int found = 0;

    for (size_t i = 0; i < table->count; i++) {
        found |= belongs(&table->rows[i], cut, coder);
    }
    return found;
}

static void write_data(struct clv_buffer *script, const struct ratetable *table,
                       const char *cut, size_t panel)
{
    for (int coder = 0; coder < 6; coder++) {
        if (!has_curve(table, cut, coder)) {
            continue;
        }
        clv_buffer_printf(script, "$d%zu_%d << EOD\n", panel, coder);
        for (size_t i = 0; i < table->count; i++) {
            const struct ratetable_row *row = &table->rows[i];
            if (belongs(row, cut, coder)) {
                clv_buffer_printf(script, "%.9g %.9g %.9g %.9g\n",
                                  row->rate.bytes, row->rate.change_pp,
                                  row->rate.ci_low_pp, row->rate.ci_high_pp);
            }
        }
        clv_buffer_printf(script, "EOD\n");
    }
}

static void write_panel(struct clv_buffer *script,
                        const struct ratetable *table, const char *cut,
                        size_t panel, double budget_pp)
{
    const char *before = "plot";

    write_data(script, table, cut, panel);
    clv_buffer_printf(script, "set title ");
    gnuplot_quote(script, cut);
    clv_buffer_printf(script, " noenhanced\n");
    for (int coder = 0; coder < 6; coder++) {
        if (!has_curve(table, cut, coder)) {
            continue;
        }
        clv_buffer_printf(script,
                          "%s $d%zu_%d using 1:2:3:4 with yerrorbars pt 7 "
                          "ps 0.3 lw 0.4 lc rgb '%s' notitle, "
                          "$d%zu_%d using 1:2 with lines lw 2 lc rgb '%s' "
                          "title '%s'",
                          before, panel, coder, colours[coder], panel, coder,
                          colours[coder],
                          clv_coder_name((enum clv_coder)coder));
        before = ",";
    }
    if (before[0] == ',') {
        clv_buffer_printf(script, ", %.9g lc rgb '#888888' dt 2 notitle\n",
                          -budget_pp);
    }
}

static void write_script(struct clv_buffer *script,
                         const struct ratetable *table, char *const *cuts,
                         size_t count, double budget_pp)
{
    size_t columns = count < COLUMNS ? 1 : COLUMNS;
    size_t rows = (count + columns - 1) / columns;
    double depth = budget_pp > 1 ? 6 * budget_pp : 6;

    clv_buffer_printf(
        script,
        "set terminal svg size %zu,%zu dynamic "
        "background rgb 'white'\n"
        "set multiplot layout %zu,%zu\n"
        "set logscale x\nset format x '%%.0s%%c'\nset grid lc rgb '#dddddd'\n"
        "set key bottom right\nset xlabel 'bytes an input'\n"
        "set ylabel 'change, points'\nset yrange [%.9g:%.9g]\n",
        columns * PANEL_WIDTH, rows * PANEL_HEIGHT, rows, columns, -depth,
        depth / 3);
    for (size_t i = 0; i < count; i++) {
        write_panel(script, table, cuts[i], i, budget_pp);
    }
    clv_buffer_printf(script, "unset multiplot\n");
}

cleave_status curves_draw(const struct ratetable *table, char *const *cuts,
                          size_t cut_count, double budget_pp, const char *path,
                          cleave_error *err)
{
    struct clv_buffer script;
    cleave_status status;

    clv_buffer_init(&script, GNUPLOT_MAX);
    write_script(&script, table, cuts, cut_count, budget_pp);
    status = gnuplot_draw(&script, path, err);
    clv_buffer_fini(&script);
    return status;
}
