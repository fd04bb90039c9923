/*
 * bench_rass.c - choosing among a great many designs: how fast.
 *
 *     carin.rass_1e6     a million designs by columns: filter, optimality,
 *                        sort, select, table, on one core
 *     carin.exact_1e12   the best of four tasks with a thousand
 *                        configurations each, by bounds
 *     carin.table_1e6    the switching table of four tasks with 32
 *                        configurations each
 *
 * Values are drawn, with trade-offs between objectives as measured designs
 * have them. `--quick` measures a little, to try the benchmark itself.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench/chance.h"
#include "bench/tally.h"
#include "plan/exact.h"
#include "plan/rass.h"
#include "plan/switching.h"

#define DESIGNS ((size_t)1000000)
#define OBJECTIVES 6
#define BOUNDS 6
#define RASS_BAR_MS 100

static void must(int is_good, const char *what)
{
    if (!is_good) {
        fprintf(stderr, "bench: %s\n", what);
        exit(1);
    }
}

/* What one core has spent on this thread: others' load does not count. */
static double spent_s(void)
{
    struct timespec t;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
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
    double effort = chance_unit(c);

    columns[0][i] = 1e6 * exp(3 * effort + 0.5 * chance_unit(c));
    columns[1][i] = 0.9 - 0.3 * exp(-2 * effort) * (0.5 + chance_unit(c));
    columns[2][i] = columns[0][i] * 4e-9 * (0.5 + chance_unit(c));
    columns[3][i] = 1e7 * (1 + 10 * effort * chance_unit(c));
    columns[4][i] = 1 + chance_unit(c) * (1 + effort);
    columns[5][i] = 1e5 * chance_unit(c);
    memory[i] = columns[3][i];
    workload[i] = 1e8 * (0.2 + effort);
    processors[i] = 1 + (uint32_t)(3 * chance_unit(c));
}

/*
 * The published table: for each processor in trouble or not, and for memory,
 * the most optimal of what is kept that stays clear of it; else the best.
 * Returns how many different designs it has.
 */
static size_t fill_table(const struct clv_rass *rass,
                         const struct clv_rass_columns *columns,
                         uint8_t table[8])
{
    unsigned wanted = 0;

    for (unsigned state = 0; state < 8; state++) {
        double most = -1;
        table[state] = 0;
        for (uint8_t i = 0; i < rass->kept_count; i++) {
            const struct clv_rass_design *kept = &rass->kept[i];
            int is_clear = !(columns->processors[kept->design] & state & 3) &&
                           (!(state & 4) || columns->memory[kept->design] <=
                                                rass->memory_tenth);
            if (is_clear && kept->optimality > most) {
                most = kept->optimality;
                table[state] = i;
            }
        }
        wanted |= 1u << table[state];
    }
    return (size_t)__builtin_popcount(wanted);
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
    struct tally wall;
    uint8_t table[8];
    size_t wanted = 0;
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
    tally_init(&wall, repeats);
    for (size_t i = 0; i < repeats; i++) {
        int64_t started = tally_now_ns();
        double spent = spent_s();
        must(clv_rass_columns_solve(&columns, &rass, order, NULL) == CLEAVE_OK,
             "no design is feasible");
        wanted = fill_table(&rass, &columns, table);
        tally_add(&times, (spent_s() - spent) * 1e3);
        tally_add(&wall, (double)(tally_now_ns() - started) / 1e6);
    }
    json_object_set_new(context, "designs", json_integer((json_int_t)designs));
    json_object_set_new(context, "feasible",
                        json_integer((json_int_t)rass.feasible));
    json_object_set_new(context, "kept",
                        json_integer((json_int_t)rass.kept_count));
    json_object_set_new(context, "in_table", json_integer((json_int_t)wanted));
    tally_describe(context, "core_ms", &times);
    tally_describe(context, "wall_ms", &wall);
    tally_row("carin.rass_1e6",
              "RASS on a million designs with 6 objectives and 6 bounds, one "
              "core (its time): filter, optimality, sort, "
              "select, table",
              tally_median(&times), "ms", RASS_BAR_MS, context);
    tally_fini(&times);
    tally_fini(&wall);
    for (size_t g = 0; g < OBJECTIVES; g++) {
        free(objectives[g]);
    }
    free(memory);
    free(workload);
    free(processors);
    free(order);
}

/* -- Four tasks of a thousand configurations -- */

#define TASKS 4
#define VARIANTS 250
#define ENGINES 4
#define EXACT_BAR_S 2

struct application {
    struct clv_costs costs[TASKS];
    struct clv_space spaces[TASKS];
    struct clv_slo slos[TASKS];
    struct clv_slo all;
    struct clv_goals goals;
    struct clv_product_task tasks[TASKS];
    struct clv_contention contention;
    struct clv_product_options options;
};

static const char *const engine_names[ENGINES] = {
    "cpu:threads=1", "cpu:threads=2", "webgpu", "cuda"};

static struct clv_spread spread_of(struct chance *c, double mean)
{
    double values[20];

    for (size_t i = 0; i < 20; i++) {
        values[i] = mean * (0.9 + 0.3 * chance_unit(c));
    }
    return clv_spread_of(values, 20);
}

static void put_variant(struct chance *c, struct clv_costs *costs,
                        uint32_t number)
{
    double effort = chance_unit(c);
    char name[32];
    char metric[] = "top1";
    char output[] = "output";
    struct clv_cost_variant variant = {
        .name = name,
        .metric = metric,
        .size_bytes = (uint64_t)(1e7 * (0.2 + effort)),
        .macs = (uint64_t)(1e9 * (0.1 + effort)),
        .score = 0.85 - 0.4 * exp(-3 * effort) - 0.1 * chance_unit(c),
    };
    struct clv_cost_cut cut = {.tensors = 1, .name = output, .head_share = 1};
    uint32_t index;

    snprintf(name, sizeof name, "net%u", number);
    variant.score_low = variant.score_high = variant.score;
    must(clv_costs_variant(costs, &variant, &cut.variant, NULL) == CLEAVE_OK,
         "no variant");
    must(clv_costs_cut(costs, &cut, &index, NULL) == CLEAVE_OK, "no cut");
    for (uint32_t e = 0; e < ENGINES; e++) {
        double ns =
            5e7 * (0.05 + effort) * (0.5 + chance_unit(c)) / (1 + 0.7 * e);
        struct clv_cost_head head = {
            .cut = index,
            .engine = e,
            .time_ns = spread_of(c, ns),
            .memory_bytes =
                3e7 * (0.3 + effort + 0.4 * chance_unit(c)) * (1 + e),
            .energy_j = ns * 3e-9 * (1 + e) * (0.7 + 0.6 * chance_unit(c)),
        };
        must(clv_costs_head(costs, &head, NULL) == CLEAVE_OK, "no head");
    }
}

static void wish(struct clv_slo *slo, const char *measure)
{
    struct clv_objective *o = &slo->objectives[slo->objective_count++];

    must(clv_measure_parse(measure, &o->measure, NULL) == CLEAVE_OK, measure);
    o->maximize = clv_metric_more_is_better(o->measure.metric);
}

/* One task, and so many busy threads of others. */
static void press(struct chance *c, struct clv_contention *contention)
{
    for (uint32_t trial = 0; trial < 2 * TASKS * ENGINES; trial++) {
        uint32_t i = trial % TASKS;
        struct clv_contention_row row = {
            .company = {.tasks = TASKS, .hogs = 1 + trial / TASKS / ENGINES},
            .task = i};
        for (size_t t = 0; t < TASKS; t++) {
            row.company.seats[t] = CLV_NO_SEAT;
            row.company.duties[t] = 1;
        }
        row.company.seats[i] = trial / TASKS % ENGINES;
        row.alone_ns = spread_of(c, 1e7);
        row.together_ns =
            spread_of(c, 1e7 * (1 + row.company.hogs * chance_unit(c)));
        must(clv_contention_add(contention, &row, NULL) == CLEAVE_OK,
             "no trial");
    }
}

static void contend(struct chance *c, struct clv_contention *contention)
{
    for (uint32_t pair = 0; pair < TASKS * TASKS * ENGINES * ENGINES; pair++) {
        uint32_t i = pair % TASKS;
        uint32_t k = pair / TASKS % TASKS;
        uint32_t e = pair / TASKS / TASKS % ENGINES;
        uint32_t f = pair / TASKS / TASKS / ENGINES;
        double much = 1 + chance_unit(c) * (e == f ? 0.9 : 0.2);
        struct clv_contention_row row = {.company = {.tasks = TASKS},
                                         .task = i};
        if (i == k) {
            continue;
        }
        for (size_t t = 0; t < TASKS; t++) {
            row.company.seats[t] = t == i ? e : t == k ? f : CLV_NO_SEAT;
            row.company.duties[t] = 1;
        }
        row.alone_ns = spread_of(c, 1e7);
        row.together_ns = spread_of(c, 1e7 * much);
        must(clv_contention_add(contention, &row, NULL) == CLEAVE_OK,
             "no trial");
    }
}

/* Each variant on each engine for each task, and six objectives. */
static void application_init(struct application *a, uint64_t seed,
                             uint32_t variants, int is_contended)
{
    static const char *const names[TASKS] = {"scene", "faces", "words",
                                             "objects"};
    struct clv_power power = {4, 2, 1};
    const struct clv_slo *slos[TASKS];
    struct chance c = {seed};
    uint32_t index;

    memset(a, 0, sizeof *a);
    for (size_t i = 0; i < TASKS; i++) {
        clv_costs_init(&a->costs[i]);
        for (size_t e = 0; e < ENGINES; e++) {
            must(clv_costs_engine(&a->costs[i], engine_names[e], &index,
                                  NULL) == CLEAVE_OK,
                 "no engine");
        }
        for (uint32_t v = 0; v < variants; v++) {
            put_variant(&c, &a->costs[i], v);
        }
        must(clv_space_init(&a->spaces[i], &a->costs[i], &power, NULL) ==
                 CLEAVE_OK,
             "no designs");
        wish(&a->slos[i], i < 2 ? "latency.p95" : "accuracy");
        slos[i] = &a->slos[i];
        a->tasks[i] =
            (struct clv_product_task){names[i], &a->spaces[i], &a->slos[i], 0};
    }
    wish(&a->all, "energy");
    wish(&a->all, is_contended ? "stp" : "memory");
    must(clv_goals_init(&a->goals, slos, TASKS, &a->all, NULL) == CLEAVE_OK,
         "no goals");
    if (is_contended) {
        contend(&c, &a->contention);
        press(&c, &a->contention);
    }
    a->options = (struct clv_product_options){
        .tasks = a->tasks,
        .task_count = TASKS,
        .engines = engine_names,
        .engine_count = ENGINES,
        .goals = &a->goals,
        .contention = &a->contention,
        .situation = {.conditions = clv_conditions_reference(0),
                      .memory_bytes = 2e8},
    };
}

static void application_fini(struct application *a)
{
    for (size_t i = 0; i < TASKS; i++) {
        clv_space_fini(&a->spaces[i]);
        clv_costs_fini(&a->costs[i]);
    }
    clv_contention_fini(&a->contention);
}

struct found {
    double seconds;
    double designs;
    uint64_t visited;
    int is_proven;
};

static struct found find_best(uint64_t seed, int is_contended)
{
    static struct application a;
    struct clv_exact_question nothing = {0};
    struct clv_product *product;
    struct clv_yardstick yardstick;
    struct clv_exact_answer answer;
    struct found found;
    int64_t started;

    application_init(&a, seed, VARIANTS, is_contended);
    must(clv_product_new(&a.options, &product, NULL) == CLEAVE_OK,
         "no product");
    started = tally_now_ns();
    must(clv_exact_yardstick(product, &yardstick, NULL, NULL) == CLEAVE_OK,
         "no yardstick");
    must(clv_exact_solve(product, &yardstick, &nothing, &answer, NULL) ==
             CLEAVE_OK,
         "no design");
    found = (struct found){(double)(tally_now_ns() - started) / 1e9,
                           clv_product_size(product), answer.visited,
                           answer.is_proven};
    clv_product_free(product);
    application_fini(&a);
    return found;
}

static void exact_section(size_t repeats)
{
    json_t *context = tally_context();
    struct tally times[2];
    struct found worst = {.is_proven = 1};

    for (int is_contended = 0; is_contended < 2; is_contended++) {
        tally_init(&times[is_contended], repeats);
        for (size_t i = 0; i < repeats; i++) {
            struct found f = find_best(42 + i, is_contended);
            tally_add(&times[is_contended], f.seconds);
            worst.designs = f.designs;
            worst.visited =
                f.visited > worst.visited ? f.visited : worst.visited;
            worst.is_proven &= f.is_proven;
        }
    }
    json_object_set_new(context, "designs", json_real(worst.designs));
    json_object_set_new(context, "visited",
                        json_integer((json_int_t)worst.visited));
    json_object_set_new(context, "proven", json_boolean(worst.is_proven));
    tally_describe(context, "alone_s", &times[0]);
    tally_describe(context, "contended_s", &times[1]);
    tally_row("carin.exact_1e12",
              "the best of 10^12 designs (4 tasks of 1,000 configurations, 6 "
              "objectives, a bound on memory), the slowest of several drawn "
              "instances, with and without contention",
              fmax(tally_rank(&times[0], 100), tally_rank(&times[1], 100)), "s",
              EXACT_BAR_S, context);
    tally_fini(&times[0]);
    tally_fini(&times[1]);
}

/* -- A table -- */

/* For each task so many on each engine: 2^20 designs. */
#define TABLE_VARIANTS 8

static void table_section(uint32_t variants, size_t repeats)
{
    static struct application a;
    struct clv_switching_options options;
    struct clv_switching *table = NULL;
    json_t *context = tally_context();
    struct tally times;

    application_init(&a, 42, variants, 1);
    a.options.situation.memory_bytes = INFINITY;
    options = (struct clv_switching_options){.product = a.options};
    tally_init(&times, repeats);
    for (size_t i = 0; i < repeats; i++) {
        double spent = spent_s();
        clv_switching_free(table);
        must(clv_switching_new(&options, &table, NULL) == CLEAVE_OK,
             "no table");
        tally_add(&times, spent_s() - spent);
    }
    json_object_set_new(context, "designs",
                        json_real(pow((double)variants * ENGINES, TASKS)));
    json_object_set_new(context, "states",
                        json_integer((json_int_t)table->state_count));
    json_object_set_new(context, "kept",
                        json_integer((json_int_t)table->kept_count));
    tally_describe(context, "core_s", &times);
    tally_row("carin.table_1e6",
              "the switching table of a million designs: each state solved, "
              "the table drafted and proven, one core (its time)",
              tally_median(&times), "s", 0, context);
    tally_fini(&times);
    clv_switching_free(table);
    application_fini(&a);
}

int main(int argc, char **argv)
{
    int quick = argc > 1 && strcmp(argv[1], "--quick") == 0;

    rass_section(quick ? DESIGNS / 100 : DESIGNS, quick ? 2 : 15);
    exact_section(quick ? 1 : 5);
    table_section(quick ? 2 : TABLE_VARIANTS, quick ? 1 : 5);
    return 0;
}
