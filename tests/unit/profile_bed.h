/*
 * profile_bed.h - a small profile in a file, of a real model, and applications
 * that want it.
 */
#ifndef CLV_TEST_PROFILE_BED_H
#define CLV_TEST_PROFILE_BED_H

#include <string.h>

#include "engine/engine.h"
#include "model/model.h"
#include "profile/database.h"
#include "run/application.h"
#include "scratch_folder.h"

#define PROFILE_BED_ENGINE "cpu:threads=1,spin=off"

static inline struct clv_spread profile_bed_took(double ns)
{
    return clv_spread_of(&ns, 1);
}

/* All that two cuts need: `input` to be sent as f32 to `server`, `output`. */
static inline void profile_bed_rows(struct clv_database *db,
                                    const struct clv_origin *origin,
                                    const char *sha256, const char *server)
{
    struct clv_part_name input = {origin, sha256, "input", PROFILE_BED_ENGINE,
                                  server};
    struct clv_part_name output = {origin, sha256, "output", PROFILE_BED_ENGINE,
                                   NULL};
    struct clv_cost_variant variant = {.name = (char *)(uintptr_t)"shapes",
                                       .metric = (char *)(uintptr_t)"top1",
                                       .size_bytes = 1,
                                       .macs = 1,
                                       .score = 0.9,
                                       .score_low = 0.9,
                                       .score_high = 0.9};
    struct clv_cost_cut cut = {.tensors = 1,
                               .name = (char *)(uintptr_t)"input",
                               .raw_bytes = 1000,
                               .is_picture = 1};
    struct clv_cost_head head = {.memory_bytes = CLV_UNKNOWN,
                                 .energy_j = CLV_UNKNOWN};
    struct clv_cost_tail tail = {.time_ns = profile_bed_took(1e6)};
    struct clv_cost_pack pack = {.packing = {.coder = CLV_CODER_RAW},
                                 .pack_ns = profile_bed_took(1e3),
                                 .unpack_ns = profile_bed_took(1e3),
                                 .bytes_up = profile_bed_took(1100),
                                 .huffman_bytes = CLV_UNKNOWN,
                                 .bytes_down = 100};
    struct clv_subject alone = {.task = ""};

    strcpy(variant.sha256, sha256);
    assert_int_equal(0, clv_database_put_variant(db, &input, &variant, NULL));
    assert_int_equal(0, clv_database_put_cut(db, &input, &cut, 0, NULL));
    head.time_ns = profile_bed_took(0);
    head.finish_ns = profile_bed_took(5e6);
    assert_int_equal(0, clv_database_put_head(db, &input, &head, NULL));
    assert_int_equal(0, clv_database_put_tail(db, &input, &tail, NULL));
    assert_int_equal(0, clv_database_put_pack(db, &input, &pack, NULL));
    cut = (struct clv_cost_cut){
        .tensors = 1, .name = (char *)(uintptr_t)"output", .head_share = 1};
    head.time_ns = profile_bed_took(5e6);
    head.finish_ns = profile_bed_took(0);
    assert_int_equal(0, clv_database_put_cut(db, &output, &cut, 1, NULL));
    assert_int_equal(0, clv_database_put_head(db, &output, &head, NULL));
    assert_int_equal(0, clv_database_mark(db, &input, &alone, 1, NULL));
}

/* Adds the rows of the model in this file to the database at `path`; with
   another hash, as if it were another model. */
static inline void profile_bed_add(const char *path, const char *file,
                                   const char *sha256, const char *server)
{
    struct clv_model *model = NULL;
    struct clv_engine *engine = NULL;
    struct clv_database *db = NULL;
    char machine[CLV_MACHINE_TEXT];
    char words[CLV_MACHINE_TEXT];
    char own[65];
    struct clv_origin origin = {machine, cleave_version(), NULL, ""};

    clv_machine_id(machine, words);
    assert_int_equal(0, clv_model_open(file, &model, NULL));
    assert_int_equal(0, clv_engine_open(PROFILE_BED_ENGINE, &engine, NULL));
    origin.engine = clv_engine_identity(engine);
    clv_model_sha256(model, own);
    assert_int_equal(0, clv_database_open(path, CLV_DATABASE_WRITE, &db, NULL));
    profile_bed_rows(db, &origin, sha256 != NULL ? sha256 : own, server);
    clv_database_close(db);
    clv_engine_close(engine);
    clv_model_close(model);
}

static inline struct clv_application *profile_bed_application(const char *text)
{
    struct clv_application *a = NULL;

    assert_int_equal(
        CLEAVE_OK,
        clv_application_new((clv_bytes){(const uint8_t *)text, strlen(text)},
                            "a.yaml", &a, NULL));
    return a;
}

#endif
