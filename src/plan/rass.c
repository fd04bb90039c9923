/*
 * rass.c - RASS: the few designs worth keeping, of all designs of a product.
 *
 * A product that is small enough is written out as columns, the last task's
 * list being a stretch of rows at a time: sums over the other tasks stay the
 * same there. Only what keeps all bounds is written. The rows come seating by
 * seating and so not in the order of designs' numbers, which therefore go
 * along.
 */
#include "plan/rass.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "plan/obstacle.h"
#include "plan/rassbound.h"
#include "plan/seating.h"

void clv_rass_keep(struct clv_rass *rass, const struct clv_rass_design *design)
{
    for (size_t i = 0; i < rass->kept_count; i++) {
        struct clv_rass_design *kept = &rass->kept[i];
        if (kept->design == design->design) {
            kept->roles |= design->roles;
            kept->optimality = fmax(kept->optimality, design->optimality);
            return;
        }
    }
    if (rass->kept_count < CLV_RASS_KEPT) {
        rass->kept[rass->kept_count++] = *design;
    }
}

double clv_rass_slightly_more(double tenth, double best)
{
    return best > 0 && isfinite(best) ? tenth + CLV_RASS_SLIGHT * best : tenth;
}

/* -- Writing designs out -- */

/* What is written: goals, then memory and workload. */
#define WRITTEN (CLV_GOALS + 2)

struct writing {
    struct clv_seating *seating;
    size_t written;         /* columns */
    size_t source[WRITTEN]; /* of the seating's */
    double *columns[WRITTEN];
    uint32_t *processors;
    uint64_t *numbers;
    size_t count;
    double *stretch; /* rows of one stretch, a column after the other */
    uint8_t *is_in;
    size_t room; /* of a stretch */
};

/* What the tasks but the last one have come to. */
struct prefix {
    double sum;
    double least;
    double greatest;
};

static struct prefix prefix_of(const struct clv_seating *s, size_t column,
                               const uint32_t *at)
{
    struct prefix p = {0, INFINITY, 0};

    for (size_t i = 0; i + 1 < s->tasks; i++) {
        double term = s->seated[i].terms[column * s->seated[i].room + at[i]];
        p.sum += term;
        p.least = term < p.least ? term : p.least;
        p.greatest = term > p.greatest ? term : p.greatest;
    }
    return p;
}

/* One column of a stretch: the sums of clv_join, in its order. */
static void stretch_column(const struct clv_seating *s, size_t column,
                           const uint32_t *at, double *to)
{
    const struct clv_seated *last = &s->seated[s->tasks - 1];
    const double *term = last->terms + column * last->room;
    struct prefix p = prefix_of(s, column, at);
    double tasks = (double)s->tasks;

    for (size_t k = 0; k < last->count; k++) {
        to[k] = p.sum + term[k];
    }
    if (s->joining[column] == CLV_JOIN_MEAN) {
        for (size_t k = 0; k < last->count; k++) {
            to[k] /= tasks;
        }
    } else if (s->joining[column] == CLV_JOIN_RATIO) {
        for (size_t k = 0; k < last->count; k++) {
            double least = term[k] < p.least ? term[k] : p.least;
            double greatest = term[k] > p.greatest ? term[k] : p.greatest;
            to[k] = least / greatest;
        }
    }
}

static void filter_stretch(struct writing *w, size_t count)
{
    const struct clv_seating *s = w->seating;

    memset(w->is_in, 1, count);
    for (size_t b = 0; b < s->bounds; b++) {
        const double *value = w->stretch + (s->goals + b) * w->room;
        for (size_t k = 0; k < count; k++) {
            w->is_in[k] &= clv_bound_is_kept(&s->bound[b], value[k]) != 0;
        }
    }
    for (size_t g = 0; g < s->goals; g++) {
        const double *value = w->stretch + g * w->room;
        for (size_t k = 0; k < count; k++) {
            w->is_in[k] &= fabs(value[k]) < INFINITY;
        }
    }
}

static void write_stretch(struct writing *w, const uint32_t *at)
{
    const struct clv_seating *s = w->seating;
    const struct clv_product *p = s->product;
    size_t last = s->tasks - 1;
    size_t count = s->seated[last].count;
    uint32_t choice[CLV_SEATS];
    uint32_t used = 0;
    uint64_t number;

    clv_seating_choice(s, at, choice);
    for (size_t i = 0; i < last; i++) {
        used |= clv_product_processor(p, &p->parts[i].configs[choice[i]]);
    }
    choice[last] = 0;
    number = clv_product_number(p, choice);
    for (size_t k = 0; k < count; k++) {
        uint32_t config = s->seated[last].configs[k];
        if (!w->is_in[k]) {
            continue;
        }
        for (size_t c = 0; c < w->written; c++) {
            w->columns[c][w->count] = w->stretch[w->source[c] * w->room + k];
        }
        w->processors[w->count] =
            used | clv_product_processor(p, &p->parts[last].configs[config]);
        w->numbers[w->count++] = number + config;
    }
}

/* The next choice of all tasks but the last one; 0 after the last. */
static int next_prefix(const struct clv_seating *s, uint32_t *at)
{
    for (size_t i = s->tasks - 1; i > 0; i--) {
        if (++at[i - 1] < s->seated[i - 1].count) {
            return 1;
        }
        at[i - 1] = 0;
    }
    return 0;
}

static void write_seating(struct writing *w)
{
    const struct clv_seating *s = w->seating;
    uint32_t at[CLV_SEATS] = {0};

    if (clv_seating_designs(s) < 1) {
        return;
    }
    do {
        for (size_t c = 0; c < s->columns; c++) {
            stretch_column(s, c, at, w->stretch + c * w->room);
        }
        filter_stretch(w, s->seated[s->tasks - 1].count);
        write_stretch(w, at);
    } while (next_prefix(s, at));
}

static void write_all(struct writing *w)
{
    uint32_t chairs[CLV_SEATS] = {0};

    do {
        clv_seating_fill(w->seating, chairs, 0);
        write_seating(w);
    } while (clv_seating_next(w->seating->product, chairs));
}

static cleave_status writing_init(struct writing *w,
                                  struct clv_seating *seating,
                                  cleave_error *err)
{
    const struct clv_product *p = seating->product;
    size_t designs = (size_t)clv_product_size(p);
    int all;

    *w = (struct writing){.seating = seating,
                          .written = seating->goals + 2,
                          .room = p->parts[seating->tasks - 1].count};
    w->processors = malloc(designs * sizeof *w->processors);
    w->numbers = malloc(designs * sizeof *w->numbers);
    w->stretch = malloc(w->room * seating->columns * sizeof *w->stretch);
    w->is_in = malloc(w->room);
    all = w->processors && w->numbers && w->stretch && w->is_in;
    for (size_t c = 0; c < w->written; c++) {
        w->columns[c] = malloc(designs * sizeof *w->columns[c]);
        w->source[c] = c;
        all = all && w->columns[c] != NULL;
    }
    w->source[seating->goals] = clv_seating_memory(seating);
    w->source[seating->goals + 1] = clv_seating_workload(seating);
    return all ? CLEAVE_OK
               : clv_fail_memory(err, "rass",
                                 designs * w->written * sizeof(double));
}

static void writing_fini(struct writing *w)
{
    for (size_t c = 0; c < w->written; c++) {
        free(w->columns[c]);
    }
    free(w->processors);
    free(w->numbers);
    free(w->stretch);
    free(w->is_in);
}

/* -- Solving -- */

static cleave_status solve_written(const struct writing *w,
                                   struct clv_rass *ret_rass, cleave_error *err)
{
    const struct clv_seating *s = w->seating;
    const struct clv_goals *goals = s->product->options.goals;
    const double *objectives[CLV_GOALS];
    int maximize[CLV_GOALS];
    struct clv_rass_columns columns = {
        .designs = w->count,
        .numbers = w->numbers,
        .objectives = objectives,
        .maximize = maximize,
        .objective_count = s->goals,
        .memory = w->columns[s->goals],
        .workload = w->columns[s->goals + 1],
        .processors = w->processors,
    };

    for (size_t g = 0; g < s->goals; g++) {
        objectives[g] = w->columns[g];
        maximize[g] = goals->goals[g].maximize;
    }
    return clv_rass_columns_solve(&columns, ret_rass, NULL, err);
}

static cleave_status solve_small(const struct clv_product *product,
                                 struct clv_rass *ret_rass, cleave_error *err)
{
    struct clv_seating seating = {0};
    struct writing w = {.written = 0};
    cleave_status status = clv_seating_init(&seating, product, err);

    if (status == CLEAVE_OK) {
        status = writing_init(&w, &seating, err);
    }
    if (status == CLEAVE_OK) {
        write_all(&w);
        status =
            w.count > 0 ? solve_written(&w, ret_rass, err) : CLEAVE_NOT_FOUND;
    }
    writing_fini(&w);
    clv_seating_fini(&seating);
    return status;
}

cleave_status clv_rass_try(const struct clv_product *product,
                           struct clv_rass *ret_rass, cleave_error *err)
{
    return clv_product_size(product) <= CLV_RASS_MOST
               ? solve_small(product, ret_rass, err)
               : clv_rassbound_solve(product, ret_rass, err);
}

cleave_status clv_rass_solve(const struct clv_product *product,
                             struct clv_rass *ret_rass, cleave_error *err)
{
    cleave_status status = clv_rass_try(product, ret_rass, err);

    return status == CLEAVE_NOT_FOUND ? clv_obstacle_fail(product, err)
                                      : status;
}

double clv_rass_rate(const struct clv_rass *rass,
                     const struct clv_product *product, const uint32_t *choice)
{
    const struct clv_goals *goals = product->options.goals;
    uint64_t number = clv_product_number(product, choice);
    double values[CLV_GOALS];

    for (size_t i = 0; i < rass->kept_count; i++) {
        if (rass->kept[i].design == number) {
            return rass->kept[i].optimality;
        }
    }
    for (size_t g = 0; g < goals->goal_count; g++) {
        values[g] = clv_product_value(product, choice, goals->goals[g].task,
                                      goals->goals[g].measure);
    }
    return clv_yardstick_optimality(&rass->yardstick, values);
}
