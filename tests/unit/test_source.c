/*
 * test_source.c - loading samples, from several threads too.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <string.h>

#include "media/labels.h"
#include "media/source.h"
#include "scratch_array.h"

#define THREADS 4

static const cleave_tensor_info two[] = {{"a", CLEAVE_TYPE_F32, 2, {1, 3}},
                                         {"b", CLEAVE_TYPE_F32, 2, {-1, 2}}};
static const cleave_tensor_info picture = {
    "x", CLEAVE_TYPE_F32, 4, {1, 3, -1, -1}};

static struct clv_source *open_source(const struct clv_card *card,
                                      const cleave_tensor_info *inputs,
                                      size_t count, const char *const *paths,
                                      size_t path_count)
{
    struct clv_source *s = NULL;
    cleave_error err = CLEAVE_ERROR_INIT;

    if (clv_source_new(card, inputs, count, paths, path_count, &s, &err) !=
        CLEAVE_OK) {
        fail_msg("%s: %s", err.where, err.text);
    }
    return s;
}

static struct clv_card *picture_card(void)
{
    static const char text[] = "task: array\ninput: [{name: x, kind: image}]\n";
    struct clv_card *card = NULL;

    assert_int_equal(CLEAVE_OK, clv_card_new((clv_bytes){(const uint8_t *)text,
                                                         sizeof text - 1},
                                             "c.yaml", &card, NULL));
    return card;
}

static void rows_of_all_inputs_go_together(void **state)
{
    const char *d = scratch_folder(*state, "two");
    struct clv_source *s;
    struct clv_sample sample;
    char name[CLV_SOURCE_NAME];

    scratch_array(d, "a.npy", SHAPE(4, 3), 0);
    scratch_array(d, "b.npy", SHAPE(4, 2), 100);
    s = open_source(NULL, two, 2, &d, 1);
    assert_int_equal(4, clv_source_count(s));
    clv_sample_init(&sample);
    assert_int_equal(CLEAVE_OK, clv_source_load(s, 2, &sample, NULL));
    assert_int_equal(2, sample.count);
    assert_string_equal("a", sample.tensors[0].info.name);
    assert_int_equal(1, sample.tensors[0].info.shape[0]);
    assert_int_equal(1, sample.tensors[1].info.shape[0]);
    assert_int_equal(12, sample.tensors[0].bytes);
    assert_memory_equal(((float[]){6, 7, 8}), sample.tensors[0].data, 12);
    assert_memory_equal(((float[]){104, 105}), sample.tensors[1].data, 8);
    assert_string_equal("a.npy[2]", clv_source_name(s, 2, name));
    assert_int_equal(2, clv_source_row(s, 2));
    assert_int_equal(CLEAVE_INVALID, clv_source_load(s, 4, &sample, NULL));
    clv_sample_fini(&sample);
    clv_source_free(s);
}

static void paths_keep_their_order(void **state)
{
    struct clv_card *card = picture_card();
    const char *paths[3];
    struct clv_source *s;
    struct clv_sample sample;
    char name[CLV_SOURCE_NAME];

    paths[0] = scratch_text(*state, "z.ppm", "P6 2 1 255\nabcdef");
    paths[1] = scratch_array(*state, "m.npy", SHAPE(3, 3, 2, 1), 0);
    paths[2] = scratch_text(*state, "a.ppm", "P6 1 1 255\nABC");
    s = open_source(card, &picture, 1, paths, 3);
    assert_int_equal(5, clv_source_count(s));
    assert_string_equal("z.ppm", clv_source_name(s, 0, name));
    assert_string_equal("m.npy[0]", clv_source_name(s, 1, name));
    assert_string_equal("m.npy[2]", clv_source_name(s, 3, name));
    assert_string_equal("a.ppm", clv_source_name(s, 4, name));
    assert_string_equal(paths[1], clv_source_file(s, 3));
    clv_sample_init(&sample);
    assert_int_equal(CLEAVE_OK, clv_source_load(s, 0, &sample, NULL));
    assert_int_equal(2, sample.tensors[0].info.shape[3]);
    assert_memory_equal(((float[]){'a', 'd', 'b', 'e', 'c', 'f'}),
                        sample.tensors[0].data, 24);
    assert_int_equal(CLEAVE_OK, clv_source_load(s, 3, &sample, NULL));
    assert_memory_equal(((float[]){12, 13, 14, 15, 16, 17}),
                        sample.tensors[0].data, 24);
    assert_int_equal(CLEAVE_OK, clv_source_load(s, 4, &sample, NULL));
    assert_memory_equal(((float[]){'A', 'B', 'C'}), sample.tensors[0].data, 12);
    clv_sample_fini(&sample);
    clv_source_free(s);
    clv_card_free(card);
}

static void unaligned_arrays_are_copied(void **state)
{
    const char header[] = "{'descr': '<f4', 'fortran_order': False, "
                          "'shape': (1, 1), }";
    const cleave_tensor_info want = {"x", CLEAVE_TYPE_F32, 2, {1, 1}};
    uint8_t file[200] = "\x93NUMPY\1\0";
    const float value = 1.25f;
    size_t at = 10 + sizeof header - 1;
    const char *path;
    struct clv_source *s;
    struct clv_sample sample;

    memcpy(file + 10, header, sizeof header - 1);
    while (at % 4 != 1) {
        file[at++] = '\n';
    }
    file[8] = (uint8_t)(at - 10);
    memcpy(file + at, &value, 4);
    path = scratch_write(*state, "u.npy", file, at + 4);
    s = open_source(NULL, &want, 1, &path, 1);
    clv_sample_init(&sample);
    assert_int_equal(CLEAVE_OK, clv_source_load(s, 0, &sample, NULL));
    assert_int_equal(0, (uintptr_t)sample.tensors[0].data % 4);
    assert_true(*(float *)sample.tensors[0].data == 1.25f);
    clv_sample_fini(&sample);
    clv_source_free(s);
}

static void a_bad_picture_fails_alone(void **state)
{
    struct clv_card *card = picture_card();
    const char *paths[2];
    struct clv_source *s;
    struct clv_sample sample;
    cleave_error err = CLEAVE_ERROR_INIT;

    paths[0] = scratch_text(*state, "bad.ppm", "P6 9 9 255\nabcdef");
    paths[1] = scratch_text(*state, "good.ppm", "P6 1 1 255\nABC");
    s = open_source(card, &picture, 1, paths, 2);
    clv_sample_init(&sample);
    assert_int_equal(CLEAVE_CORRUPT, clv_source_load(s, 0, &sample, &err));
    assert_string_equal(paths[0], err.where);
    assert_int_equal(CLEAVE_OK, clv_source_load(s, 1, &sample, NULL));
    clv_sample_fini(&sample);
    clv_source_free(s);
    clv_card_free(card);
}

/* A picture first, then its tensor: together the same as loading. */
static void a_picture_may_be_loaded_alone(void **state)
{
    static const char text[] = "task: array\ninput: [{name: x, kind: image, "
                               "prepare: [{crop: 1}, {resize: 2}]}]\n";
    struct clv_card *card = NULL;
    const char *paths[2];
    struct clv_source *s;
    struct clv_sample whole;
    struct clv_sample half;
    cleave_error err = CLEAVE_ERROR_INIT;

    assert_int_equal(CLEAVE_OK, clv_card_new((clv_bytes){(const uint8_t *)text,
                                                         sizeof text - 1},
                                             "c.yaml", &card, &err));
    paths[0] = scratch_text(*state, "l.ppm", "P6 3 1 255\nabcdefghi");
    paths[1] = scratch_array(*state, "l.npy", SHAPE(1, 3, 2, 3), 0);
    s = open_source(card, &picture, 1, paths, 2);
    clv_sample_init(&whole);
    clv_sample_init(&half);
    assert_int_equal(CLEAVE_INVALID, clv_source_fill(s, &half, &err));
    assert_int_equal(CLEAVE_OK, clv_source_load(s, 0, &whole, NULL));
    assert_int_equal(CLEAVE_OK, clv_source_load_picture(s, 0, &half, NULL));
    assert_int_equal(0, half.count);
    assert_int_equal(2, half.image.width);
    assert_int_equal(2, half.image.height);
    assert_memory_equal("defdefdefdef", half.image.pixels, 12);
    assert_int_equal(CLEAVE_OK, clv_source_fill(s, &half, NULL));
    assert_int_equal(1, half.count);
    assert_memory_equal(&whole.tensors[0].info, &half.tensors[0].info,
                        sizeof whole.tensors[0].info);
    assert_memory_equal(whole.tensors[0].data, half.tensors[0].data, 12 * 4);
    assert_memory_equal("defdefdefdef", half.image.pixels, 12);
    clv_sample_fini(&whole);
    clv_sample_fini(&half);
    clv_source_free(s);
    clv_card_free(card);
}

static void only_pictures_load_as_pictures(void **state)
{
    struct clv_card *card = picture_card();
    const char *d = scratch_folder(*state, "stacks");
    const char *paths[3];
    struct clv_source *s;
    struct clv_sample sample;
    cleave_error err = CLEAVE_ERROR_INIT;

    paths[0] = scratch_array(d, "p.npy", SHAPE(1, 3, 2, 2), 0);
    paths[1] = scratch_text(d, "bad.ppm", "P6 9 9 255\nabcdef");
    paths[2] = scratch_text(d, "good.ppm", "P6 1 1 255\nABC");
    s = open_source(card, &picture, 1, paths, 3);
    clv_sample_init(&sample);
    assert_int_equal(CLEAVE_UNSUPPORTED,
                     clv_source_load_picture(s, 0, &sample, &err));
    assert_string_equal(paths[0], err.where);
    assert_non_null(strstr(err.text, "array"));
    assert_int_equal(CLEAVE_CORRUPT,
                     clv_source_load_picture(s, 1, &sample, NULL));
    assert_int_equal(CLEAVE_INVALID,
                     clv_source_load_picture(s, 3, &sample, NULL));
    assert_int_equal(CLEAVE_OK, clv_source_load_picture(s, 2, &sample, NULL));
    assert_memory_equal("ABC", sample.image.pixels, 3);
    clv_source_free(s);
    scratch_array(d, "a.npy", SHAPE(4, 3), 0);
    scratch_array(d, "b.npy", SHAPE(4, 2), 0);
    s = open_source(NULL, two, 2, &d, 1);
    assert_int_equal(CLEAVE_UNSUPPORTED,
                     clv_source_load_picture(s, 1, &sample, NULL));
    assert_int_equal(CLEAVE_INVALID, clv_source_fill(s, &sample, NULL));
    clv_sample_fini(&sample);
    clv_source_free(s);
    clv_card_free(card);
}

static void a_card_narrows_free_dimensions(void **state)
{
    static const char text[] = "task: array\ninput: [{name: x, kind: array, "
                               "dtype: f32, shape: [1, 3]}]\n";
    const cleave_tensor_info free_input = {"x", CLEAVE_TYPE_F32, 2, {-1, -1}};
    const char *path = scratch_array(*state, "n.npy", SHAPE(2, 4), 0);
    struct clv_card *card = NULL;
    struct clv_source *s = NULL;

    assert_int_equal(CLEAVE_OK, clv_card_new((clv_bytes){(const uint8_t *)text,
                                                         sizeof text - 1},
                                             "c.yaml", &card, NULL));
    assert_int_equal(CLEAVE_MISMATCH,
                     clv_source_new(card, &free_input, 1, &path, 1, &s, NULL));
    s = open_source(NULL, &free_input, 1, &path, 1);
    assert_int_equal(2, clv_source_count(s));
    clv_source_free(s);
    clv_card_free(card);
}

static void nothing_given_is_an_error(void **state)
{
    struct clv_source *s = NULL;
    cleave_error err = CLEAVE_ERROR_INIT;

    (void)state;
    assert_int_equal(CLEAVE_NOT_FOUND,
                     clv_source_new(NULL, &picture, 1, NULL, 0, &s, &err));
    assert_int_equal(CLEAVE_LIMIT,
                     clv_source_new(NULL, two, 0, NULL, 0, &s, NULL));
}

struct job {
    const struct clv_source *source;
    int wrong;
};

/* Every picture's first element is its number. */
static void *load_all(void *argument)
{
    struct job *job = argument;
    struct clv_sample sample;

    clv_sample_init(&sample);
    for (uint64_t i = 0; i < clv_source_count(job->source); i++) {
        if (clv_source_load(job->source, i, &sample, NULL) != CLEAVE_OK ||
            *(float *)sample.tensors[0].data != (float)('a' + i)) {
            job->wrong++;
        }
    }
    clv_sample_fini(&sample);
    return NULL;
}

static void threads_load_at_once(void **state)
{
    struct clv_card *card = picture_card();
    const char *d = scratch_folder(*state, "many");
    char folder[CLV_PATH_MAX];
    struct clv_source *s;
    pthread_t threads[THREADS];
    struct job jobs[THREADS];

    d = strcpy(folder, d); /* the paths of scratch_path are soon reused */
    for (char c = 'a'; c <= 'z'; c++) {
        char name[] = "?.ppm";
        char text[] = "P6 1 1 255\n???";
        name[0] = c;
        memset(text + 11, c, 3);
        scratch_text(d, name, text);
    }
    s = open_source(card, &picture, 1, &d, 1);
    assert_int_equal(26, clv_source_count(s));
    for (int i = 0; i < THREADS; i++) {
        jobs[i] = (struct job){s, 0};
        assert_int_equal(0,
                         pthread_create(&threads[i], NULL, load_all, &jobs[i]));
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(0, jobs[i].wrong);
    }
    clv_source_free(s);
    clv_card_free(card);
}

static void real_folders_have_labels_for_every_sample(void **state)
{
    const cleave_tensor_info ids[] = {
        {"input_ids", CLEAVE_TYPE_I64, 2, {1, 48}},
        {"attention_mask", CLEAVE_TYPE_I64, 2, {1, 48}}};
    const cleave_tensor_info image = {
        "input", CLEAVE_TYPE_F32, 4, {1, 3, 128, 128}};
    const char *pictures = data_path("imagenet-500");
    const char *texts = data_path("text-500");
    const char *card_path = data_path("cards/mobilenet_v1_0.25_128_fp32.yaml");
    struct clv_card *card = NULL;
    struct clv_labels *labels = NULL;
    struct clv_sample sample;
    struct clv_source *s;
    int64_t class_index;

    (void)state;
    if (pictures == NULL || texts == NULL || card_path == NULL) {
        skip();
    }
    assert_int_equal(CLEAVE_OK, clv_card_read(card_path, &card, NULL));
    s = open_source(card, &image, 1, &pictures, 1);
    assert_int_equal(500, clv_source_count(s));
    assert_int_equal(
        CLEAVE_OK,
        clv_labels_read(scratch_path(pictures, "labels.csv"), &labels, NULL));
    for (uint64_t i = 0; i < 500; i++) {
        assert_int_equal(CLEAVE_OK,
                         clv_labels_find(labels, clv_source_file(s, i),
                                         clv_source_row(s, i), &class_index,
                                         NULL));
        assert_int_equal(2 * i, class_index);
    }
    clv_sample_init(&sample);
    for (uint64_t i = 0; i < 20; i++) {
        assert_int_equal(CLEAVE_OK, clv_source_load(s, i, &sample, NULL));
    }
    clv_source_free(s);
    clv_labels_free(labels);
    clv_card_free(card);
    s = open_source(NULL, ids, 2, &texts, 1);
    assert_int_equal(500, clv_source_count(s));
    assert_int_equal(CLEAVE_OK, clv_source_load(s, 499, &sample, NULL));
    assert_int_equal(2, *(int64_t *)sample.tensors[0].data);
    assert_int_equal(1, *(int64_t *)sample.tensors[1].data);
    clv_sample_fini(&sample);
    clv_source_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_of_all_inputs_go_together),
        cmocka_unit_test(paths_keep_their_order),
        cmocka_unit_test(unaligned_arrays_are_copied),
        cmocka_unit_test(a_bad_picture_fails_alone),
        cmocka_unit_test(a_picture_may_be_loaded_alone),
        cmocka_unit_test(only_pictures_load_as_pictures),
        cmocka_unit_test(a_card_narrows_free_dimensions),
        cmocka_unit_test(nothing_given_is_an_error),
        cmocka_unit_test(threads_load_at_once),
        cmocka_unit_test(real_folders_have_labels_for_every_sample),
    };
    return cmocka_run_group_tests(tests, scratch_open, scratch_close);
}
