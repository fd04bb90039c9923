/*
 * bench_rass.c - choosing among a great many designs: how fast.
 *
 *     carin.rass_1e6     a million designs by columns: filter, optimality,
 *                        sort, select, on one core
 *     carin.exact_1e12   the best of four tasks with a thousand
 *                        configurations each, by bounds
 *
 * Values are drawn, with trade-offs between objectives as measured designs
 * have them. `--quick` measures a little, to try the benchmark itself.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/tally.h"
#include "plan/rass.h"

#define DESIGNS ((size_t)1000000)
#define OBJECTIVES 6
#define BOUNDS 6
#define RASS_BAR_MS 100

struct chance {
    uint64_t state;
};

static double unit(struct chance *c)
{
    c->state ^= c->state << 13;
    c->state ^= c->state >> 7;
    c->state ^= c->state << 17;
    return (double)(c->state >> 11) * 0x1p-53;
}

static void must(int is_good, const char *what)
{
    if (!is_good) {
        fprintf(stderr, "bench: %s\n", what);
        exit(1);
    }
}

static double *column(size_t count)
{
    double *values = malloc(count * sizeof *values);

    must(values != NULL, "no memory");
    return values;
}

/* -- A million designs -- */

/* Time and accuracy pull one way, memory and energy go along with time. */
static void draw_design(struct chance *c, double *const *columns,
                        double *memory, double *workload, uint32_t *processors,
                        size_t i)
{
    double effort = unit(c);

    columns[0][i] = 1e6 * exp(3 * effort + 0.5 * unit(c));
    columns[1][i] = 0.9 - 0.3 * exp(-2 * effort) * (0.5 + unit(c));
    columns[2][i] = columns[0][i] * 4e-9 * (0.5 + unit(c));
    columns[3][i] = 1e7 * (1 + 10 * effort * unit(c));
    columns[4][i] = 1 + unit(c) * (1 + effort);
    columns[5][i] = 1e5 * unit(c);
    memory[i] = columns[3][i];
    workload[i] = 1e8 * (0.2 + effort);
    processors[i] = 1 + (uint32_t)(3 * unit(c));
}

static void rass_section(size_t designs, size_t repeats)
{
    static const int maximize[OBJECTIVES] = {0, 1, 0, 0, 0, 0};
    static const double most[BOUNDS] = {18e6, 0.45, 0.08, 9e7, 2.8, 9.8e4};
    struct clv_constraint bounds[BOUNDS] = {{.at_least = 0}};
    struct chance c = {42};
    struct clv_rass_columns columns = {.designs = designs,
                                       .objective_count = OBJECTIVES,
                                       .bound_count = BOUNDS,
                                       .maximize = maximize,
                                       .bounds = bounds};
    double *objectives[OBJECTIVES];
    double *memory = column(designs);
    double *workload = column(designs);
    uint32_t *processors = malloc(designs * sizeof *processors);
    uint32_t *order = malloc(designs * sizeof *order);
    struct clv_rass rass = {.kept_count = 0};
    struct tally times;
    json_t *context = tally_context();

    must(processors != NULL && order != NULL, "no memory");
    for (size_t g = 0; g < OBJECTIVES; g++) {
        objectives[g] = column(designs);
        bounds[g] =
            (struct clv_constraint){.at_least = maximize[g], .bound = most[g]};
    }
    for (size_t i = 0; i < designs; i++) {
        draw_design(&c, objectives, memory, workload, processors, i);
    }
    columns.objectives = (const double *const *)objectives;
    columns.bounded = (const double *const *)objectives;
    columns.memory = memory;
    columns.workload = workload;
    columns.processors = processors;
    tally_init(&times, repeats);
    for (size_t i = 0; i < repeats; i++) {
        int64_t started = tally_now_ns();
        must(clv_rass_columns_solve(&columns, &rass, order, NULL) == CLEAVE_OK,
             "no design is feasible");
        tally_add(&times, (double)(tally_now_ns() - started) / 1e6);
    }
    json_object_set_new(context, "designs", json_integer((json_int_t)designs));
    json_object_set_new(context, "feasible",
                        json_integer((json_int_t)rass.feasible));
    json_object_set_new(context, "kept",
                        json_integer((json_int_t)rass.kept_count));
    tally_describe(context, "ms", &times);
    tally_row("carin.rass_1e6",
              "RASS on a million designs with 6 objectives and 6 bounds, one "
              "core: filter, optimality, sort, select",
              tally_median(&times), "ms", RASS_BAR_MS, context);
    tally_fini(&times);
    for (size_t g = 0; g < OBJECTIVES; g++) {
        free(objectives[g]);
    }
    free(memory);
    free(workload);
    free(processors);
    free(order);
}

int main(int argc, char **argv)
{
    int quick = argc > 1 && strcmp(argv[1], "--quick") == 0;

    rass_section(quick ? DESIGNS / 100 : DESIGNS, quick ? 2 : 15);
    return 0;
}
