/*
 * costs.h - what the parts of one task's designs cost, as measured.
 *
 * A design is put together from parts: a head (variant, cut, engine), a
 * packing of the cut's tensors, a tail (variant, cut, server). Parts are
 * measured; designs are not, there are too many. This is the table of the
 * parts, under reference conditions (an idle device, an idle server): the
 * in-memory form of a profile. `cleave profile` fills it row by row and
 * keeps it in a database (database.h); deciding (plan/) reads it.
 *
 * The cut `input` has no head, so its head rows cost nothing and are there
 * all the same, one an engine; the cut `output` is the whole network: it has
 * head rows, and neither packings nor tails. Rows refer to each other by
 * index.
 *
 * Nothing here touches files or clocks. Read-only once filled, and may then
 * be read by all threads.
 */
#ifndef CLV_COSTS_H
#define CLV_COSTS_H

#include <stddef.h>
#include <stdint.h>

#include "cleave/status.h"
#include "codec/packing.h"

/* A number nobody has measured; never a guess in its place. */
#define CLV_UNKNOWN (-1.0)

/* What repeated measurements of one quantity gave, in its unit. */
struct clv_spread {
    double mean;
    double std;
    double min;
    double max;
    double p50;
    double p90;
    double p95;
    double p99;
    uint32_t count; /* of measurements; 0: unknown, and the rest is 0 */
};

/* One ONNX file. `score` is its accuracy when nothing is packed (a share of
   right answers where answers are right or wrong). */
struct clv_cost_variant {
    char *name;   /* as in the application */
    char *metric; /* of `score`: "top1", "cosine", .. */
    char sha256[65];
    uint64_t size_bytes;
    uint64_t macs;
    double score;
    double score_low; /* 95 % interval */
    double score_high;
};

/* Where a variant may be cut. */
struct clv_cost_cut {
    uint32_t variant;
    uint32_t tensors;
    char *name;
    double head_share;  /* of the variant's work, 0 to 1 */
    uint64_t raw_bytes; /* of the tensors as they are */
    int is_activation;  /* one tensor, made by an activation */
    int is_picture;     /* the cut `input`, where a picture may travel */
};

/* A head on this device. */
struct clv_cost_head {
    uint32_t cut;
    uint32_t engine;
    struct clv_spread time_ns;
    struct clv_spread finish_ns; /* the tail here, after a server failed */
    double memory_bytes;         /* head and tail loaded; or CLV_UNKNOWN */
    double energy_j;             /* of one run; or CLV_UNKNOWN */
};

/* A tail on a server, as the server says; unpacking and waiting not in it. */
struct clv_cost_tail {
    uint32_t cut;
    uint32_t server;
    struct clv_spread time_ns;
};

/* A packing of a cut's tensors. Bytes are whole HTTP messages. */
struct clv_cost_pack {
    uint32_t cut;
    struct clv_packing packing;
    struct clv_spread pack_ns;   /* on this device */
    struct clv_spread unpack_ns; /* as a server of the device's kind takes */
    struct clv_spread bytes_up;
    double huffman_bytes; /* up, were the same symbols Huffman coded, as JALAD
                             does; CLV_UNKNOWN or 0 if not measured */
    double bytes_down;    /* the answer's */
    double drop_pp;       /* accuracy lost against nothing packed; points */
    double drop_low_pp;   /* 95 % interval */
    double drop_high_pp;
};

struct clv_costs {
    char **engines;
    size_t engine_count;
    char **servers; /* by URL, in the application's order of priority */
    size_t server_count;
    struct clv_cost_variant *variants;
    size_t variant_count;
    struct clv_cost_cut *cuts;
    size_t cut_count;
    struct clv_cost_head *heads;
    size_t head_count;
    struct clv_cost_tail *tails;
    size_t tail_count;
    struct clv_cost_pack *packs;
    size_t pack_count;
};

void clv_costs_init(struct clv_costs *costs);

/* Takes an all-zero one, too. */
void clv_costs_fini(struct clv_costs *costs);

/*
 * Each appends a row and gives its index; texts are copied. CLEAVE_INVALID
 * for an index that is not there yet, a negative time, an empty name or a
 * NaN; CLEAVE_LIMIT above 2^20 rows; CLEAVE_MEMORY. A failure leaves the
 * table as it was.
 */
cleave_status clv_costs_engine(struct clv_costs *costs, const char *name,
                               uint32_t *ret_index, cleave_error *err);
cleave_status clv_costs_server(struct clv_costs *costs, const char *url,
                               uint32_t *ret_index, cleave_error *err);
cleave_status clv_costs_variant(struct clv_costs *costs,
                                const struct clv_cost_variant *row,
                                uint32_t *ret_index, cleave_error *err);
cleave_status clv_costs_cut(struct clv_costs *costs,
                            const struct clv_cost_cut *row, uint32_t *ret_index,
                            cleave_error *err);
cleave_status clv_costs_head(struct clv_costs *costs,
                             const struct clv_cost_head *row,
                             cleave_error *err);
cleave_status clv_costs_tail(struct clv_costs *costs,
                             const struct clv_cost_tail *row,
                             cleave_error *err);
cleave_status clv_costs_pack(struct clv_costs *costs,
                             const struct clv_cost_pack *row,
                             cleave_error *err);

/* The whole network of a variant on an engine; NULL if it was not measured. */
const struct clv_cost_head *clv_costs_whole(const struct clv_costs *costs,
                                            uint32_t variant,
                                            const char *engine);

/* Computes a spread; percentiles are the nearest rank's. Sorts the values.
   All zero of nothing. */
struct clv_spread clv_spread_of(double *values, size_t count);

#endif
