/*
 * decide.c - one decision over 20,000 designs of which none beats another.
 *
 * The space is made, not measured: device time, bytes and server time of each
 * design are drawn so that less of one is more of another, and all designs
 * that dominance could drop are drawn again, so that every decision has to
 * look at 20,000. Conditions are drawn for each decision anew, from 0.1 to
 * 1000 Mbit/s, as they never are in life: there the last choice is a good
 * guess for the next.
 *
 *     mean       minimize latency
 *     p95        minimize latency.p95, with latency.p99 and server_time bound
 *
 * Allocations are counted by the C library's own figures before and after.
 */
#include <malloc.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench/adapt_sections.h"
#include "bench/chance.h"
#include "bench/tally.h"
#include "codec/processor.h"
#include "plan/scheduler.h"

#define DESIGNS 20000
#define CUTS 200
#define DECISIONS 20000
#define P50_BAR_US 20
#define P99_BAR_US 50

static double between(struct chance *c, double low, double high)
{
    return low * pow(high / low, chance_unit(c));
}

static void must(cleave_status status, const cleave_error *err)
{
    if (status != CLEAVE_OK) {
        fprintf(stderr, "bench: %s: %s\n", err->where, err->text);
        exit(1);
    }
}

static struct clv_spread spread_of(struct chance *c, double mean, double share)
{
    double s = share * (0.5 + chance_unit(c));

    return (struct clv_spread){
        .mean = mean,
        .std = mean * s,
        .min = mean * fmax(0, 1 - 2 * s),
        .max = mean * (1 + 4 * s),
        .p50 = mean * (1 - s / 8),
        .p90 = mean * (1 + 1.3 * s),
        .p95 = mean * (1 + 1.8 * s),
        .p99 = mean * (1 + 2.8 * s),
        .count = 100,
    };
}

/* -- The space -- */

/*
 * The parts' own times are 0, so that designs are what is written into the
 * candidates afterwards: the sum of parts would leave no freedom.
 */
static void fill_costs(struct clv_costs *costs)
{
    cleave_error err = CLEAVE_ERROR_INIT;
    char name[32] = "net";
    char metric[] = "top1";
    struct clv_cost_variant variant = {.name = name, .metric = metric};
    uint32_t index;

    clv_costs_init(costs);
    must(clv_costs_engine(costs, "cpu", &index, &err), &err);
    must(clv_costs_server(costs, "http://server:8700", &index, &err), &err);
    must(clv_costs_variant(costs, &variant, &index, &err), &err);
    for (unsigned i = 0; i < CUTS; i++) {
        struct clv_cost_cut cut = {.tensors = 1, .name = name};
        struct clv_cost_head head = {.memory_bytes = CLV_UNKNOWN,
                                     .energy_j = CLV_UNKNOWN};
        struct clv_cost_tail tail = {0};
        struct clv_cost_pack pack = {0};
        snprintf(name, sizeof name, "cut%u", i);
        must(clv_costs_cut(costs, &cut, &index, &err), &err);
        head.cut = tail.cut = pack.cut = index;
        must(clv_costs_head(costs, &head, &err), &err);
        must(clv_costs_tail(costs, &tail, &err), &err);
        for (unsigned p = 0; p < DESIGNS / CUTS; p++) {
            must(clv_costs_pack(costs, &pack, &err), &err);
        }
    }
}

/*
 * A point of the surface x * y * z = 1, by logarithms: where one is less,
 * the product of the others is more, so none beats another.
 */
static void draw(struct chance *c, struct clv_candidate *candidate)
{
    double x = 6 * (chance_unit(c) - 0.5);
    double y = 6 * (chance_unit(c) - 0.5);
    double z = -(x + y);

    candidate->device_ns = spread_of(c, 5e7 * exp(x), 0.1);
    candidate->bytes_up = spread_of(c, 1e4 * exp(y), 0.2);
    candidate->server_ns = spread_of(c, 5e6 * exp(z), 0.2);
    candidate->bytes_down = 400;
}

static struct clv_conditions draw_conditions(struct chance *c)
{
    struct clv_conditions now = clv_conditions_reference(1);

    now.slowdown = between(c, 0.5, 20);
    now.reach[0].up_bps = between(c, 1e5, 1e9);
    now.reach[0].down_bps = between(c, 1e5, 1e9);
    now.reach[0].rtt_ns = between(c, 1e5, 1e8);
    now.reach[0].rate_std = 0.4 * chance_unit(c);
    now.reach[0].slowdown = between(c, 0.5, 5);
    now.reach[0].queue_ns = 1e6 * chance_unit(c);
    return now;
}

/* -- Measuring -- */

static struct clv_slo slo_of(int is_p95)
{
    struct clv_slo slo = clv_slo_default();

    slo.constraint_count = 0;
    if (is_p95) {
        slo.objectives[0].measure.statistic = CLV_STATISTIC_P95;
        slo.constraint_count = 2;
        slo.constraints[0] = (struct clv_constraint){
            .measure = {CLV_METRIC_LATENCY, CLV_STATISTIC_P99}, .bound = 4e8};
        slo.constraints[1] = (struct clv_constraint){
            .measure = {CLV_METRIC_SERVER_TIME, CLV_STATISTIC_MEAN},
            .bound = 1e7};
    }
    return slo;
}

struct measured {
    struct tally times;
    size_t allocated;
    size_t feasible;
    size_t size;
};

static void decide_often(struct clv_scheduler *scheduler, struct chance *c,
                         size_t decisions, struct measured *m)
{
    size_t before;

    tally_init(&m->times, decisions);
    before = mallinfo2().uordblks;
    for (size_t i = 0; i < decisions; i++) {
        struct clv_conditions now = draw_conditions(c);
        struct clv_choice choice;
        int64_t started = tally_now_ns();
        clv_scheduler_decide(scheduler, &now, CLV_NONE, &choice);
        tally_add(&m->times, (double)(tally_now_ns() - started) / 1e3);
        m->feasible += (size_t)choice.is_feasible;
    }
    m->allocated = mallinfo2().uordblks - before;
    m->size = clv_scheduler_size(scheduler);
}

static struct measured measure(const struct clv_space *space, int is_p95,
                               size_t decisions)
{
    struct measured m = {.size = 0};
    struct clv_slo slo = slo_of(is_p95);
    struct chance c = {4711};
    struct clv_scheduler *scheduler;
    cleave_error err = CLEAVE_ERROR_INIT;
    size_t count;

    must(clv_scheduler_new(space, &slo, clv_policies(&count), &scheduler, &err),
         &err);
    decide_often(scheduler, &c, decisions, &m);
    clv_scheduler_free(scheduler);
    return m;
}

static json_t *context_of(struct measured *p95, struct measured *mean)
{
    json_t *context = tally_context();

    json_object_set_new(context, "designs",
                        json_integer((json_int_t)p95->size));
    json_object_set_new(context, "feasible",
                        json_integer((json_int_t)p95->feasible));
    tally_describe(context, "p95_us", &p95->times);
    tally_describe(context, "mean_us", &mean->times);
    json_object_set_new(context, "mean_p99_us",
                        json_real(tally_rank(&mean->times, 99)));
    json_object_set_new(context, "path",
                        json_string(clv_processor_name(clv_processor_best())));
    return context;
}

static double worse(double a, double b)
{
    return a > b ? a : b;
}

void section_decide(const char *data, const struct course_effort *effort)
{
    struct clv_power none = {CLV_UNKNOWN, CLV_UNKNOWN, CLV_UNKNOWN};
    size_t decisions = effort->quick ? 200 : DECISIONS;
    struct chance c = {42};
    struct clv_costs costs;
    struct clv_space space;
    struct measured p95;
    struct measured mean;
    cleave_error err = CLEAVE_ERROR_INIT;

    (void)data;
    fill_costs(&costs);
    must(clv_space_init(&space, &costs, &none, &err), &err);
    for (size_t i = 0; i < space.count; i++) {
        draw(&c, &space.candidates[i]);
    }
    mean = measure(&space, 0, decisions);
    p95 = measure(&space, 1, decisions);
    tally_row("adapt.decide.p50_us",
              "one decision over 20,000 designs: the median, the worse of "
              "latency.mean and latency.p95 under two constraints",
              worse(tally_median(&p95.times), tally_median(&mean.times)), "us",
              P50_BAR_US, context_of(&p95, &mean));
    tally_row("adapt.decide.p99_us", "the same: of a hundred the slowest",
              worse(tally_rank(&p95.times, 99), tally_rank(&mean.times, 99)),
              "us", P99_BAR_US, context_of(&p95, &mean));
    tally_row("adapt.decide.allocations", "bytes that deciding allocated",
              (double)(p95.allocated + mean.allocated), "bytes", 0.5,
              context_of(&p95, &mean));
    tally_fini(&p95.times);
    tally_fini(&mean.times);
    clv_space_fini(&space);
    clv_costs_fini(&costs);
}
