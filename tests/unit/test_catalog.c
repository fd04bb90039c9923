/*
 * test_catalog.c - the models of a folder, good and broken.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "serve/catalog.h"
#include "store/store.h"
#include "tiny_server.h"

static void a_folder_becomes_models(void **state)
{
    struct tiny_server folder;
    struct clv_engine *engine = NULL;
    struct clv_store *store = NULL;
    struct clv_journal silent = {NULL, NULL};
    struct clv_catalog catalog;
    struct clv_served *model = NULL;
    cleave_error error = CLEAVE_ERROR_INIT;

    (void)state;
    memset(&folder, 0, sizeof folder);
    tiny_folder_make(&folder);
    assert_int_equal(clv_engine_open("fake", &engine, NULL), CLEAVE_OK);
    assert_int_equal(clv_store_open(folder.cache, &store, NULL), CLEAVE_OK);
    assert_int_equal(clv_catalog_open("/nonexistent", engine, store, &silent,
                                      &catalog, NULL),
                     CLEAVE_NOT_FOUND);
    assert_int_equal(
        clv_catalog_open(folder.folder, engine, store, &silent, &catalog, NULL),
        CLEAVE_NOT_FOUND);
    assert_int_equal(
        clv_catalog_open(folder.models, engine, store, &silent, &catalog, NULL),
        CLEAVE_OK);
    assert_int_equal(catalog.count, 3);
    assert_string_equal(catalog.models[0].name, "broken");
    assert_string_equal(catalog.models[2].name, "pair");
    assert_int_equal(clv_catalog_find(&catalog, "pair", &model, NULL),
                     CLEAVE_OK);
    assert_ptr_equal(model, &catalog.models[2]);
    assert_int_equal(clv_catalog_find(&catalog, "pai", &model, NULL),
                     CLEAVE_NOT_FOUND);
    assert_int_equal(clv_catalog_find(&catalog, "broken", &model, &error),
                     catalog.models[0].error.code);
    assert_int_not_equal(error.code, CLEAVE_OK);
    assert_non_null(strstr(error.text, "'broken' cannot be served"));
    clv_catalog_close(&catalog);
    clv_store_close(store);
    clv_engine_close(engine);
    tiny_folder_remove(&folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_folder_becomes_models),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
