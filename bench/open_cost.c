/*
 * open_cost.c - having many cuts ready.
 *
 * ResNet-50's graph, its halves already in the store: head and tail of one
 * cut after the other are opened and stay open. What a pair takes in time
 * is their median; what it takes in memory is the growth of the process's
 * private pages over all pairs. Weights are mapped and shared, and do not
 * count as private.
 */
#include <stdio.h>
#include <stdlib.h>

#include "bench/memory.h"
#include "bench/sections.h"
#include "bench/stage.h"
#include "bench/tally.h"

#define TIME_BAR_MS 10
#define MEMORY_BAR_MB 2
#define MAX_PAIRS 60

#define MODEL "models-topology-only/light_resnet50.onnx"
#define WHAT_TIME "opening head and tail of a ResNet-50 cut, median of cuts"
#define WHAT_MEMORY "private memory of an open head and tail, all open at once"

struct opened_pair {
    struct clv_part *head;
    struct clv_part *tail;
};

static struct clv_part *load(const struct subject *s, enum clv_part_kind kind,
                             const char *cut)
{
    cleave_error err = CLEAVE_ERROR_INIT;
    struct clv_part *part;

    stage_must(clv_network_load(s->network, kind, cut, &part, &err), &err, cut);
    return part;
}

/* Cuts spread evenly over all there are, at most MAX_PAIRS. */
static size_t choose(const struct subject *s, const struct clv_cut **ret_cuts,
                     size_t *ret_step)
{
    cleave_error err = CLEAVE_ERROR_INIT;
    size_t count;

    stage_must(clv_network_all_cuts(s->network, ret_cuts, &count, &err), &err,
               s->name);
    *ret_step = (count + MAX_PAIRS - 1) / MAX_PAIRS;
    return (count + *ret_step - 1) / *ret_step;
}

static void open_model(const char *data, struct stage *stage, struct subject *s)
{
    char cache[CLV_PATH_MAX];
    char path[CLV_PATH_MAX];

    stage_cache(cache);
    stage_open(stage, "cpu:threads=1", cache);
    snprintf(path, sizeof path, "%.2000s/%s", data, MODEL);
    subject_open(s, stage, path);
}

/* Fills the store, in a process whose memory does not matter. */
void section_open_prepare(const char *data)
{
    struct stage stage;
    struct subject s;
    const struct clv_cut *cuts;
    size_t step;
    size_t count;

    if (data == NULL) {
        return;
    }
    open_model(data, &stage, &s);
    count = choose(&s, &cuts, &step);
    for (size_t i = 0; i < count; i++) {
        clv_part_release(load(&s, CLV_PART_HEAD, cuts[i * step].name));
        clv_part_release(load(&s, CLV_PART_TAIL, cuts[i * step].name));
    }
    subject_close(&s);
    stage_close(&stage);
}

static void open_pairs(const struct subject *s, const struct clv_cut *cuts,
                       size_t step, struct opened_pair *pairs, size_t count,
                       struct tally *times)
{
    for (size_t i = 0; i < count; i++) {
        const char *cut = cuts[i * step].name;
        int64_t started = tally_now_ns();
        pairs[i].head = load(s, CLV_PART_HEAD, cut);
        pairs[i].tail = load(s, CLV_PART_TAIL, cut);
        tally_add(times, (double)(tally_now_ns() - started) / 1e6);
    }
}

static void print_rows(struct tally *times, size_t count, double mb_each,
                       double said_mb)
{
    json_t *context = tally_context();

    tally_describe(context, "pairs", times);
    tally_row("first-light.open-time", WHAT_TIME, tally_median(times), "ms",
              TIME_BAR_MS, context);
    context = tally_context();
    json_object_set_new(context, "pairs", json_integer((json_int_t)count));
    json_object_set_new(context, "counter",
                        json_string("Private_Dirty of smaps_rollup"));
    json_object_set_new(context, "parts_say_MB_each", json_real(said_mb));
    tally_row("first-light.open-memory", WHAT_MEMORY, mb_each, "MB",
              MEMORY_BAR_MB, context);
}

void section_open_cost(const char *data)
{
    struct stage stage;
    struct subject s;
    const struct clv_cut *cuts;
    struct opened_pair pairs[MAX_PAIRS];
    struct tally times;
    size_t step;
    size_t count;
    double before;
    double grown;

    if (data == NULL) {
        tally_skip("first-light.open-time", WHAT_TIME, "there is no test data");
        tally_skip("first-light.open-memory", WHAT_MEMORY,
                   "there is no test data");
        return;
    }
    open_model(data, &stage, &s);
    count = choose(&s, &cuts, &step);
    tally_init(&times, count);
    before = memory_read().private_mb;
    open_pairs(&s, cuts, step, pairs, count, &times);
    grown = memory_read().private_mb - before;
    print_rows(&times, count, grown / (double)count,
               (double)clv_network_bytes(s.network) / 1e6 / (double)count);
    for (size_t i = 0; i < count; i++) {
        clv_part_release(pairs[i].head);
        clv_part_release(pairs[i].tail);
    }
    tally_fini(&times);
    subject_close(&s);
    stage_close(&stage);
}
