/*
 * test_fitting.c - which models can be variants of one task, and what is said
 * of those that cannot.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "graph_maker.h"
#include "profile/fitting.h"
#include "scratch_folder.h"
#include "store/store.h"

#define PICTURE                                                            \
    "task: %s\nmetric: %s\ninput:\n  - {name: in, kind: image, "           \
    "channels: rgb, layout: nchw}\noutput:\n  - {name: out, first_class: " \
    "%d}\n"

struct fitting_bed {
    struct scratch *scratch;
    struct clv_engine *engine;
    struct clv_store *store;
    struct clv_fitting sides[2];
    struct clv_card *cards[2];
    cleave_error err;
};

static int begin(void **state)
{
    struct fitting_bed *b = calloc(1, sizeof *b);
    void *scratch = NULL;

    if (b == NULL || scratch_begin(&scratch) != 0) {
        return -1;
    }
    b->scratch = scratch;
    *state = b;
    return clv_engine_open("fake", &b->engine, NULL) == CLEAVE_OK &&
                   clv_store_open(scratch_path(b->scratch, "store"), &b->store,
                                  NULL) == CLEAVE_OK
               ? 0
               : -1;
}

static void forget(struct fitting_bed *b)
{
    for (int i = 0; i < 2; i++) {
        clv_network_close(b->sides[i].network);
        clv_card_free(b->cards[i]);
        b->sides[i] = (struct clv_fitting){.network = NULL};
        b->cards[i] = NULL;
    }
    b->err = (cleave_error)CLEAVE_ERROR_INIT;
}

static int end(void **state)
{
    struct fitting_bed *b = *state;
    void *scratch = b->scratch;

    forget(b);
    clv_store_close(b->store);
    clv_engine_close(b->engine);
    free(b);
    return scratch_end(&scratch);
}

/* A model with these ends, joined by ';', and a card or none. */
static void set(struct fitting_bed *b, int i, const char *inputs,
                const char *outputs, const char *card)
{
    static const char *const names[] = {"first.onnx", "other.onnx"};
    struct maker *m = maker_new();
    const char *path = scratch_path(b->scratch, names[i]);
    char text[512];
    char *rest = text;
    char *end;

    snprintf(text, sizeof text, "%s", inputs);
    while ((end = strsep(&rest, ";")) != NULL) {
        maker_input(m, end);
    }
    snprintf(text, sizeof text, "%s", outputs);
    rest = text;
    while ((end = strsep(&rest, ";")) != NULL) {
        struct maker_form form = maker_form(end);
        maker_output(m, end);
        maker_node(m, "Custom", m->at->input[0]->name, form.name);
    }
    maker_write(m, path);
    maker_free(m);
    b->sides[i].name = names[i];
    assert_int_equal(
        clv_network_open(path, b->engine, b->store, &b->sides[i].network, NULL),
        CLEAVE_OK);
    if (card != NULL &&
        clv_card_new((clv_bytes){(const uint8_t *)card, strlen(card)},
                     "card.yaml", &b->cards[i], &b->err) != CLEAVE_OK) {
        fail_msg("%s: %s", b->err.where, b->err.text);
    }
    b->sides[i].card = b->cards[i];
}

/* A model of a trial; without a task it has no card. */
struct model {
    const char *inputs;
    const char *outputs;
    const char *task;
    const char *metric;
    int first_class;
};

#define CLASSIFIES "classification", "top1"

/* Two models, and what is said of the second; NULL: they fit. */
struct trial {
    struct model first;
    struct model other;
    const char *words;
};

static void set_model(struct fitting_bed *b, int i, const struct model *m)
{
    char text[512];

    snprintf(text, sizeof text, PICTURE, m->task != NULL ? m->task : "",
             m->metric != NULL ? m->metric : "", m->first_class);
    set(b, i, m->inputs, m->outputs, m->task != NULL ? text : NULL);
}

static void check(struct fitting_bed *b, const struct trial *trials,
                  size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const char *words = trials[i].words;
        cleave_status status;
        set_model(b, 0, &trials[i].first);
        set_model(b, 1, &trials[i].other);
        status = clv_variants_fit(&b->sides[0], &b->sides[1], &b->err);
        if (words == NULL && status != CLEAVE_OK) {
            fail_msg("trial %zu: %s: %s", i, b->err.where, b->err.text);
        }
        if (words != NULL) {
            assert_int_equal(status, CLEAVE_MISMATCH);
            assert_string_equal(b->err.where, "other.onnx");
            if (strstr(b->err.text, words) == NULL) {
                fail_msg("trial %zu: \"%s\" has not \"%s\"", i, b->err.text,
                         words);
            }
        }
        forget(b);
    }
}

#define CHECK(state, trials) \
    check(*(state), trials, sizeof(trials) / sizeof((trials)[0]))

static void sizes_of_pictures_and_backgrounds_may_differ(void **state)
{
    static const struct trial trials[] = {
        {{"in f32 1x3x224x224", "out f32 1x1000", CLASSIFIES, 0},
         {"in f32 1x3x128x128", "out f32 1x1001x1x1", CLASSIFIES, 1},
         NULL},
        {{"in f32 ?x3x96x96", "out f32 ?x2", CLASSIFIES, 0},
         {"in f16 1x3x96x96", "out f16 1x2", CLASSIFIES, 0},
         NULL},
    };

    CHECK(state, trials);
}

static void other_classes_are_refused(void **state)
{
    static const struct trial trials[] = {
        {{"in f32 1x3x8x8", "out f32 1x1000", CLASSIFIES, 0},
         {"in f32 1x3x8x8", "out f32 1x1001", CLASSIFIES, 0},
         "1001 classes"},
        {{"in f32 1x3x8x8", "out f32 1x10", CLASSIFIES, 0},
         {"in f32 1x3x8x8", "out f32 1x10;more f32 1x4", CLASSIFIES, 0},
         "2 outputs"},
    };

    CHECK(state, trials);
}

static void cards_must_agree(void **state)
{
    static const struct trial trials[] = {
        {{"in f32 1x3x8x8", "out f32 1x10", CLASSIFIES, 0},
         {"in f32 1x3x8x8", "out f32 1x10", "detection", "cosine", 0},
         "does detection"},
        {{"in f32 1x3x8x8", "out f32 1x10", CLASSIFIES, 0},
         {"in f32 1x3x8x8", "out f32 1x10", "classification", "topk", 0},
         "judged by topk"},
        {{"in f32 1x3x8x8", "out f32 1x10", CLASSIFIES, 0},
         {"in f32 1x3x8x8", "out f32 1x10", NULL, NULL, 0},
         "has no card"},
    };

    CHECK(state, trials);
}

static void detections_may_have_other_sizes(void **state)
{
    static const struct trial trials[] = {
        {{"in f32 1x3x240x320", "out f32 1x4420x4", "detection", "cosine", 0},
         {"in f32 1x3x480x640", "out f32 1x17640x4", "detection", "cosine", 0},
         NULL},
    };

    CHECK(state, trials);
}

static void arrays_must_be_the_same(void **state)
{
    /* text: two inputs, in any order */
    static const struct trial trials[] = {
        {{"ids i64 1x48;mask i64 1x48", "out f32 1x150", NULL, NULL, 0},
         {"mask i64 1x48;ids i64 ?x48", "y f32 1x150", NULL, NULL, 0},
         NULL},
        {{"ids i64 1x48;mask i64 1x48", "out f32 1x150", NULL, NULL, 0},
         {"ids i64 1x48", "out f32 1x150", NULL, NULL, 0},
         "1 input,"},
        {{"ids i64 1x48;mask i64 1x48", "out f32 1x150", NULL, NULL, 0},
         {"ids i64 1x48;types i64 1x48", "out f32 1x150", NULL, NULL, 0},
         "no input 'mask'"},
        {{"ids i64 1x48", "out f32 1x150", NULL, NULL, 0},
         {"ids i64 1x64", "out f32 1x150", NULL, NULL, 0},
         "1x64"},
        {{"x f32 1x4", "out f32 1x150", NULL, NULL, 0},
         {"x f32 1x4", "out f32 1x151", NULL, NULL, 0},
         "1x151"},
    };

    CHECK(state, trials);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)
        TEST(sizes_of_pictures_and_backgrounds_may_differ),
        TEST(other_classes_are_refused),
        TEST(cards_must_agree),
        TEST(detections_may_have_other_sizes),
        TEST(arrays_must_be_the_same),
#undef TEST
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
