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

#include "profile_bed.h"
#include "run/designs.h"

#define MODEL TEST_SOURCE_DIR "/zoo/shapes.onnx"
#define OTHER TEST_SOURCE_DIR "/zoo/ground.onnx"
#define ENGINE PROFILE_BED_ENGINE

#define HEAD "tasks: [{name: a, models: [" MODEL "]}]\n"
#define TWO_SERVERS                                                         \
    HEAD "engines: ['cpu:threads=1']\n"                                     \
         "servers:\n  - {url: 'http://far:8700', name: far, priority: 2}\n" \
         "  - {url: 'http://near:8700', name: near, priority: 1}\n"

/* A profile of the model, or with another hash of another one. */
static const char *make_profile(struct scratch *s, const char *sha256,
                                const char *server)
{
    const char *path = scratch_path(s, "p.db");

    profile_bed_add(path, MODEL, sha256, server);
    return path;
}

static void puts_them_together(void **state)
{
    struct clv_application *a = profile_bed_application(TWO_SERVERS);
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
        profile_bed_application(HEAD "engines: ['cpu:threads=1']\n");
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
    struct clv_application *a = profile_bed_application(text);
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

/* A profile knows models, whichever task they were measured for. */
static void variants_have_to_fit_each_other(void **state)
{
    const char *db = make_profile(*state, NULL, "far");

    profile_bed_add(db, OTHER, NULL, "far");
    assert_refused("tasks: [{name: a, models: [" MODEL ", " OTHER "]}]\n"
                   "engines: ['cpu:threads=1']\n",
                   NULL, db, CLEAVE_MISMATCH, "classes");
}

/* Puts in what a machine of this name measured, with the server "near". */
static void add_elsewhere(const char *path, const char *machine)
{
    struct clv_origin origin = {machine, cleave_version(), "engine", ""};
    struct clv_database *db = NULL;
    struct clv_model *model = NULL;
    char sha256[65];

    assert_int_equal(0, clv_model_open(MODEL, &model, NULL));
    clv_model_sha256(model, sha256);
    assert_int_equal(0, clv_database_open(path, CLV_DATABASE_WRITE, &db, NULL));
    profile_bed_rows(db, &origin, sha256, "near");
    clv_database_close(db);
    clv_model_close(model);
}

static void assert_server(const char *db, const char *machine,
                          const char *server)
{
    struct clv_application *a = profile_bed_application(TWO_SERVERS);
    struct clv_designs *d = NULL;
    char here[CLV_MACHINE_TEXT];
    char words[CLV_MACHINE_TEXT];

    clv_machine_id(here, words);
    assert_int_equal(CLEAVE_OK,
                     clv_designs_load_elsewhere(a, NULL, db, &d, NULL));
    assert_string_equal(machine != NULL ? machine : here, d->machine);
    assert_int_equal(1, d->costs.server_count);
    assert_string_equal(server, d->costs.servers[0]);
    clv_designs_free(d);
    clv_application_free(a);
}

/* Another machine's rows before this one's, and of those the last. */
static void another_machines_designs_can_be_had(void **state)
{
    const char *db = make_profile(*state, NULL, "far");
    struct clv_application *a = profile_bed_application(TWO_SERVERS);
    struct clv_designs *d = NULL;

    assert_server(db, NULL, "far");
    add_elsewhere(db, "other");
    assert_server(db, "other", "near");
    add_elsewhere(db, "last");
    assert_server(db, "last", "near");
    /* and this machine's are what they were */
    assert_int_equal(CLEAVE_OK, clv_designs_load(a, NULL, db, &d, NULL));
    assert_string_equal("", d->machine);
    assert_string_equal("far", d->costs.servers[0]);
    clv_designs_free(d);
    d = NULL;
    assert_int_equal(CLEAVE_NOT_FOUND, clv_designs_load_elsewhere(
                                           a, NULL, "/nowhere.db", &d, NULL));
    assert_null(d);
    clv_application_free(a);
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
        cmocka_unit_test_setup_teardown(variants_have_to_fit_each_other,
                                        scratch_begin, scratch_end),
        cmocka_unit_test_setup_teardown(another_machines_designs_can_be_had,
                                        scratch_begin, scratch_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
