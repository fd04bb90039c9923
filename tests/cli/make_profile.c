/*
 * make_profile.c - a profile made up by rule, for tests of what decides by
 * one.
 *
 *     make_profile [OPTION..] DB MODEL.onnx SERVER...
 *     make_profile --together HOGS TIMES DB MODEL.onnx@ENGINE...
 *
 * The model's cuts are `input`, `early`, `middle`, `late` and `output`,
 * whatever the file has; the device takes 100 ms for the whole network, a
 * server a tenth of that, and the second server a fifth. Tensors get smaller
 * with every cut, and coarser packings lose more. The numbers are round, so
 * that what is decided can be checked by hand. They are this machine's and this
 * version's, and the hash is the file's. Options, in this order at most once:
 *
 *     --name NAME      of the variant (default net)
 *     --engine NAME    in full (default cpu:threads=1,spin=off)
 *     --ms N           the whole network takes (default 100)
 *     --score S        right answers (default 0.96)
 *     --machine NAME   another machine than this one
 *
 * The second form is a trial of models at once, each on its engine ("-" for
 * a model that waits), beside busy threads: each takes so many times as long
 * as alone.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/engine.h"
#include "model/model.h"
#include "profile/database.h"

#define ENGINE "cpu:threads=1,spin=off"

struct maker {
    struct clv_database *database;
    char machine[CLV_MACHINE_TEXT];
    char sha256[65];
    const char *name;
    const char *engine;
    double device_ns;
    double score;
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
    return (struct clv_part_name){&m->origin, m->sha256, cut, m->engine, NULL};
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
            .time_ns =
                around(m->device_ns * (1 - cuts[cut].share) * (i + 1) / 10),
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
        .time_ns = around(m->device_ns * share),
        .finish_ns = around(m->device_ns * (1 - share)),
        .memory_bytes = m->device_ns * (0.2 + 0.8 * share),
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
    struct clv_subject alone = {.task = ""};
    struct clv_cost_variant variant = {
        .name = (char *)(uintptr_t)m->name,
        .metric = (char *)(uintptr_t)"top1",
        .size_bytes = (uint64_t)(m->device_ns * 0.0128),
        .macs = (uint64_t)(m->device_ns * 1.03),
        .score = m->score,
        .score_low = m->score - 0.01,
        .score_high = m->score + 0.01,
    };
    cleave_status status;

    strcpy(variant.sha256, m->sha256);
    status = clv_database_put_variant(m->database, &part, &variant, err);
    for (size_t i = 0; status == CLEAVE_OK && i < CUTS; i++) {
        status = put_cut(m, i, err);
    }
    return status == CLEAVE_OK
               ? clv_database_mark(m->database, &part, &alone, 1, err)
               : status;
}

/* -- Trials -- */

static cleave_status hash(const char *path, char sha256[65], cleave_error *err)
{
    struct clv_model *model = NULL;
    cleave_status status = clv_model_open(path, &model, err);

    if (status == CLEAVE_OK) {
        clv_model_sha256(model, sha256);
    }
    clv_model_close(model);
    return status;
}

static cleave_status put_trial(struct maker *m, const char *const *sitters,
                               size_t count, uint32_t hogs, double times,
                               cleave_error *err)
{
    struct clv_sitter list[8] = {{NULL, NULL}};
    char hashes[8][65];
    struct clv_spread alone = around(10e6);
    struct clv_spread together = around(10e6 * times);
    cleave_status status = CLEAVE_OK;

    for (size_t i = 0; status == CLEAVE_OK && i < count && i < 8; i++) {
        char path[256];
        const char *at = strchr(sitters[i], '@');
        snprintf(path, sizeof path, "%.*s",
                 (int)(at != NULL ? at - sitters[i] : 0), sitters[i]);
        if (at != NULL && strcmp(at, "@-") != 0) {
            status = hash(path, hashes[i], err);
            list[i] = (struct clv_sitter){hashes[i], at + 1};
        }
    }
    for (size_t i = 0; status == CLEAVE_OK && i < count && i < 8; i++) {
        if (list[i].model != NULL) {
            status =
                clv_database_put_together(m->database, &m->origin, list, count,
                                          hogs, i, &alone, &together, err);
        }
    }
    return status;
}

/* -- The command line -- */

/* An option's value, or what it is by default; steps over it. */
static const char *option(char ***argv, int *argc, const char *name,
                          const char *otherwise)
{
    const char *value = otherwise;

    if (*argc > 2 && strcmp((*argv)[1], name) == 0) {
        value = (*argv)[2];
        *argv += 2;
        *argc -= 2;
    }
    return value;
}

static cleave_status make_all(struct maker *m, int argc, char **argv,
                              cleave_error *err)
{
    if (strcmp(argv[1], "--together") == 0) {
        return put_trial(m, (const char *const *)argv + 5, (size_t)argc - 5,
                         (uint32_t)strtoul(argv[2], NULL, 10),
                         strtod(argv[3], NULL), err);
    }
    m->servers = argv + 3;
    m->server_count = argc - 3;
    return make(m, err);
}

static cleave_status run(struct maker *m, int argc, char **argv,
                         const char *machine, cleave_error *err)
{
    struct clv_engine *engine = NULL;
    char words[CLV_MACHINE_TEXT];
    int is_trial = strcmp(argv[1], "--together") == 0;
    cleave_status status = clv_engine_open(ENGINE, &engine, err);

    clv_machine_id(m->machine, words);
    if (status == CLEAVE_OK) {
        m->origin = (struct clv_origin){
            machine[0] != '\0' ? machine : m->machine, cleave_version(),
            clv_engine_identity(engine), ""};
    }
    if (status == CLEAVE_OK && !is_trial) {
        status = hash(argv[2], m->sha256, err);
    }
    if (status == CLEAVE_OK) {
        status = clv_database_open(argv[is_trial ? 4 : 1], CLV_DATABASE_WRITE,
                                   &m->database, err);
    }
    if (status == CLEAVE_OK) {
        status = make_all(m, argc, argv, err);
    }
    clv_database_close(m->database);
    clv_engine_close(engine);
    return status;
}

int main(int argc, char **argv)
{
    struct maker m = {0};
    cleave_error err = CLEAVE_ERROR_INIT;
    const char *machine;
    cleave_status status;

    m.name = option(&argv, &argc, "--name", "net");
    m.engine = option(&argv, &argc, "--engine", ENGINE);
    m.device_ns = 1e6 * strtod(option(&argv, &argc, "--ms", "100"), NULL);
    m.score = strtod(option(&argv, &argc, "--score", "0.96"), NULL);
    machine = option(&argv, &argc, "--machine", "");
    if (argc < 3 || (strcmp(argv[1], "--together") == 0 && argc < 6)) {
        fprintf(stderr, "usage: see the head of make_profile.c\n");
        return 2;
    }
    status = run(&m, argc, argv, machine, &err);
    if (status != CLEAVE_OK) {
        fprintf(stderr, "make_profile: %s: %s\n", err.where, err.text);
    }
    return status == CLEAVE_OK ? 0 : 1;
}
