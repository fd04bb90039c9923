/*
 * planplot.c - what is chosen over bandwidth, as a script for gnuplot.
 *
 * One curve a policy: the value of the first objective of the design that it
 * takes at each bandwidth. On the curve of the policy that was asked for, a
 * mark stands wherever another design is taken, with its cut and packing
 * above; below it the design holds until the next mark.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/fail.h"
#include "base/file.h"
#include "gnuplot.h"
#include "planning.h"

#define POINTS 97
#define LOWEST_BPS 1e5
#define HIGHEST_BPS 1e9

/* Points between two labels, so that they can be read. */
#define LABEL_GAP 4

/* Colours that the colour-blind tell apart; the first is the policy's. */
static const char *const colours[] = {
    "#d55e00", "#000000", "#009e73", "#0072b2", "#e69f00",
    "#cc79a7", "#56b4e9", "#999999", "#8b4513", "#556b2f"};

#define COLOURS (sizeof colours / sizeof colours[0])

double planplot_axis(enum clv_unit unit, const char **ret_name)
{
    static const char *const names[] = {
        [CLV_UNIT_TIME] = "ms",    [CLV_UNIT_RATE] = "per s",
        [CLV_UNIT_BYTES] = "kB",   [CLV_UNIT_ENERGY] = "mJ",
        [CLV_UNIT_POINTS] = "pp",  [CLV_UNIT_SHARE] = "%",
        [CLV_UNIT_COUNT] = "MMACs"};
    static const double scales[] = {
        [CLV_UNIT_TIME] = 1e-6,  [CLV_UNIT_RATE] = 1,   [CLV_UNIT_BYTES] = 1e-3,
        [CLV_UNIT_ENERGY] = 1e3, [CLV_UNIT_POINTS] = 1, [CLV_UNIT_SHARE] = 100,
        [CLV_UNIT_COUNT] = 1e-6};

    *ret_name = names[unit];
    return scales[unit];
}

struct plot {
    const struct planning *planning;
    struct clv_buffer script;
    double scale;
    const char *unit;
    double lowest; /* of the policy's own curve */
    double highest;
};

static struct clv_conditions at_bandwidth(const struct planning *p, int point)
{
    struct clv_conditions c = p->conditions;
    double share = (double)point / (POINTS - 1);
    double bps = LOWEST_BPS * pow(HIGHEST_BPS / LOWEST_BPS, share);

    for (size_t i = 0; i < CLV_SERVERS; i++) {
        double ratio =
            c.reach[i].up_bps > 0 ? c.reach[i].down_bps / c.reach[i].up_bps : 1;
        c.reach[i].up_bps = bps;
        c.reach[i].down_bps = bps * ratio;
    }
    return c;
}

/* Where the first label is high and the next one low, more fit. */
static void write_label(struct plot *plot, struct clv_buffer *labels,
                        const struct clv_conditions *c, size_t candidate,
                        double value)
{
    const struct clv_space *space = &plot->planning->designs->space;
    const struct clv_candidate *row = &space->candidates[candidate];
    char packing[CLV_PACKING_TEXT] = "";
    char text[160];

    if (row->pack != CLV_NO_PACK) {
        clv_packing_text(&space->costs->packs[row->pack].packing, packing);
    }
    snprintf(text, sizeof text, "%.80s %s", space->costs->cuts[row->cut].name,
             packing);
    clv_buffer_printf(labels, "%.9g %.9g \"", c->reach[0].up_bps / 1e6, value);
    for (const char *s = text; *s != '\0'; s++) {
        if (*s != '"' && *s != '\\' && *s != '\n') {
            clv_buffer_append(labels, s, 1);
        }
    }
    clv_buffer_printf(labels, "\"\n");
}

/* The data of one policy's curve, and of its labels if they are wanted. */
static void write_curve(struct plot *plot, struct clv_scheduler *scheduler,
                        size_t number, struct clv_buffer *labels)
{
    const struct planning *p = plot->planning;
    size_t before = CLV_NONE;
    int labelled = -LABEL_GAP;

    clv_buffer_printf(&plot->script, "$curve%zu << EOD\n", number);
    for (int i = 0; i < POINTS; i++) {
        struct clv_conditions c = at_bandwidth(p, i);
        struct clv_choice choice;
        double value;
        clv_scheduler_decide(scheduler, &c, CLV_NONE, &choice);
        value = plot->scale *
                decision_value(p->designs, choice.candidate, &c,
                               p->designs->task->slo.objectives[0].measure);
        if (!isfinite(value)) {
            continue;
        }
        clv_buffer_printf(&plot->script, "%.9g %.9g %d\n",
                          c.reach[0].up_bps / 1e6, value, choice.is_feasible);
        if (labels != NULL) {
            plot->lowest = fmin(plot->lowest, value);
            plot->highest = fmax(plot->highest, value);
        }
        if (labels != NULL && choice.candidate != before &&
            i - labelled >= LABEL_GAP) {
            write_label(plot, labels, &c, choice.candidate, value);
            labelled = i;
            before = choice.candidate;
        }
    }
    clv_buffer_printf(&plot->script, "EOD\n");
}

/* 1 if the policy has a curve. */
static int write_policy(struct plot *plot, const struct clv_policy *policy,
                        size_t number, struct clv_buffer *labels)
{
    const struct planning *p = plot->planning;
    struct clv_scheduler *scheduler = NULL;

    if (policy->is_clairvoyant ||
        clv_scheduler_new(&p->designs->space, &p->designs->task->slo, policy,
                          &scheduler, NULL) != CLEAVE_OK) {
        return 0;
    }
    write_curve(plot, scheduler, number, labels);
    clv_scheduler_free(scheduler);
    return 1;
}

static void write_head(struct plot *plot, const char *path)
{
    const struct planning *p = plot->planning;
    const struct clv_objective *first = &p->designs->task->slo.objectives[0];
    struct clv_buffer *script = &plot->script;
    int is_png = clv_path_ends(path, ".png");
    char text[CLV_MEASURE_TEXT];
    char label[CLV_MEASURE_TEXT + 16];

    clv_buffer_printf(script, "set terminal %s size 1100,700 %s\n",
                      is_png ? "pngcairo" : "svg",
                      is_png ? "" : "dynamic background rgb 'white'");
    clv_buffer_printf(script,
                      "set logscale x\nset logscale y\n"
                      "set format x '%%g'\nset format y '%%g'\n"
                      "set grid lc rgb '#dddddd'\nset key outside right\n"
                      "set xlabel 'bandwidth, Mbit/s'\nset title ");
    gnuplot_quote(script, p->designs->task->name);
    snprintf(label, sizeof label, "%s, %s",
             clv_measure_text(first->measure, text), plot->unit);
    clv_buffer_printf(script, " noenhanced\nset ylabel ");
    gnuplot_quote(script, label);
    clv_buffer_printf(script, " noenhanced\n");
}

/* Dashes, so that a curve upon another hides it only in part. */
static void write_line(struct plot *plot, const struct clv_policy *policy,
                       size_t number)
{
    clv_buffer_printf(&plot->script,
                      "%s $curve%zu using 1:2 with lines lw %s dt %zu lc rgb "
                      "'%s' title '%s'",
                      number == 0 ? "plot" : ",", number,
                      number == 0 ? "4" : "1.5", number % 5 + 1,
                      colours[number % COLOURS], policy->name);
}

/* A baseline may be worse by powers of ten; ours is what is looked at. */
static void write_range(struct plot *plot)
{
    if (plot->lowest > 0 && isfinite(plot->highest)) {
        clv_buffer_printf(&plot->script, "set yrange [%.9g:%.9g]\n",
                          plot->lowest / 4, plot->highest * 8);
    }
}

/* All curves' data, then one plot of them: the policy's first and on top. */
static void write_script(struct plot *plot, struct clv_buffer *labels)
{
    const struct planning *p = plot->planning;
    size_t count = 0;
    const struct clv_policy *policies = clv_policies(&count);
    const struct clv_policy *drawn[COLOURS];
    size_t drawn_count = 0;

    drawn[drawn_count++] = p->policy;
    write_policy(plot, p->policy, 0, labels);
    for (size_t i = 0; i < count && drawn_count < COLOURS; i++) {
        if (strcmp(policies[i].name, p->policy->name) != 0 &&
            write_policy(plot, &policies[i], drawn_count, NULL)) {
            drawn[drawn_count++] = &policies[i];
        }
    }
    clv_buffer_printf(&plot->script, "$labels << EOD\n%.*sEOD\n",
                      (int)labels->size, (const char *)labels->data);
    write_range(plot);
    for (size_t i = 0; i < drawn_count; i++) {
        write_line(plot, drawn[i], i);
    }
    clv_buffer_printf(&plot->script,
                      ", $labels using 1:2 with points pt 7 ps 1 lc rgb '%s' "
                      "notitle, $labels using 1:2:3 with labels rotate by 35 "
                      "left offset 0.5,0.6 font ',9' noenhanced notitle\n",
                      colours[0]);
}

cleave_status planplot_draw(const struct planning *planning, const char *path,
                            cleave_error *err)
{
    enum clv_metric metric =
        planning->designs->task->slo.objectives[0].measure.metric;
    struct plot plot = {
        .planning = planning, .lowest = INFINITY, .highest = -INFINITY};
    struct clv_buffer labels;
    cleave_status status;

    plot.scale = planplot_axis(clv_metric_unit(metric), &plot.unit);
    clv_buffer_init(&plot.script, GNUPLOT_MAX);
    clv_buffer_init(&labels, GNUPLOT_MAX);
    write_head(&plot, path);
    write_script(&plot, &labels);
    status = clv_buffer_status(&labels) != CLEAVE_OK
                 ? clv_fail_memory(err, "plot", labels.size)
                 : gnuplot_draw(&plot.script, path, err);
    clv_buffer_fini(&plot.script);
    clv_buffer_fini(&labels);
    return status;
}
