/*
 * auto_raw.c - never worse than sending tensors as they are.
 *
 * Two devices over one link: cleave, which packs as it sees fit, and the
 * policy dads, which takes the best of all cuts and both ends, but sends f32.
 * They infer the same samples in turns, and the medians of their latencies
 * are compared, at rates from where nothing should be sent to where packing
 * is a waste of time.
 *
 * Up to 100 Mbit/s the link is the relay's, with its round trip. What is
 * faster than the relay is the loopback itself, without delay: it is as fast
 * as this machine can be, and stands for all rates from 1 Gbit/s on.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "bench/adapt_sections.h"
#include "bench/live.h"
#include "bench/stage.h"
#include "bench/tally.h"

#define RTT_NS 20e6
#define PAIRS 60       /* at least, and .. */
#define PAIRS_MOST 600 /* .. as many as fit into .. */
#define PAIRS_NS 6000000000
#define BAR 1.02

/* 0: directly over loopback. */
static const double rates_bps[] = {0.1e6, 1e6, 10e6, 100e6, 1e9, 10e9};
static const double slowdowns[] = {1, 20};

#define FASTEST_RELAYED 100e6
#define RATES (sizeof rates_bps / sizeof rates_bps[0])
#define SLOWDOWNS (sizeof slowdowns / sizeof slowdowns[0])

struct versus {
    struct farside far;
    const struct profiled *p;
    struct live_device ours;
    struct live_device raw;
    struct tally ours_ns;
    struct tally raw_ns;
    size_t ours_last; /* the design of its last answer */
    size_t raw_last;
    double worst;
    json_t *told;
};

static void infer(struct live_device *d, uint64_t i, struct tally *into,
                  size_t *last)
{
    struct live_answer a;

    live_infer(d, i, &a);
    tally_add(into, a.total_ns);
    *last = a.candidate;
}

/* In turns, and in turns who begins. */
static void run_pairs(struct versus *v, size_t pairs)
{
    int64_t until_ns = pairs < PAIRS ? 0 : tally_now_ns() + PAIRS_NS;

    for (uint64_t i = 0;
         i < pairs || (i < PAIRS_MOST && tally_now_ns() < until_ns); i++) {
        if (i % 2 == 0) {
            infer(&v->ours, i, &v->ours_ns, &v->ours_last);
        }
        infer(&v->raw, i, &v->raw_ns, &v->raw_last);
        if (i % 2 == 1) {
            infer(&v->ours, i, &v->ours_ns, &v->ours_last);
        }
    }
}

static void tell(struct versus *v, double up_bps, double slowdown, double ratio)
{
    const struct clv_space *space = &v->p->designs->space;
    char ours[CLV_DESIGN_TEXT];
    char raw[CLV_DESIGN_TEXT];
    json_t *about =
        json_pack("{s:f, s:f, s:s, s:f, s:f, s:f, s:s, s:s}", "up_mbps",
                  up_bps / 1e6, "slowdown", slowdown, "link",
                  up_bps > FASTEST_RELAYED ? "loopback" : "relay", "ratio",
                  ratio, "cleave_ms", tally_median(&v->ours_ns) / 1e6, "raw_ms",
                  tally_median(&v->raw_ns) / 1e6, "cleave",
                  clv_design_text(space, v->ours_last, ours), "raw",
                  clv_design_text(space, v->raw_last, raw));

    json_dumpf(about, stderr, JSON_COMPACT | JSON_REAL_PRECISION(4));
    fprintf(stderr, "\n");
    json_array_append_new(v->told, about);
}

static void compare_at(struct versus *v, double up_bps, double slowdown,
                       size_t pairs)
{
    struct farside_link link = {.up_bps = up_bps, .rtt_ns = RTT_NS};
    struct live_wish wish = {.slowdown = slowdown};
    double ratio;

    if (up_bps > FASTEST_RELAYED) {
        link = (struct farside_link){0};
    }
    farside_relink(&v->far, &link);
    live_device_open(&v->ours, &v->far, &wish);
    wish.policy = "dads";
    live_device_open(&v->raw, &v->far, &wish);
    tally_init(&v->ours_ns, PAIRS_MOST);
    tally_init(&v->raw_ns, PAIRS_MOST);
    (void)live_settle(&v->raw);
    (void)live_settle(&v->ours);
    run_pairs(v, pairs);
    ratio = tally_median(&v->ours_ns) / tally_median(&v->raw_ns);
    v->worst = fmax(v->worst, ratio);
    tell(v, up_bps, slowdown, ratio);
    live_device_close(&v->ours);
    live_device_close(&v->raw);
    tally_fini(&v->ours_ns);
    tally_fini(&v->raw_ns);
}

void section_auto_raw(const char *data, const struct course_effort *effort)
{
    struct versus v = {.told = json_array()};
    struct profiled p;
    json_t *context = tally_context();

    profiled_open(&p, data, profiled_find("squeezenet1_1_fp32"),
                  "minimize: latency");
    v.p = &p;
    farside_open(&v.far, &p, &(struct farside_link){0});
    for (size_t s = 0; s < SLOWDOWNS; s++) {
        for (size_t r = 0; r < RATES; r++) {
            compare_at(&v, rates_bps[r], slowdowns[s],
                       effort->quick ? 4 : PAIRS);
        }
    }
    farside_close(&v.far);
    json_object_set_new(context, "network", json_string(p.place->name));
    json_object_set_new(context, "device", json_string("emulated slow-down"));
    json_object_set_new(context, "points", v.told);
    tally_row("adapt.auto_over_raw",
              "latency of cleave over that of f32 at the best cut or end, "
              "medians, the worst rate and slow-down",
              v.worst, "x", BAR, context);
    profiled_close(&p);
}
