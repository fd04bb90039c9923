/*
 * test_designs.c - an application and its profile, put together; and what is
 * said when they do not fit.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "engine/engine.h"
#include "model/model.h"
#include "profile/database.h"
#include "run/designs.h"
#include "scratch_folder.h"

#define MODEL TEST_SOURCE_DIR "/zoo/shapes.onnx"
#define ENGINE "cpu:threads=1,spin=off"

#define HEAD "tasks: [{name: a, models: [" MODEL "]}]\n"
#define TWO_SERVERS                                                         \
    HEAD "engines: ['cpu:threads=1']\n"                                     \
         "servers:\n  - {url: 'http://far:8700', name: far, priority: 2}\n" \
         "  - {url: 'http://near:8700', name: near, priority: 1}\n"

static struct clv_spread took(double ns)
{
    return clv_spread_of(&ns, 1);
}

/* All that two cuts need: `input` to be sent as f32 to `server`, `output`. */
static void put_rows(struct clv_database *db, const struct clv_origin *origin,
                     const char *sha256, const char *server)
{
    struct clv_part_name input = {origin, sha256, "input", ENGINE, server};
    struct clv_part_name output = {origin, sha256, "output", ENGINE, NULL};
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
    struct clv_cost_tail tail = {.time_ns = took(1e6)};
    struct clv_cost_pack pack = {.packing = {.coder = CLV_CODER_RAW},
                                 .pack_ns = took(1e3),
                                 .unpack_ns = took(1e3),
                                 .bytes_up = took(1100),
                                 .huffman_bytes = CLV_UNKNOWN,
                                 .bytes_down = 100};

    strcpy(variant.sha256, sha256);
    assert_int_equal(0, clv_database_put_variant(db, &input, &variant, NULL));
    assert_int_equal(0, clv_database_put_cut(db, &input, &cut, 0, NULL));
    head.time_ns = took(0);
    head.finish_ns = took(5e6);
    assert_int_equal(0, clv_database_put_head(db, &input, &head, NULL));
    assert_int_equal(0, clv_database_put_tail(db, &input, &tail, NULL));
    assert_int_equal(0, clv_database_put_pack(db, &input, &pack, NULL));
    cut = (struct clv_cost_cut){
        .tensors = 1, .name = (char *)(uintptr_t)"output", .head_share = 1};
    head.time_ns = took(5e6);
    head.finish_ns = took(0);
    assert_int_equal(0, clv_database_put_cut(db, &output, &cut, 1, NULL));
    assert_int_equal(0, clv_database_put_head(db, &output, &head, NULL));
    assert_int_equal(0, clv_database_mark(db, &input, 1, NULL));
}

/* A profile of the model, or with another hash of another one. */
static const char *make_profile(struct scratch *s, const char *sha256,
                                const char *server)
{
    const char *path = scratch_path(s, "p.db");
    struct clv_model *model = NULL;
    struct clv_engine *engine = NULL;
    struct clv_database *db = NULL;
    char machine[CLV_MACHINE_TEXT];
    char words[CLV_MACHINE_TEXT];
    char own[65];
    struct clv_origin origin = {machine, cleave_version(), NULL, ""};

    clv_machine_id(machine, words);
    assert_int_equal(0, clv_model_open(MODEL, &model, NULL));
    assert_int_equal(0, clv_engine_open(ENGINE, &engine, NULL));
    origin.engine = clv_engine_identity(engine);
    clv_model_sha256(model, own);
    assert_int_equal(0, clv_database_open(path, CLV_DATABASE_WRITE, &db, NULL));
    put_rows(db, &origin, sha256 != NULL ? sha256 : own, server);
    clv_database_close(db);
    clv_engine_close(engine);
    clv_model_close(model);
    return path;
}

static struct clv_application *application(const char *text)
{
    struct clv_application *a = NULL;

    assert_int_equal(
        CLEAVE_OK,
        clv_application_new((clv_bytes){(const uint8_t *)text, strlen(text)},
                            "a.yaml", &a, NULL));
    return a;
}

static void puts_them_together(void **state)
{
    struct clv_application *a = application(TWO_SERVERS);
    const char *db = make_profile(*state, NULL, "far");
    struct clv_designs *d = NULL;
    cleave_error err = CLEAVE_ERROR_INIT;

    if (clv_designs_load(a, NULL, db, &d, &err) != CLEAVE_OK) {
        fail_msg("%s: %s", err.where, err.text);
    }
    assert_ptr_equal(&a->tasks[0], d->task);
    assert_int_equal(2, d->space.count);
    assert_ptr_equal(&d->costs, d->space.costs);
    /* "near" was never measured: "far", the application's second, is the
       only one here. */
    assert_int_equal(1, d->costs.server_count);
    assert_string_equal("far", d->costs.servers[0]);
    assert_ptr_equal(&a->servers[1], clv_designs_server(d, 0));
    assert_string_equal("http://far:8700", clv_designs_server(d, 0)->url);
    assert_ptr_equal(&a->tasks[0].variants[0], clv_designs_variant(d, 0));
    clv_designs_free(d);
    clv_application_free(a);
}

/* All on the device needs no server. */
static void without_servers_there_is_output(void **state)
{
    struct clv_application *a =
        application(HEAD "engines: ['cpu:threads=1']\n");
    const char *db = make_profile(*state, NULL, "far");
    struct clv_designs *d = NULL;

    assert_int_equal(CLEAVE_OK, clv_designs_load(a, "a", db, &d, NULL));
    assert_int_equal(1, d->space.count);
    assert_int_equal(CLV_NO_SERVER, d->space.candidates[0].server);
    clv_designs_free(d);
    clv_designs_free(NULL);
    clv_application_free(a);
}

static void assert_refused(const char *text, const char *task, const char *db,
                           cleave_status status, const char *word)
{
    struct clv_application *a = application(text);
    struct clv_designs *d = NULL;
    cleave_error err = CLEAVE_ERROR_INIT;

    assert_int_equal(status, clv_designs_load(a, task, db, &d, &err));
    if (strstr(err.text, word) == NULL) {
        fail_msg("%s: \"%s\" has no word of \"%s\"", err.where, err.text, word);
    }
    assert_null(d);
    clv_application_free(a);
}

static void says_what_does_not_fit(void **state)
{
    static const char other[] = "0123456789abcdef0123456789abcdef"
                                "0123456789abcdef0123456789abcdef";
    const char *db = make_profile(*state, other, "far");

    assert_refused(TWO_SERVERS, NULL, db, CLEAVE_NOT_FOUND, "model");
    assert_refused(TWO_SERVERS, "b", db, CLEAVE_NOT_FOUND, "'a'");
    assert_refused(TWO_SERVERS, NULL, "/nowhere.db", CLEAVE_NOT_FOUND,
                   "profile");
    assert_refused("tasks: [{name: a, models: [/no/m.onnx]}]\n", NULL, db,
                   CLEAVE_NOT_FOUND, "");
    assert_refused("tasks: [{name: a, models: [" TEST_SOURCE_DIR
                   "/zoo/shapes.yaml]}]\n",
                   NULL, db, CLEAVE_CORRUPT, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(puts_them_together, scratch_begin,
                                        scratch_end),
        cmocka_unit_test_setup_teardown(without_servers_there_is_output,
                                        scratch_begin, scratch_end),
        cmocka_unit_test_setup_teardown(says_what_does_not_fit, scratch_begin,
                                        scratch_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
