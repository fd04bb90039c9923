/*
 * database_bed.h - a profile with one model in it, for the tests of what reads
 * and writes profiles.
 */
#ifndef DATABASE_BED_H
#define DATABASE_BED_H

#include "profile_file.h"

#define SHA "a9d35289fa301d6726478f54128f6bdd7d99ac67cabbd65698ca5ffa6c022a96"
#define OTHER "b9d35289fa301d6726478f54128f6bdd7d99ac67cabbd65698ca5ffa6c022a96"

static const struct clv_subject nobody = {0};

static const struct clv_spread spread = {1.5, 0.25, 1, 2, 1.5, 1.75, 2, 2, 12};

struct here {
    char machine[CLV_MACHINE_TEXT];
    struct clv_origin origin;
    struct clv_part_name part;
};

static inline void be_here(struct here *h)
{
    char text[CLV_MACHINE_TEXT];

    clv_machine_id(h->machine, text);
    h->origin = (struct clv_origin){h->machine, cleave_version(), "onnx 1", ""};
    h->part = (struct clv_part_name){.origin = &h->origin, .model = SHA};
}

static inline cleave_status open_status(const char *path,
                                        enum clv_database_mode m,
                                        cleave_error *err)
{
    struct clv_database *d = NULL;
    cleave_status status;

    *err = (cleave_error)CLEAVE_ERROR_INIT;
    status = clv_database_open(path, m, &d, err);
    clv_database_close(d);
    return status;
}

static inline void put_cut(struct clv_database *d, struct here *h,
                           const char *name, size_t position)
{
    struct clv_cost_cut row = {.tensors = 1,
                               .head_share = 0.25,
                               .raw_bytes = 4096,
                               .is_activation = 1};
    cleave_error err = CLEAVE_ERROR_INIT;

    h->part.cut = name;
    ok(clv_database_put_cut(d, &h->part, &row, position, &err), &err);
}

static inline void put_head(struct clv_database *d, struct here *h, double p50)
{
    struct clv_cost_head row = {.time_ns = spread,
                                .finish_ns = spread,
                                .memory_bytes = 1e6,
                                .energy_j = CLV_UNKNOWN};
    cleave_error err = CLEAVE_ERROR_INIT;

    row.time_ns.p50 = p50;
    h->part.engine = "cpu:threads=1";
    ok(clv_database_put_head(d, &h->part, &row, &err), &err);
}

static inline void put_pack(struct clv_database *d, struct here *h,
                            const char *text, double drop)
{
    struct clv_cost_pack row = {.pack_ns = spread,
                                .unpack_ns = spread,
                                .bytes_up = spread,
                                .bytes_down = 10,
                                .drop_pp = drop,
                                .drop_low_pp = drop - 1,
                                .drop_high_pp = drop + 1,
                                .huffman_bytes = CLV_UNKNOWN};
    cleave_error err = CLEAVE_ERROR_INIT;

    ok(clv_packing_parse(text, &row.packing, &err), &err);
    ok(clv_database_put_pack(d, &h->part, &row, &err), &err);
}

static inline void put_variant(struct clv_database *d, struct here *h,
                               double score)
{
    char name[] = "it's \"net\"; DROP TABLE heads; --";
    char metric[] = "top1";
    struct clv_cost_variant row = {.name = name,
                                   .metric = metric,
                                   .size_bytes = 99,
                                   .macs = 1000,
                                   .score = score,
                                   .score_low = score - 0.1,
                                   .score_high = score + 0.1};
    cleave_error err = CLEAVE_ERROR_INIT;

    ok(clv_database_put_variant(d, &h->part, &row, &err), &err);
}

static inline void put_tail(struct clv_database *d, struct here *h,
                            const char *server)
{
    struct clv_cost_tail row = {.time_ns = spread};
    cleave_error err = CLEAVE_ERROR_INIT;

    h->part.server = server;
    ok(clv_database_put_tail(d, &h->part, &row, &err), &err);
}

/* One model, measured. */
static inline void fill(struct clv_database *d, struct here *h)
{
    put_variant(d, h, 0.75);
    put_cut(d, h, "input", 0);
    put_head(d, h, 1);
    put_cut(d, h, "relu4", 1);
    put_head(d, h, 1.5);
    put_tail(d, h, "nas");
    put_pack(d, h, "lz:bits=4", 0.5);
    put_pack(d, h, "dense:step=0.5sd", -0.5);
}

static inline cleave_status load(struct clv_database *d, const char *model,
                                 struct clv_costs *costs, char note[512],
                                 cleave_error *err)
{
    static const char *const engines[] = {"gpu", "cpu:threads=1"};
    static const char *const servers[] = {"attic", "nas"};
    const struct clv_wanted_variant variant = {"net", model};
    struct clv_wanted wanted = {.variants = &variant,
                                .variant_count = 1,
                                .engines = engines,
                                .engine_count = 2,
                                .servers = servers,
                                .server_count = 2,
                                .identity = "onnx 1"};

    *err = (cleave_error)CLEAVE_ERROR_INIT;
    return clv_database_load(d, &wanted, costs, note, err);
}

#endif
