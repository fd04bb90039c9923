/*
 * test_gather.c - which samples paths stand for, and what is refused.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "media/source.h"
#include "scratch_array.h"

#define PIXEL "P6 1 1 255\nabc"

static const cleave_tensor_info picture = {
    "x", CLEAVE_TYPE_F32, 4, {1, 3, 1, 1}};
static const cleave_tensor_info two[] = {{"a/1", CLEAVE_TYPE_F32, 2, {1, 3}},
                                         {"b", CLEAVE_TYPE_F32, 2, {1, 2}}};

static struct clv_card *card_of(const char *input)
{
    struct clv_card *card = NULL;
    char text[200];

    snprintf(text, sizeof text, "task: array\ninput:\n  - {name: x, %s}\n",
             input);
    assert_int_equal(CLEAVE_OK, clv_card_new((clv_bytes){(const uint8_t *)text,
                                                         strlen(text)},
                                             "c.yaml", &card, NULL));
    return card;
}

/* The samples' names, joined by spaces. */
static void assert_names(const struct clv_card *card, const char *path,
                         const char *want)
{
    struct clv_source *s = NULL;
    cleave_error err = CLEAVE_ERROR_INIT;
    char names[1000] = "";
    char name[CLV_SOURCE_NAME];

    if (clv_source_new(card, &picture, 1, &path, 1, &s, &err) != CLEAVE_OK) {
        fail_msg("%s: %s", err.where, err.text);
    }
    for (uint64_t i = 0; i < clv_source_count(s); i++) {
        strcat(strcat(names, i > 0 ? " " : ""), clv_source_name(s, i, name));
    }
    assert_string_equal(want, names);
    clv_source_free(s);
}

static void assert_refused(const struct clv_card *card,
                           const cleave_tensor_info *inputs, size_t count,
                           const char *path, cleave_status want,
                           const char *word)
{
    struct clv_source *s = NULL;
    cleave_error err = CLEAVE_ERROR_INIT;

    assert_int_equal(want,
                     clv_source_new(card, inputs, count, &path, 1, &s, &err));
    if (strstr(err.text, word) == NULL) {
        fail_msg("\"%s\" does not say \"%s\"", err.text, word);
    }
    assert_null(s);
}

static void a_folder_of_pictures(void **state)
{
    struct clv_card *card = card_of("kind: image");
    const char *d = scratch_folder(*state, "pictures");
    const char *below;

    assert_refused(card, &picture, 1, d, CLEAVE_NOT_FOUND, "no picture");
    below = scratch_folder(d, "images");
    scratch_text(below, "z.WebP", PIXEL);
    scratch_text(below, "a.JPG", PIXEL);
    scratch_text(d, "labels.csv", "");
    assert_names(card, d, "a.JPG z.WebP");
    scratch_text(d, "own.png", PIXEL);
    assert_names(card, scratch_path(d, ""), "own.png");
    scratch_array(d, "y.npy", SHAPE(1, 3, 1, 1), 0);
    assert_refused(card, &picture, 1, d, CLEAVE_MISMATCH, "y.npy");
    scratch_array(d, "x.npy", SHAPE(2, 3, 1, 1), 0);
    assert_names(card, d, "x.npy[0] x.npy[1]"); /* the input's name wins */
    clv_card_free(card);
}

static void a_folder_of_arrays(void **state)
{
    const char *d = scratch_folder(*state, "arrays");

    scratch_array(d, "q.npy", SHAPE(2, 3, 1, 1), 0);
    scratch_array(d, "p.npy", SHAPE(1, 3, 1, 1), 0);
    assert_names(NULL, d, "p.npy q.npy[0] q.npy[1]");
    scratch_array(d, "r.npy", SHAPE(4, 4), 0);
    assert_refused(NULL, &picture, 1, d, CLEAVE_MISMATCH, "f32 4x4");
}

static void files_are_known_by_their_bytes(void **state)
{
    struct clv_card *card = card_of("kind: image");
    const char *d = *state;

    assert_names(card, scratch_text(d, "odd.name", PIXEL), "odd.name");
    assert_names(card, scratch_array(d, "array", SHAPE(3, 1, 1), 0), "array");
    assert_refused(card, &picture, 1, scratch_text(d, "a.jpg", "hello"),
                   CLEAVE_UNSUPPORTED, "neither");
    assert_refused(card, &picture, 1, scratch_path(d, "none"), CLEAVE_NOT_FOUND,
                   "No such file");
    clv_card_free(card);
}

static void pictures_need_a_card_that_takes_them(void **state)
{
    struct clv_card *card =
        card_of("kind: array, dtype: f32, shape: [1, 3, 1, 1]");
    const char *path = scratch_text(*state, "p.ppm", PIXEL);

    assert_refused(NULL, &picture, 1, path, CLEAVE_MISMATCH, "model card");
    assert_refused(card, &picture, 1, path, CLEAVE_MISMATCH, "an array");
    assert_refused(NULL, two, 2, path, CLEAVE_MISMATCH, "2 inputs");
    clv_card_free(card);
}

static void several_inputs_need_a_file_each(void **state)
{
    const char *d = scratch_folder(*state, "two");
    const char *one = scratch_array(d, "a_1.npy", SHAPE(4, 3), 0);

    assert_refused(NULL, two, 2, one, CLEAVE_MISMATCH, "2 inputs");
    assert_refused(NULL, two, 2, d, CLEAVE_NOT_FOUND, "b.npy");
    scratch_array(d, "b.npy", SHAPE(5, 2), 0);
    assert_refused(NULL, two, 2, d, CLEAVE_MISMATCH, "5 rows");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_folder_of_pictures),
        cmocka_unit_test(a_folder_of_arrays),
        cmocka_unit_test(files_are_known_by_their_bytes),
        cmocka_unit_test(pictures_need_a_card_that_takes_them),
        cmocka_unit_test(several_inputs_need_a_file_each),
    };
    return cmocka_run_group_tests(tests, scratch_open, scratch_close);
}
