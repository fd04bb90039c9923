/*
 * world_bed.h - a small space whose costs can be computed in the head.
 *
 *     design   device    up       server
 *     input      1 ms   100 kB    10 ms     f32
 *     middle    20 ms    10 kB     5 ms     lz:bits=4, 0.5 points lost
 *     rough     20 ms     1 kB     5 ms     lz:bits=2, 5 points lost
 *     output   100 ms      -        -
 *
 * Answers have 100 bytes; finishing the middle on the device takes 80 ms,
 * the input 100 ms. Nothing varies unless `spread` says by how much.
 */
#ifndef WORLD_BED_H
#define WORLD_BED_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "plan/space.h"
#include "plan/trace.h"

#define MS ((int64_t)1000000)
#define S ((int64_t)1000000000)

struct world_bed {
    struct clv_costs costs;
    struct clv_space space;
};

static inline void bed_is_ok(cleave_status status, const cleave_error *err)
{
    if (status != CLEAVE_OK) {
        fail_msg("%s: %s", err->where, err->text);
    }
}

static inline struct clv_spread bed_about(double mean, double spread)
{
    double values[64];

    for (int i = 0; i < 64; i++) {
        values[i] = mean * (1 + spread * (i - 31.5) / 32);
    }
    return clv_spread_of(values, 64);
}

static inline void bed_cut(struct world_bed *bed, const char *name,
                           double share, double head_ms, double tail_ms,
                           double spread)
{
    cleave_error err = CLEAVE_ERROR_INIT;
    uint32_t index;
    struct clv_cost_cut cut = {.tensors = 1,
                               .name = (char *)(uintptr_t)name,
                               .head_share = share,
                               .raw_bytes = 100000,
                               .is_activation = share > 0 && share < 1};
    struct clv_cost_head head = {
        .time_ns = bed_about(head_ms * 1e6, spread),
        .finish_ns = bed_about((100 - 100 * share) * 1e6, spread),
        .memory_bytes = 1e6,
        .energy_j = CLV_UNKNOWN};
    struct clv_cost_tail tail = {.time_ns = bed_about(tail_ms * 1e6, spread)};

    bed_is_ok(clv_costs_cut(&bed->costs, &cut, &index, &err), &err);
    head.cut = tail.cut = index;
    bed_is_ok(clv_costs_head(&bed->costs, &head, &err), &err);
    if (share < 1) {
        bed_is_ok(clv_costs_tail(&bed->costs, &tail, &err), &err);
    }
}

static inline void bed_pack(struct world_bed *bed, uint32_t cut,
                            const char *text, double bytes, double drop_pp)
{
    cleave_error err = CLEAVE_ERROR_INIT;
    struct clv_cost_pack row = {.cut = cut,
                                .pack_ns = bed_about(1e6, 0),
                                .unpack_ns = bed_about(1, 0),
                                .bytes_up = bed_about(bytes, 0),
                                .huffman_bytes = CLV_UNKNOWN,
                                .bytes_down = 100,
                                .drop_pp = drop_pp,
                                .drop_low_pp = drop_pp,
                                .drop_high_pp = drop_pp};

    bed_is_ok(clv_packing_parse(text, &row.packing, &err), &err);
    bed_is_ok(clv_costs_pack(&bed->costs, &row, &err), &err);
}

static inline void bed_init(struct world_bed *bed, double spread)
{
    cleave_error err = CLEAVE_ERROR_INIT;
    struct clv_power power = {CLV_UNKNOWN, CLV_UNKNOWN, CLV_UNKNOWN};
    struct clv_cost_variant variant = {.name = (char *)(uintptr_t)"net",
                                       .metric = (char *)(uintptr_t)"top1",
                                       .score = 0.7,
                                       .score_low = 0.6,
                                       .score_high = 0.8};
    uint32_t index;

    clv_costs_init(&bed->costs);
    bed_is_ok(clv_costs_engine(&bed->costs, "cpu", &index, &err), &err);
    bed_is_ok(clv_costs_server(&bed->costs, "http://s", &index, &err), &err);
    bed_is_ok(clv_costs_variant(&bed->costs, &variant, &index, &err), &err);
    bed_cut(bed, "input", 0, 0, 10, spread);
    bed_cut(bed, "middle", 0.2, 19, 5, spread);
    bed_cut(bed, "output", 1, 100, 0, spread);
    bed_pack(bed, 0, "f32", 100000, 0);
    bed_pack(bed, 1, "lz:bits=4", 10000, 0.5);
    bed_pack(bed, 1, "lz:bits=2", 1000, 5);
    bed_is_ok(clv_space_init(&bed->space, &bed->costs, &power, &err), &err);
}

static inline void bed_fini(struct world_bed *bed)
{
    clv_space_fini(&bed->space);
    clv_costs_fini(&bed->costs);
}

/* The candidate of this cut that sends so many bytes; 0 bytes: `output`. */
static inline size_t bed_design(const struct world_bed *bed, double bytes)
{
    for (size_t i = 0; i < bed->space.count; i++) {
        const struct clv_candidate *c = &bed->space.candidates[i];
        if (bytes > 0 ? c->server != CLV_NO_SERVER && !c->is_huffman &&
                            c->bytes_up.mean > bytes - 1 &&
                            c->bytes_up.mean < bytes + 1
                      : c->server == CLV_NO_SERVER) {
            return i;
        }
    }
    fail_msg("no design of %g bytes", bytes);
    return 0;
}

static inline struct clv_trace bed_flat(double bps)
{
    struct clv_trace trace;

    bed_is_ok(clv_trace_init_flat(&trace, bps, NULL), NULL);
    trace.length_ns = 60 * S;
    trace.bits = bps * 60;
    return trace;
}

static inline struct clv_trace bed_trace(const char *rows)
{
    struct clv_trace trace;
    cleave_error err = CLEAVE_ERROR_INIT;
    char text[1024] = "seconds,mbit_per_s\n";

    strncat(text, rows, sizeof text - 1 - strlen(text));
    bed_is_ok(clv_trace_init_csv(
                  &trace, (clv_bytes){(const uint8_t *)text, strlen(text)}, "t",
                  1, NULL, &err),
              &err);
    return trace;
}

#endif
