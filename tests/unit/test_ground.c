/*
 * test_ground.c - a model and its card, opened or refused with words.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "run/rig.h"
#include "tiny_server.h"

struct bed {
    struct tiny_server there; /* its folders only */
    char model[128];
    char card[128];
    struct clv_engine *engine;
    struct clv_store *store;
    struct clv_ground_options options;
};

static int set_up(void **state)
{
    struct bed *b = calloc(1, sizeof *b);

    tiny_folder_make(&b->there);
    snprintf(b->model, sizeof b->model, "%s/chain.onnx", b->there.models);
    snprintf(b->card, sizeof b->card, "%s/chain.yaml", b->there.models);
    assert_int_equal(clv_engine_open("cpu:threads=1", &b->engine, NULL),
                     CLEAVE_OK);
    snprintf(b->there.cache, sizeof b->there.cache, "%s/c", b->there.folder);
    assert_int_equal(clv_store_open(b->there.cache, &b->store, NULL),
                     CLEAVE_OK);
    b->options = (struct clv_ground_options){
        .model = b->model, .engine = b->engine, .store = b->store};
    *state = b;
    return 0;
}

static int tear_down(void **state)
{
    struct bed *b = *state;

    clv_store_close(b->store);
    clv_engine_close(b->engine);
    tiny_folder_remove(&b->there);
    free(b);
    return 0;
}

static void write_card(const struct bed *b, const char *input)
{
    FILE *file = fopen(b->card, "w");

    assert_non_null(file);
    fprintf(file,
            "task: array\nmetric: cosine\ninput:\n"
            "  - {name: %s, kind: array, dtype: f32, shape: [1, %d]}\n"
            "output:\n  - name: y\n",
            input, TINY_SIZE);
    fclose(file);
}

static void a_model_is_named_by_its_file(void **state)
{
    struct bed *b = *state;
    struct clv_ground g;

    assert_int_equal(clv_ground_init(&g, &b->options, NULL), CLEAVE_OK);
    assert_string_equal(g.model_name, "chain");
    assert_null(g.card);
    clv_ground_fini(&g);
    b->options.model_name = "other";
    write_card(b, "x");
    assert_int_equal(clv_ground_init(&g, &b->options, NULL), CLEAVE_OK);
    assert_string_equal(g.model_name, "other");
    assert_non_null(g.card); /* found beside the model */
    clv_ground_fini(&g);
    clv_ground_fini(&g); /* all zero */
}

static void what_does_not_go_together_is_refused(void **state)
{
    struct bed *b = *state;
    cleave_error err = CLEAVE_ERROR_INIT;
    struct clv_ground g;

    write_card(b, "nothing");
    assert_int_not_equal(clv_ground_init(&g, &b->options, &err), CLEAVE_OK);
    assert_non_null(strstr(err.text, "nothing"));
    clv_ground_fini(&g);
    remove(b->card);
    b->options.card = "/nowhere/net.yaml";
    assert_int_equal(clv_ground_init(&g, &b->options, NULL), CLEAVE_NOT_FOUND);
    clv_ground_fini(&g);
    b->options.card = NULL;
    b->options.model = "/nowhere/net.onnx";
    assert_int_equal(clv_ground_init(&g, &b->options, NULL), CLEAVE_NOT_FOUND);
    clv_ground_fini(&g);
}

static void heads_fit_beside_each_other_by_cores(void **state)
{
    struct bed *b = *state;
    long cores = sysconf(_SC_NPROCESSORS_ONLN);

    assert_int_equal(clv_ground_width(b->engine), cores > 1 ? cores : 1);
}

int main(void)
{
#define IN_BED(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        IN_BED(a_model_is_named_by_its_file),
        IN_BED(what_does_not_go_together_is_refused),
        IN_BED(heads_fit_beside_each_other_by_cores),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
