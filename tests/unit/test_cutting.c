/*
 * test_cutting.c - halves written as files of their own, run by ONNX Runtime
 * alone, give what the whole gives.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "network/state.h"
#include "network_bed.h"

static void split(struct bed *b, const char *cut, char head[128],
                  char tail[128])
{
    cleave_error err = CLEAVE_ERROR_INIT;

    snprintf(head, 128, "%s/head.onnx", b->folder);
    snprintf(tail, 128, "%s/tail.onnx", b->folder);
    if (clv_network_split(b->n, cut, head, tail, &err) != CLEAVE_OK) {
        fail_msg("%s: %s: %s", cut, err.where, err.text);
    }
}

static void run_or_fail(struct bed *b, const char *path,
                        const cleave_tensor *known, size_t count, struct run *r)
{
    cleave_error err = CLEAVE_ERROR_INIT;

    if (run_file(b->engine, path, known, count, r, &err) != CLEAVE_OK) {
        fail_msg("%s: %s", err.where, err.text);
    }
}

static void assert_split(struct bed *b, const char *cut)
{
    char head_path[128];
    char tail_path[128];
    cleave_tensor known[2 * RUN_ENDS];
    size_t count = 0;
    struct run whole;
    struct run head;
    struct run tail;

    split(b, cut, head_path, tail_path);
    run_or_fail(b, b->path, NULL, 0, &whole);
    for (size_t i = 0; i < whole.input_count; i++) {
        known[count++] = whole.inputs[i];
    }
    run_or_fail(b, head_path, known, count, &head);
    for (size_t i = 0; i < head.out_count; i++) {
        known[count++] = head.out[i];
    }
    run_or_fail(b, tail_path, known, count, &tail);
    for (size_t i = 0; i < tail.input_count; i++) { /* nothing made up */
        assert_null(tail.made_up[i]);
    }
    for (size_t i = 0; i < tail.out_count; i++) {
        known[count++] = tail.out[i];
    }
    for (size_t i = 0; i < whole.out_count; i++) {
        const cleave_tensor *t = run_find(known, count, whole.out[i].info.name);
        assert_non_null(t);
        if (!run_same(&whole.out[i], t, 1e-6)) {
            fail_msg("cut %s: %s differs", cut, t->info.name);
        }
    }
    run_end(&whole);
    run_end(&head);
    run_end(&tail);
}

static void every_cut_of_every_sample_gives_the_whole(void **state)
{
    struct bed *b = *state;
    size_t checked = 0;

    for (size_t i = 0; i < SAMPLE_COUNT; i++) {
        struct clv_network *n;
        struct clv_cut_set *sets;
        size_t count;
        /* never the same twice; no forms are learnt beside a sequence */
        if (samples[i].make == sample_random ||
            samples[i].make == sample_sequence) {
            continue;
        }
        n = bed_make(b, samples[i].make);
        assert_int_equal(clv_cuts_find(n->model, &sets, &count, NULL), 0);
        for (size_t j = 0; j < count; j++) {
            char name[CLV_CUT_NAME_MAX];
            clv_cutname_print(n->model, &sets[j], name, sizeof name, NULL);
            assert_split(b, name);
            checked++;
        }
        free(sets);
    }
    assert_in_range(checked, 30, 100);
}

static void assert_names(const char *path, const char *inputs,
                         const char *outputs)
{
    struct clv_model *model;
    char text[256] = "";
    uint32_t count;

    assert_int_equal(clv_model_open(path, &model, NULL), CLEAVE_OK);
    clv_model_inputs(model, &count);
    for (uint32_t i = 0; i < count; i++) {
        strcat(strcat(text, clv_model_inputs(model, &count)[i].name), " ");
    }
    assert_string_equal(text, inputs);
    text[0] = '\0';
    clv_model_outputs(model, &count);
    for (uint32_t i = 0; i < count; i++) {
        strcat(strcat(text, clv_model_outputs(model, &count)[i].name), " ");
    }
    assert_string_equal(text, outputs);
    clv_model_close(model);
}

static void ends_stand_in_their_order(void **state)
{
    struct bed *b = *state;
    char head[128];
    char tail[128];

    bed_make(b, sample_two_outputs);
    split(b, "b", head, tail);
    assert_names(head, "x ", "b early "); /* what travels comes first */
    assert_names(tail, "b ", "late ");
    bed_make(b, sample_mask);
    split(b, "deep+mask", head, tail);
    assert_names(head, "ids ", "deep "); /* the mask is passed on */
    assert_names(tail, "mask deep ", "y ");
}

static void what_cannot_be_cut_is_not_written(void **state)
{
    struct bed *b = *state;
    struct clv_network *n = bed_make(b, sample_mask);
    cleave_error err = CLEAVE_ERROR_INIT;
    char head[128];

    snprintf(head, sizeof head, "%s/head.onnx", b->folder);
    assert_int_equal(clv_network_split(n, "deep", head, head, &err),
                     CLEAVE_NOT_FOUND);
    assert_non_null(strstr(err.text, "also depends on 'mask'"));
    err = (cleave_error)CLEAVE_ERROR_INIT;
    assert_int_equal(clv_network_split(n, "mask+ids", head, head, &err),
                     CLEAVE_NOT_FOUND);
    assert_non_null(strstr(err.text, "use the cut 'input'"));
    assert_int_equal(clv_network_split(n, "dep", head, head, NULL),
                     CLEAVE_NOT_FOUND);
    assert_int_equal(access(head, F_OK), -1);
    assert_int_equal(
        clv_network_split(n, "deep+mask", "/proc/head", "/proc/tail", NULL),
        CLEAVE_IO);
}

int main(void)
{
#define IN_BED(test) cmocka_unit_test_setup_teardown(test, bed_begin, bed_end)
    const struct CMUnitTest tests[] = {
        IN_BED(every_cut_of_every_sample_gives_the_whole),
        IN_BED(ends_stand_in_their_order),
        IN_BED(what_cannot_be_cut_is_not_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
