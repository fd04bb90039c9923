/*
 * costs_bed.h - plausible costs of any size, from a seed: for the tests of
 * whatever decides.
 *
 * Networks whose cuts get later and smaller (not evenly), servers that are
 * faster than the device, packings whose bytes and accuracy fall together.
 * The first cut of a variant is `input`, the last one `output`. All servers
 * have all tails.
 */
#ifndef COSTS_BED_H
#define COSTS_BED_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "profile/costs.h"
#include "seeded.h"

/* Zero: 1 of each, 6 cuts. */
struct costs_bed {
    unsigned variants;
    unsigned engines;
    unsigned cuts; /* of a variant, the ends included; 2 or more */
    unsigned servers;
    int without_energy;
    int without_memory;
    int without_pictures;
};

static inline struct clv_spread costs_bed_spread(struct seeded *s, double mean,
                                                 double share)
{
    double values[40];

    for (size_t i = 0; i < 40; i++) {
        values[i] = mean * (1 + share * (seeded_unit(s) - 0.5));
        values[i] *= seeded_below(s, 20) == 0 ? 1 + 2 * share : 1;
    }
    return clv_spread_of(values, 40);
}

static inline void costs_bed_pack(struct clv_costs *costs, struct seeded *s,
                                  uint32_t cut, const char *text,
                                  double bits_of_32, double drop_pp)
{
    double raw = (double)costs->cuts[cut].raw_bytes;
    double bytes = 250 + raw * bits_of_32 / 32;
    double half = 0.3 + 0.5 * seeded_unit(s);
    struct clv_cost_pack row = {
        .cut = cut,
        .pack_ns = costs_bed_spread(s, 2e4 + raw * 0.4, 0.2),
        .unpack_ns = costs_bed_spread(s, 2e4 + raw * 0.3, 0.2),
        .bytes_up = costs_bed_spread(s, bytes, bits_of_32 < 16 ? 0.3 : 0),
        .huffman_bytes = CLV_UNKNOWN,
        .bytes_down = 400,
        .drop_pp = drop_pp,
        .drop_low_pp = drop_pp - half,
        .drop_high_pp = drop_pp + half,
    };

    assert_int_equal(clv_packing_parse(text, &row.packing, NULL), CLEAVE_OK);
    if (row.packing.coder == CLV_CODER_LZ && row.packing.bits > 0) {
        row.huffman_bytes = bytes * (0.7 + 0.2 * seeded_unit(s));
    }
    assert_int_equal(clv_costs_pack(costs, &row, NULL), CLEAVE_OK);
}

/* Every packing that a cut may have. */
static inline void costs_bed_packs(struct clv_costs *costs, struct seeded *s,
                                   uint32_t cut, int has_pictures)
{
    char text[64];
    double dull = 0.3 + 0.5 * seeded_unit(s); /* how well it packs */

    costs_bed_pack(costs, s, cut, "f32", 32, 0);
    costs_bed_pack(costs, s, cut, "f16", 16, 0.02 * seeded_unit(s));
    for (unsigned bits = 2; bits <= 8; bits++) {
        snprintf(text, sizeof text, "lz:bits=%u", bits);
        costs_bed_pack(costs, s, cut, text, bits * dull,
                       12 * seeded_unit(s) / (1 << bits));
    }
    for (double step = 0.25; step <= 4; step *= 2) {
        double drop = (0.1 + 0.4 * seeded_unit(s)) * step * step;
        double bits = fmax(0.05, (3 - log2(step)) * dull * 0.7);
        snprintf(text, sizeof text, "dense:step=%.4gsd", step);
        costs_bed_pack(costs, s, cut, text, bits, drop);
        snprintf(text, sizeof text, "fast:step=%.4gsd", step);
        costs_bed_pack(costs, s, cut, text, bits * 1.15, drop);
    }
    for (unsigned quality = 95; has_pictures && quality >= 35; quality -= 10) {
        snprintf(text, sizeof text, "jpeg:quality=%u", quality);
        costs_bed_pack(costs, s, cut, text, quality / 90.0,
                       0.1 + 4.0 * seeded_unit(s) * (95 - quality) / 60);
    }
}

/* Heads on every engine, tails on every server, packings. */
static inline void costs_bed_parts(struct clv_costs *costs, struct seeded *s,
                                   const struct costs_bed *bed, uint32_t cut,
                                   double whole_ns)
{
    const struct clv_cost_cut *row = &costs->cuts[cut];
    double share = row->head_share;

    for (uint32_t e = 0; e < costs->engine_count; e++) {
        double here = whole_ns * (1 + 0.7 * e) * (0.95 + seeded_unit(s) / 10);
        struct clv_cost_head head = {
            .cut = cut,
            .engine = e,
            .time_ns = costs_bed_spread(s, here * share, 0.2),
            .finish_ns = costs_bed_spread(s, here * (1 - share), 0.2),
            .memory_bytes = bed->without_memory
                                ? CLV_UNKNOWN
                                : 2e7 + 1e8 * (0.5 + share) * seeded_unit(s),
            .energy_j = bed->without_energy ? CLV_UNKNOWN
                                            : here * share * 4e-9 / (1 + e),
        };
        assert_int_equal(clv_costs_head(costs, &head, NULL), CLEAVE_OK);
    }
    for (uint32_t v = 0; share < 1 && v < costs->server_count; v++) {
        double there = whole_ns / (12 - v % 8) * (1 - share);
        struct clv_cost_tail tail = {cut, v, costs_bed_spread(s, there, 0.3)};
        assert_int_equal(clv_costs_tail(costs, &tail, NULL), CLEAVE_OK);
    }
    if (share < 1) {
        costs_bed_packs(costs, s, cut, row->is_picture);
    }
}

static inline void costs_bed_variant(struct clv_costs *costs, struct seeded *s,
                                     const struct costs_bed *bed, unsigned nth)
{
    unsigned cuts = bed->cuts > 1 ? bed->cuts : 6;
    double whole_ns = 3e8 * (0.2 + seeded_unit(s));
    char name[32];
    struct clv_cost_variant variant = {
        .name = name,
        .metric = (char *)(uintptr_t)"top1",
        .size_bytes = (uint64_t)(whole_ns / 20),
        .macs = (uint64_t)(whole_ns * 2),
        .score = 0.72 - 0.01 * nth,
        .score_low = 0.70 - 0.01 * nth,
        .score_high = 0.74 - 0.01 * nth,
    };
    uint32_t index;

    snprintf(name, sizeof name, "net%u", nth);
    snprintf(variant.sha256, sizeof variant.sha256, "%064u", nth);
    assert_int_equal(clv_costs_variant(costs, &variant, &index, NULL),
                     CLEAVE_OK);
    for (unsigned c = 0; c < cuts; c++) {
        char cut_name[32];
        double depth = (double)c / (cuts - 1);
        struct clv_cost_cut cut = {
            .variant = index,
            .tensors = c > 0 && seeded_below(s, 4) == 0 ? 2 : 1,
            .name = cut_name,
            .head_share = depth,
            .raw_bytes = c == 0 ? 307200
                                : (uint64_t)(8e5 * pow(0.02, depth) *
                                             (0.4 + seeded_unit(s))),
            .is_picture = c == 0 && !bed->without_pictures,
        };
        uint32_t row;
        cut.is_activation = c > 0 && cut.tensors == 1 && seeded_next(s) % 2;
        snprintf(cut_name, sizeof cut_name, "conv%u", c);
        if (c == 0 || c == cuts - 1) {
            snprintf(cut_name, sizeof cut_name, c == 0 ? "input" : "output");
            cut.tensors = 1;
        }
        assert_int_equal(clv_costs_cut(costs, &cut, &row, NULL), CLEAVE_OK);
        costs_bed_parts(costs, s, bed, row, whole_ns);
    }
}

/* Fills an empty table; the caller calls clv_costs_fini. */
static inline void costs_bed_fill(struct clv_costs *costs, struct seeded *s,
                                  const struct costs_bed *bed)
{
    uint32_t index;

    clv_costs_init(costs);
    for (unsigned e = 0; e < bed->engines || e == 0; e++) {
        char name[32];
        snprintf(name, sizeof name, "cpu:threads=%u", e + 1);
        assert_int_equal(clv_costs_engine(costs, name, &index, NULL),
                         CLEAVE_OK);
    }
    for (unsigned v = 0; v < bed->servers || v == 0; v++) {
        char url[32];
        snprintf(url, sizeof url, "http://server%u:8700", v);
        assert_int_equal(clv_costs_server(costs, url, &index, NULL), CLEAVE_OK);
    }
    for (unsigned n = 0; n < bed->variants || n == 0; n++) {
        costs_bed_variant(costs, s, bed, n);
    }
}

#endif
