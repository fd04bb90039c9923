/*
 * make_profile.c - a profile made up by rule, for tests of what decides by
 * one.
 *
 *     make_profile DB MODEL.onnx SERVER...
 *
 * The model's cuts are `input`, `early`, `middle`, `late` and `output`,
 * whatever the file has; the device takes 100 ms for the whole network, a
 * server a tenth of that, and the second server a fifth. Tensors get smaller
 * with every cut, and coarser packings lose more. The numbers are round, so
 * that what is decided can be checked by hand. They are this machine's and this
 * version's, and the hash is the file's.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "engine/engine.h"
#include "model/model.h"
#include "profile/database.h"

#define DEVICE_NS 100e6
#define ENGINE "cpu:threads=1,spin=off"

struct maker {
    struct clv_database *database;
    char machine[CLV_MACHINE_TEXT];
    char sha256[65];
    struct clv_origin origin;
    char **servers;
    int server_count;
};

static const struct {
    const char *name;
    double share;
    uint64_t raw_bytes;
} cuts[] = {{"input", 0, 602112},
            {"early", 0.1, 400000},
            {"middle", 0.5, 100000},
            {"late", 0.9, 25000},
            {"output", 1, 0}};

#define CUTS (sizeof cuts / sizeof cuts[0])

static const struct {
    const char *text;
    double bits_of_32;
    double drop_pp;
} packings[] = {{"f32", 32, 0},
                {"f16", 16, 0},
                {"lz:bits=8", 6, 0.1},
                {"lz:bits=4", 3, 0.6},
                {"lz:bits=2", 1.5, 9},
                {"dense:step=0.5sd", 2, 0.2},
                {"dense:step=1sd", 1, 0.8},
                {"dense:step=2sd", 0.5, 4}};

/* A fifth more at its worst. */
static struct clv_spread around(double mean)
{
    double values[] = {0.9 * mean, 0.95 * mean, mean, 1.05 * mean, 1.1 * mean};

    return clv_spread_of(values, 5);
}

static struct clv_part_name part_of(const struct maker *m, const char *cut)
{
    return (struct clv_part_name){&m->origin, m->sha256, cut, ENGINE, NULL};
}

static cleave_status put_pack(const struct maker *m, size_t cut,
                              const char *text, double bytes, double drop_pp,
                              cleave_error *err)
{
    struct clv_part_name part = part_of(m, cuts[cut].name);
    double raw = (double)cuts[cut].raw_bytes;
    struct clv_cost_pack row = {
        .pack_ns = around(1e5 + raw),
        .unpack_ns = around(1e5 + raw / 2),
        .bytes_up = around(bytes),
        .huffman_bytes = CLV_UNKNOWN,
        .bytes_down = 400,
        .drop_pp = drop_pp,
        .drop_low_pp = drop_pp - 0.3,
        .drop_high_pp = drop_pp + 0.3,
    };
    cleave_status status = clv_packing_parse(text, &row.packing, err);

    return status == CLEAVE_OK
               ? clv_database_put_pack(m->database, &part, &row, err)
               : status;
}

static cleave_status put_packs(const struct maker *m, size_t cut,
                               cleave_error *err)
{
    cleave_status status = CLEAVE_OK;

    for (size_t i = 0;
         status == CLEAVE_OK && i < sizeof packings / sizeof packings[0]; i++) {
        status = put_pack(m, cut, packings[i].text,
                          200 + (double)cuts[cut].raw_bytes *
                                    packings[i].bits_of_32 / 32,
                          packings[i].drop_pp, err);
    }
    if (status == CLEAVE_OK && cut == 0) {
        status = put_pack(m, cut, "jpeg:quality=85", 25000, 0.3, err);
    }
    return status;
}

static cleave_status put_tails(const struct maker *m, size_t cut,
                               cleave_error *err)
{
    struct clv_part_name part = part_of(m, cuts[cut].name);
    cleave_status status = CLEAVE_OK;

    for (int i = 0; status == CLEAVE_OK && i < m->server_count; i++) {
        struct clv_cost_tail row = {
            .time_ns = around(DEVICE_NS * (1 - cuts[cut].share) * (i + 1) / 10),
        };
        part.server = m->servers[i];
        status = clv_database_put_tail(m->database, &part, &row, err);
    }
    return status;
}

static cleave_status put_cut(const struct maker *m, size_t cut,
                             cleave_error *err)
{
    struct clv_part_name part = part_of(m, cuts[cut].name);
    double share = cuts[cut].share;
    struct clv_cost_cut row = {
        .tensors = 1,
        .name = (char *)(uintptr_t)cuts[cut].name,
        .head_share = share,
        .raw_bytes = cuts[cut].raw_bytes,
        .is_activation = share > 0 && share < 1,
        .is_picture = cut == 0,
    };
    struct clv_cost_head head = {
        .time_ns = around(DEVICE_NS * share),
        .finish_ns = around(DEVICE_NS * (1 - share)),
        .memory_bytes = 20e6 + 80e6 * share,
        .energy_j = CLV_UNKNOWN,
    };
    cleave_status status =
        clv_database_put_cut(m->database, &part, &row, cut, err);

    if (status == CLEAVE_OK) {
        status = clv_database_put_head(m->database, &part, &head, err);
    }
    if (status == CLEAVE_OK && share < 1) {
        status = put_tails(m, cut, err);
    }
    if (status == CLEAVE_OK && share < 1) {
        status = put_packs(m, cut, err);
    }
    return status;
}

static cleave_status make(struct maker *m, cleave_error *err)
{
    struct clv_part_name part = part_of(m, NULL);
    struct clv_cost_variant variant = {
        .name = (char *)(uintptr_t)"net",
        .metric = (char *)(uintptr_t)"top1",
        .size_bytes = 1280000,
        .macs = 103000000,
        .score = 0.96,
        .score_low = 0.95,
        .score_high = 0.97,
    };
    cleave_status status;

    strcpy(variant.sha256, m->sha256);
    status = clv_database_put_variant(m->database, &part, &variant, err);
    for (size_t i = 0; status == CLEAVE_OK && i < CUTS; i++) {
        status = put_cut(m, i, err);
    }
    return status == CLEAVE_OK ? clv_database_mark(m->database, &part, 1, err)
                               : status;
}

int main(int argc, char **argv)
{
    struct maker m = {.servers = argv + 3, .server_count = argc - 3};
    struct clv_engine *engine = NULL;
    struct clv_model *model = NULL;
    char words[CLV_MACHINE_TEXT];
    cleave_error err = CLEAVE_ERROR_INIT;
    cleave_status status;

    if (argc < 3) {
        fprintf(stderr, "usage: make_profile DB MODEL.onnx SERVER...\n");
        return 2;
    }
    clv_machine_id(m.machine, words);
    status = clv_engine_open(ENGINE, &engine, &err);
    if (status == CLEAVE_OK) {
        m.origin = (struct clv_origin){m.machine, cleave_version(),
                                       clv_engine_identity(engine), ""};
        status = clv_model_open(argv[2], &model, &err);
    }
    if (status == CLEAVE_OK) {
        clv_model_sha256(model, m.sha256);
        status =
            clv_database_open(argv[1], CLV_DATABASE_WRITE, &m.database, &err);
    }
    if (status == CLEAVE_OK) {
        status = make(&m, &err);
    }
    if (status != CLEAVE_OK) {
        fprintf(stderr, "make_profile: %s: %s\n", err.where, err.text);
    }
    clv_database_close(m.database);
    clv_model_close(model);
    clv_engine_close(engine);
    return status == CLEAVE_OK ? 0 : 1;
}
