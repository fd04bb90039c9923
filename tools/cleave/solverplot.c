/*
 * solverplot.c - the trade-off that designs are chosen from, as a script for
 * gnuplot.
 *
 * Every design that keeps all bounds is a dot, by its first two objectives (or
 * the only one, and memory); of very many designs every so many-th is drawn.
 * What is kept stands out, with its number.
 */
#include <math.h>
#include <stdio.h>

#include "base/fail.h"
#include "base/file.h"
#include "gnuplot.h"
#include "planning.h"
#include "plansolver.h"

#define DOTS 20000

struct trade {
    const struct plansolver *solver;
    struct clv_buffer script;
    struct clv_goal goals[2];
    double scales[2];
    const char *units[2];
};

static void set_goals(struct trade *t)
{
    const struct clv_goals *g = &t->solver->blueprint->goals;

    t->goals[0] = g->goals[0];
    t->goals[1] = g->goal_count > 1
                      ? g->goals[1]
                      : (struct clv_goal){
                            .task = CLV_ALL_TASKS,
                            .measure = {CLV_METRIC_MEMORY, CLV_STATISTIC_MEAN}};
    for (size_t i = 0; i < 2; i++) {
        t->scales[i] = planplot_axis(
            clv_metric_unit(t->goals[i].measure.metric), &t->units[i]);
    }
}

/* A design's dot; 0 if it has none. */
static int write_dot(struct trade *t, const struct clv_product *product,
                     const uint32_t *choice)
{
    double at[2];

    for (size_t i = 0; i < 2; i++) {
        double value = clv_product_value(product, choice, t->goals[i].task,
                                         t->goals[i].measure);
        if (!isfinite(value) || value == CLV_UNKNOWN) {
            return 0;
        }
        at[i] = value * t->scales[i];
    }
    clv_buffer_printf(&t->script, "%.9g %.9g", at[0], at[1]);
    return 1;
}

static void write_designs(struct trade *t)
{
    const struct clv_product *product = t->solver->now.product;
    double size = clv_product_size(product);
    double dots = fmin(size, DOTS);

    clv_buffer_printf(&t->script, "$designs << EOD\n");
    for (double i = 0; i < dots; i++) {
        uint32_t choice[CLV_SEATS];
        clv_product_choice(
            product, (uint64_t)fmin(floor(i * size / dots), 0x1p62), choice);
        if (clv_product_violation(product, choice, NULL) <= 0 &&
            write_dot(t, product, choice)) {
            clv_buffer_printf(&t->script, "\n");
        }
    }
    clv_buffer_printf(&t->script, "EOD\n");
}

static void write_kept(struct trade *t, struct plansolver *p)
{
    clv_buffer_printf(&t->script, "$kept << EOD\n");
    for (size_t i = 0; i < p->switching->kept_count; i++) {
        uint32_t choice[CLV_SEATS];
        const struct clv_product *product =
            clv_outlook_place(&p->now, p->switching->kept[i].configs, choice);
        if (product != NULL && write_dot(t, product, choice)) {
            clv_buffer_printf(&t->script, " d%zu\n", i);
        }
    }
    clv_buffer_printf(&t->script, "EOD\n");
}

static void write_axis(struct trade *t, const char *axis, size_t which)
{
    char text[CLV_GOAL_TEXT];
    char label[CLV_GOAL_TEXT + 16];

    snprintf(
        label, sizeof label, "%s, %s",
        clv_goal_text(&t->goals[which], t->solver->blueprint->task_names, text),
        t->units[which]);
    clv_buffer_printf(&t->script, "set %slabel ", axis);
    gnuplot_quote(&t->script, label);
    clv_buffer_printf(&t->script, " noenhanced\n");
}

static void write_head(struct trade *t, const char *path)
{
    int is_png = clv_path_ends(path, ".png");

    clv_buffer_printf(&t->script, "set terminal %s size 1100,700 %s\n",
                      is_png ? "pngcairo" : "svg",
                      is_png ? "" : "dynamic background rgb 'white'");
    clv_buffer_printf(&t->script,
                      "set grid lc rgb '#dddddd'\nset key outside right\n"
                      "set title 'designs that keep all bounds'\n");
    write_axis(t, "x", 0);
    write_axis(t, "y", 1);
}

cleave_status solverplot_draw(struct plansolver *p, const char *path,
                              cleave_error *err)
{
    struct trade t = {.solver = p};
    cleave_status status;

    if (p->blueprint->goals.goal_count == 0) {
        return clv_fail(err, CLEAVE_INVALID, "--plot",
                        "Without objectives there is nothing to draw.");
    }
    set_goals(&t);
    clv_buffer_init(&t.script, GNUPLOT_MAX);
    write_head(&t, path);
    write_designs(&t);
    write_kept(&t, p);
    clv_buffer_printf(
        &t.script,
        "plot $designs using 1:2 with points pt 7 ps 0.3 lc rgb '#56b4e9' "
        "title 'designs', $kept using 1:2 with points pt 7 ps 1.2 lc rgb "
        "'#d55e00' title 'kept', $kept using 1:2:3 with labels left offset "
        "0.8,0.5 noenhanced notitle\n");
    status = gnuplot_draw(&t.script, path, err);
    clv_buffer_fini(&t.script);
    return status;
}
