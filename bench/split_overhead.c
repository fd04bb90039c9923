/*
 * split_overhead.c - what cutting a network in two costs.
 *
 * For every network and every cut it offers: head and tail after each other,
 * against the whole, in turns in one loop, on one thread. The ratio of each
 * turn is kept; a cut's figure is their median, a network's the median of
 * its cuts. Short networks run several times a turn, so that a turn is long
 * against the clock.
 */
#include <stdio.h>
#include <stdlib.h>

#include "bench/sections.h"
#include "bench/stage.h"
#include "bench/tally.h"

#define BAR 1.03
#define NETWORK_NS 3500000000 /* measured so long */
#define TURN_NS 1500000       /* of the whole, at least */
#define MIN_ROUNDS 11
#define MAX_ROUNDS 301

struct pair {
    const struct clv_cut *cut;
    struct runner head;
    struct runner tail;
    struct tally ratios;
};

struct overall {
    const struct stage *stage;
    struct tally medians; /* one per network */
    char worst[128];
    double worst_value;
};

static int64_t time_whole(struct runner *whole, unsigned times)
{
    int64_t started = tally_now_ns();

    for (unsigned i = 0; i < times; i++) {
        runner_run(whole, NULL);
    }
    return tally_now_ns() - started;
}

static int64_t time_pair(struct pair *p, unsigned times)
{
    int64_t started = tally_now_ns();

    for (unsigned i = 0; i < times; i++) {
        runner_run(&p->head, NULL);
        runner_run(&p->tail, &p->head);
    }
    return tally_now_ns() - started;
}

static void one_turn(struct runner *whole, struct pair *p, unsigned times,
                     int whole_first)
{
    int64_t a;
    int64_t b;

    if (whole_first) {
        a = time_whole(whole, times);
        b = time_pair(p, times);
    } else {
        b = time_pair(p, times);
        a = time_whole(whole, times);
    }
    tally_add(&p->ratios, (double)b / (double)a);
}

static struct pair *open_pairs(const struct subject *s, size_t *ret_count)
{
    cleave_error err = CLEAVE_ERROR_INIT;
    const struct clv_cut *cuts;
    struct pair *pairs;

    stage_must(clv_network_cuts(s->network, &cuts, ret_count, &err), &err,
               s->name);
    pairs = calloc(*ret_count + 1, sizeof *pairs);
    stage_must(pairs != NULL ? CLEAVE_OK : CLEAVE_MEMORY, NULL, s->name);
    for (size_t i = 0; i < *ret_count; i++) {
        pairs[i].cut = &cuts[i];
        runner_open(&pairs[i].head, s, CLV_PART_HEAD, cuts[i].name, NULL);
        runner_open(&pairs[i].tail, s, CLV_PART_TAIL, cuts[i].name,
                    &pairs[i].head);
        tally_init(&pairs[i].ratios, MAX_ROUNDS);
    }
    return pairs;
}

static void close_pairs(struct pair *pairs, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        runner_close(&pairs[i].tail);
        runner_close(&pairs[i].head);
        tally_fini(&pairs[i].ratios);
    }
    free(pairs);
}

/* Rounds over all cuts until the time is up; returns a whole run's time. */
static int64_t measure(struct runner *whole, struct pair *pairs, size_t count)
{
    int64_t began;
    int64_t each;
    unsigned times;

    for (size_t i = 0; i < count; i++) { /* warm up */
        time_pair(&pairs[i], 2);
    }
    time_whole(whole, 2);
    each = time_whole(whole, 4) / 4;
    times = (unsigned)(TURN_NS / (each + 1)) + 1;
    began = tally_now_ns();
    for (unsigned round = 0; round < MAX_ROUNDS; round++) {
        if (round >= MIN_ROUNDS && tally_now_ns() - began > NETWORK_NS) {
            break;
        }
        for (size_t i = 0; i < count; i++) {
            one_turn(whole, &pairs[i], times, (round + i) % 2 == 0);
        }
    }
    return each;
}

static void print_network(struct overall *all, const struct subject *s,
                          struct pair *pairs, size_t count, int64_t each)
{
    struct tally medians;
    json_t *context = tally_context();
    size_t worst = 0;
    double value;
    char id[192];

    tally_init(&medians, count);
    for (size_t i = 0; i < count; i++) {
        tally_add(&medians, tally_median(&pairs[i].ratios));
        if (tally_median(&pairs[i].ratios) >
            tally_median(&pairs[worst].ratios)) {
            worst = i;
        }
    }
    value = tally_median(&medians);
    tally_describe(context, "cuts", &medians);
    tally_describe(context, "turns_of_worst_cut", &pairs[worst].ratios);
    json_object_set_new(context, "worst_cut",
                        json_string(pairs[worst].cut->name));
    json_object_set_new(context, "whole_us", json_real((double)each / 1e3));
    snprintf(id, sizeof id, "first-light.split-overhead.%s", s->name);
    tally_row(id, "(head + tail) / whole, median of cuts", value, "x", BAR,
              context);
    tally_add(&all->medians, value);
    if (value > all->worst_value) {
        all->worst_value = value;
        snprintf(all->worst, sizeof all->worst, "%s", s->name);
    }
    tally_fini(&medians);
}

static void measure_network(void *self, const char *path)
{
    struct overall *all = self;
    struct subject s;
    struct runner whole = {0};
    struct pair *pairs;
    size_t count;
    int64_t each;

    subject_open(&s, all->stage, path);
    runner_open(&whole, &s, CLV_PART_WHOLE, NULL, NULL);
    pairs = open_pairs(&s, &count);
    if (count > 0) {
        each = measure(&whole, pairs, count);
        print_network(all, &s, pairs, count, each);
    } else {
        printf("%s offers no cut\n", s.name);
    }
    close_pairs(pairs, count);
    runner_close(&whole);
    subject_close(&s);
}

void section_split_overhead(const char *data)
{
    static const char *const folders[] = {"models-imagenet", "models-cifar10",
                                          "models-small", "models-text"};
    char cache[CLV_PATH_MAX];
    char folder[CLV_PATH_MAX];
    struct stage stage;
    struct overall all = {.stage = &stage};
    json_t *context;

    if (data == NULL) {
        tally_skip("first-light.split-overhead", "(head + tail) / whole",
                   "there is no test data; set CLEAVE_DATA");
        return;
    }
    stage_cache(cache);
    stage_open(&stage, "cpu:threads=1", cache);
    tally_init(&all.medians, 256);
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
        snprintf(folder, sizeof folder, "%.2000s/%s", data, folders[i]);
        stage_each_model(folder, measure_network, &all);
    }
    context = tally_context();
    tally_describe(context, "networks", &all.medians);
    json_object_set_new(context, "worst_network", json_string(all.worst));
    tally_row("first-light.split-overhead",
              "(head + tail) / whole, median of cuts, worst network",
              all.worst_value, "x", BAR, context);
    tally_fini(&all.medians);
    stage_close(&stage);
}
