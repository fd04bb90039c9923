/*
 * test_shapes.c - the form of every tensor in the middle is learnt from the
 * engine, kept, and learnt again if what was kept is damaged.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "network/state.h"
#include "network_bed.h"

static void learn(struct clv_network *n)
{
    cleave_error err = CLEAVE_ERROR_INIT;

    if (clv_shapes_learn_locked(n, &err) != CLEAVE_OK) {
        fail_msg("%s: %s", err.where, err.text);
    }
}

static void assert_form(struct clv_network *n, const char *name,
                        const char *form, const char *concrete)
{
    uint32_t id = clv_model_find_tensor(n->model, name);
    char text[100];

    assert_int_not_equal(id, CLV_NONE);
    assert_string_equal(
        clv_tensor_describe(&n->shapes->form[id], text, sizeof text), form);
    assert_string_equal(
        clv_tensor_describe(&n->shapes->concrete[id], text, sizeof text),
        concrete);
    assert_string_equal(n->shapes->form[id].name, name);
}

static void tensors_in_the_middle_have_forms(void **state)
{
    struct clv_network *n = bed_make(*state, sample_residual);

    learn(n);
    assert_form(n, "x", "f32 1x3x6x6", "f32 1x3x6x6");
    assert_form(n, "c1", "f32 1x4x4x4", "f32 1x4x4x4");
    assert_form(n, "row", "f32 1x64", "f32 1x64");
    assert_form(n, "w3", "f32 64x5", "f32 64x5");
    assert_form(n, "flat", "i64 2", "i64 2");
    n = bed_make(*state, sample_branch);
    learn(n);
    assert_form(n, "positive", "bool scalar", "bool scalar");
    assert_form(n, "c", "f32 1x4", "f32 1x4");
    n = bed_make(*state, sample_quantised);
    learn(n);
    assert_form(n, "qc", "u8 1x4x4x4", "u8 1x4x4x4");
}

/* Nothing is known of what a Loop gives until it has run. */
static void unknown_ranks_are_learnt_by_a_run(void **state)
{
    struct clv_network *n = bed_make(*state, sample_loop);

    learn(n);
    assert_form(n, "b", "f32 ?x?", "f32 1x4");
    assert_form(n, "y", "f32 1x4", "f32 1x4"); /* the file says so */
}

static void free_dimensions_stay_free_and_count_as_one(void **state)
{
    struct clv_network *n = bed_make(*state, sample_names);

    learn(n);
    assert_form(n, "b", "f32 ?x4", "f32 1x4");
    assert_form(n, "y/out", "f32 ?x4", "f32 1x4");
}

static void every_sample_can_be_probed(void **state)
{
    for (size_t i = 0; i < SAMPLE_COUNT; i++) {
        learn(bed_make(*state, samples[i].make));
    }
}

/* -- Keeping -- */

static void note_inode(const char *path, void *self)
{
    struct stat st;

    assert_int_equal(stat(path, &st), 0);
    *(ino_t *)self = st.st_ino;
}

static void note_path(const char *path, void *self)
{
    strcpy(self, path);
}

static void what_was_learnt_is_not_learnt_again(void **state)
{
    struct bed *b = *state;
    ino_t first = 0;
    ino_t second = 0;

    learn(bed_make(b, sample_names));
    assert_int_equal(
        bed_each_entry(b, "entries", ".shapes", note_inode, &first), 1);
    learn(bed_open(b));
    bed_each_entry(b, "entries", ".shapes", note_inode, &second);
    assert_int_equal(first, second);
    assert_form(b->n, "b", "f32 ?x4", "f32 1x4");
}

static void a_damaged_entry_is_learnt_again(void **state)
{
    struct bed *b = *state;
    char path[512] = "";
    struct stat st;
    off_t size;

    learn(bed_make(b, sample_names));
    bed_each_entry(b, "entries", ".shapes", note_path, path);
    assert_int_equal(stat(path, &st), 0);
    size = st.st_size;
    for (off_t part = 0; part < size; part++) { /* cut off anywhere */
        assert_int_equal(truncate(path, part), 0);
        learn(bed_open(b));
        assert_form(b->n, "b", "f32 ?x4", "f32 1x4");
        assert_form(b->n, "in+put:0", "f32 ?x4", "f32 1x4");
        assert_form(b->n, "y/out", "f32 ?x4", "f32 1x4");
        assert_int_equal(stat(path, &st), 0);
        assert_int_equal(st.st_size, size);
    }
}

int main(void)
{
#define IN_BED(test) cmocka_unit_test_setup_teardown(test, bed_begin, bed_end)
    const struct CMUnitTest tests[] = {
        IN_BED(tensors_in_the_middle_have_forms),
        IN_BED(unknown_ranks_are_learnt_by_a_run),
        IN_BED(free_dimensions_stay_free_and_count_as_one),
        IN_BED(every_sample_can_be_probed),
        IN_BED(what_was_learnt_is_not_learnt_again),
        IN_BED(a_damaged_entry_is_learnt_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
