/*
 * test_card.c - what a card says, and the line of what it may not say.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "media/card.h"
#include "scratch_media.h"

#define HEAD "task: classification\ninput:\n  - name: x\n    kind: image\n"

static cleave_status parse(const char *text, struct clv_card **ret_card,
                           cleave_error *err)
{
    return clv_card_new((clv_bytes){(const uint8_t *)text, strlen(text)},
                        "c.yaml", ret_card, err);
}

static void reads_every_key_of_a_picture(void **state)
{
    struct clv_card *card = NULL;
    const struct clv_card_input *in;

    (void)state;
    assert_int_equal(
        CLEAVE_OK,
        parse(HEAD "    prepare: [{shorter: 256}, {crop: 224x200}, "
                   "{resize: 160}]\n"
                   "    channels: bgr\n    layout: nhwc\n    scale: 0.5\n"
                   "    mean: [1, 2, 3]\n    std: [4]\n"
                   "metric: topk\n"
                   "output:\n  - name: y\n    labels: l.txt\n"
                   "    first_class: 1\n",
              &card, NULL));
    in = &card->inputs[0];
    assert_int_equal(CLV_TASK_CLASSIFICATION, card->task);
    assert_int_equal(CLV_METRIC_TOPK, card->metric);
    assert_int_equal(1, card->input_count);
    assert_string_equal("x", in->name);
    assert_int_equal(CLV_KIND_IMAGE, in->kind);
    assert_int_equal(3, in->step_count);
    assert_int_equal(CLV_STEP_SHORTER, in->steps[0].kind);
    assert_int_equal(256, in->steps[0].width);
    assert_int_equal(CLV_STEP_CROP, in->steps[1].kind);
    assert_int_equal(224, in->steps[1].width);
    assert_int_equal(200, in->steps[1].height);
    assert_int_equal(CLV_STEP_RESIZE, in->steps[2].kind);
    assert_int_equal(160, in->steps[2].height);
    assert_int_equal(CLV_CHANNELS_BGR, in->channels);
    assert_int_equal(CLV_LAYOUT_NHWC, in->layout);
    assert_true(in->scale == 0.5);
    assert_true(in->mean[0] == 1 && in->mean[2] == 3);
    assert_true(in->std[0] == 4 && in->std[2] == 4);
    assert_int_equal(1, card->output_count);
    assert_string_equal("l.txt", card->outputs[0].labels_path);
    assert_int_equal(1, card->outputs[0].first_class);
    clv_card_free(card);
}

static void sets_defaults(void **state)
{
    struct clv_card *card = NULL;
    const struct clv_card_input *in;

    (void)state;
    assert_int_equal(CLEAVE_OK, parse(HEAD, &card, NULL));
    in = &card->inputs[0];
    assert_int_equal(CLV_METRIC_TOP1, card->metric);
    assert_int_equal(0, in->step_count);
    assert_int_equal(CLV_CHANNELS_RGB, in->channels);
    assert_int_equal(CLV_LAYOUT_NCHW, in->layout);
    assert_true(in->scale == 1 && in->mean[1] == 0 && in->std[1] == 1);
    assert_int_equal(0, card->output_count);
    clv_card_free(card);
}

static void takes_several_array_inputs(void **state)
{
    struct clv_card *card = NULL;

    (void)state;
    assert_int_equal(
        CLEAVE_OK,
        parse("task: array\ninput:\n"
              "  - {name: a, kind: array, dtype: int64, shape: [1, 48]}\n"
              "  - {name: b, kind: array, dtype: f32, shape: [-1, 3]}\n",
              &card, NULL));
    assert_int_equal(CLV_METRIC_COSINE, card->metric);
    assert_int_equal(2, card->input_count);
    assert_int_equal(CLEAVE_TYPE_I64, card->inputs[0].dtype);
    assert_int_equal(2, card->inputs[0].rank);
    assert_int_equal(48, card->inputs[0].shape[1]);
    assert_int_equal(-1, card->inputs[1].shape[0]);
    clv_card_free(card);
}

static void assert_refused(const char *text, const char *where,
                           const char *word)
{
    struct clv_card *card = NULL;
    cleave_error err = CLEAVE_ERROR_INIT;
    cleave_status status = parse(text, &card, &err);

    assert_int_not_equal(CLEAVE_OK, status);
    assert_string_equal(where, err.where);
    if (strstr(err.text, word) == NULL) {
        fail_msg("\"%s\" does not say \"%s\"", err.text, word);
    }
    assert_null(card);
}

static void structure_errors_have_lines(void **state)
{
    (void)state;
    assert_refused(HEAD "    colour: red\n", "c.yaml:5", "colour");
    assert_refused(HEAD "task: array\n", "c.yaml:5", "twice");
    assert_refused("task: guess\ninput: []\n", "c.yaml:1", "guess");
    assert_refused("input:\n  - {name: x, kind: image}\n", "c.yaml:1", "task");
    assert_refused("task: array\n", "c.yaml:1", "input");
    assert_refused("task: array\ninput: []\n", "c.yaml:2", "1");
    assert_refused("task: array\ninput:\n  - kind: image\n", "c.yaml:3",
                   "name");
    assert_refused("task: array\ninput:\n  - name: x\n", "c.yaml:3", "kind");
    assert_refused(HEAD "    scale: high\n", "c.yaml:5", "high");
    assert_refused(HEAD "    mean: 3\n", "c.yaml:5", "a list");
    assert_refused(HEAD "    mean: [1, 2,\n     3, 4]\n", "c.yaml:6", "3");
    assert_refused(HEAD "    std: []\n", "c.yaml:5", "");
    assert_refused(HEAD "    layout: chw\n", "c.yaml:5", "chw");
    assert_refused(HEAD "  - name: x\n    kind: image\n", "c.yaml:5",
                   "already");
    assert_refused(HEAD "output:\n  - labels: l\n", "c.yaml:6", "name");
    assert_refused(HEAD "output: [{name: y},\n {name: y}]\n", "c.yaml:6",
                   "already");
}

static void values_out_of_range_have_lines(void **state)
{
    (void)state;
    assert_refused(HEAD "    scale: 0\n", "c.yaml:5", "other than 0");
    assert_refused(HEAD "    scale: inf\n", "c.yaml:5", "scale");
    assert_refused(HEAD "    mean: [1, 2]\n", "c.yaml:5", "three");
    assert_refused(HEAD "    mean: [1, nan, 2]\n", "c.yaml:5", "finite");
    assert_refused(HEAD "    mean: [1]\n    std: [1, 0, 1]\n", "c.yaml:6",
                   "must not be 0");
    assert_refused(HEAD "    channels: gray\n    mean: [1, 1, 1]\n", "c.yaml:6",
                   "gray");
    assert_refused(HEAD "    dtype: f32\n", "c.yaml:5", "array");
    assert_refused(HEAD "output:\n  - name: y\n    first_class: -1\n",
                   "c.yaml:7", "first_class");
}

static void steps_are_checked(void **state)
{
    char many[400] = HEAD "    prepare:\n";

    (void)state;
    assert_refused(HEAD "    prepare: [{crop: 3},\n      {}]\n", "c.yaml:6",
                   "exactly one");
    assert_refused(HEAD "    prepare:\n      - {crop: 3}\n"
                        "      - {crop: 3, resize: 4}\n",
                   "c.yaml:7", "exactly one");
    assert_refused(HEAD "    prepare: [{turn: 3}]\n", "c.yaml:5", "turn");
    assert_refused(HEAD "    prepare: [{crop: 0}]\n", "c.yaml:5", "16384");
    assert_refused(HEAD "    prepare: [{crop: 99999}]\n", "c.yaml:5", "16384");
    assert_refused(HEAD "    prepare: [{crop: -3}]\n", "c.yaml:5", "16384");
    assert_refused(HEAD "    prepare: [{crop: 3x}]\n", "c.yaml:5", "16384");
    assert_refused(HEAD "    prepare: [{shorter: 3x4}]\n", "c.yaml:5", "16384");
    for (int i = 0; i < 9; i++) {
        strcat(many, "      - {crop: 3}\n");
    }
    assert_refused(many, "c.yaml:14", "8");
}

static void arrays_are_checked(void **state)
{
    const char head[] = "task: array\ninput:\n  - name: x\n    kind: array\n";
    char text[400];

    (void)state;
    assert_refused(head, "c.yaml:3", "dtype");
    snprintf(text, sizeof text, "%s    dtype: int7\n    shape: [1]\n", head);
    assert_refused(text, "c.yaml:5", "not known");
    snprintf(text, sizeof text, "%s    dtype: f32\n    shape: [1, 0]\n", head);
    assert_refused(text, "c.yaml:6", "at least 1");
    snprintf(text, sizeof text,
             "%s    dtype: f32\n    shape: [1]\n    std: [1]\n", head);
    assert_refused(text, "c.yaml:7", "image");
    snprintf(text, sizeof text,
             "%s    dtype: f32\n    shape: [9999999999, 9999999999]\n", head);
    assert_refused(text, "c.yaml:6", "too large");
    snprintf(text, sizeof text,
             "%s    dtype: f32\n    shape: [1,1,1,1,1,1,1,1,1]\n", head);
    assert_refused(text, "c.yaml:6", "8");
}

static void hostile_cards_are_refused(void **state)
{
    (void)state;
    assert_refused("a: &a [x]\nb: *a\n", "c.yaml:1", "aliases");
    assert_refused("[[[[[[[[[[[[\n", "c.yaml:1", "deep");
    assert_refused("task: [\n", "c.yaml:2", "YAML");
    assert_refused("", "c.yaml:1", "empty");
}

static void labels_are_read_beside_the_card(void **state)
{
    struct clv_card *card = NULL;
    cleave_error err = CLEAVE_ERROR_INIT;
    const char *path;

    scratch_text(*state, "l.txt", "cat\ndog\n");
    path = scratch_text(*state, "m.yaml",
                        HEAD "output:\n  - name: y\n    labels: ./l.txt\n");
    assert_int_equal(CLEAVE_OK, clv_card_read(path, &card, &err));
    assert_int_equal(2, card->outputs[0].labels.count);
    clv_card_free(card);
    path = scratch_text(*state, "m.yaml",
                        HEAD "output:\n  - name: y\n    labels: no.txt\n");
    assert_int_equal(CLEAVE_NOT_FOUND, clv_card_read(path, &card, &err));
    assert_non_null(strstr(err.where, "m.yaml:7"));
    assert_non_null(strstr(err.text, "no.txt"));
}

/* Every ```yaml block of the manual is a card. */
static void the_manual_s_examples_load(void **state)
{
    struct clv_buffer b;
    const char *from;
    const char *end;
    int count = 0;

    (void)state;
    clv_buffer_init(&b, 1 << 20);
    assert_int_equal(CLEAVE_OK, clv_file_read(TEST_SOURCE_DIR "/docs/card.md",
                                              1 << 19, &b, NULL));
    assert_int_equal(CLEAVE_OK, clv_buffer_append(&b, "", 1));
    for (from = strstr((char *)b.data, "```yaml\n"); from != NULL;
         from = strstr(end + 3, "```yaml\n")) {
        struct clv_card *card = NULL;
        cleave_error err = CLEAVE_ERROR_INIT;

        from += strlen("```yaml\n");
        end = strstr(from, "```");
        assert_non_null(end);
        if (clv_card_new(
                (clv_bytes){(const uint8_t *)from, (size_t)(end - from)},
                "card.md", &card, &err) != CLEAVE_OK) {
            fail_msg("%s: %s", err.where, err.text);
        }
        clv_card_free(card);
        count++;
    }
    clv_buffer_fini(&b);
    assert_int_equal(2, count);
}

static void all_real_cards_load(void **state)
{
    const char *found = data_path("cards");
    char folder[CLV_PATH_MAX];
    DIR *dir;
    struct dirent *entry;
    int count = 0;

    (void)state;
    if (found == NULL) {
        skip();
    }
    strcpy(folder, found); /* the paths of scratch_path are soon reused */
    dir = opendir(folder);
    assert_non_null(dir);
    while ((entry = readdir(dir)) != NULL) {
        struct clv_card *card = NULL;
        cleave_error err = CLEAVE_ERROR_INIT;

        if (!clv_path_ends(entry->d_name, ".yaml")) {
            continue;
        }
        if (clv_card_read(scratch_path(folder, entry->d_name), &card, &err) !=
            CLEAVE_OK) {
            fail_msg("%s: %s", err.where, err.text);
        }
        assert_true(card->outputs[0].labels.count >= 10);
        clv_card_free(card);
        count++;
    }
    closedir(dir);
    assert_true(count > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_every_key_of_a_picture),
        cmocka_unit_test(sets_defaults),
        cmocka_unit_test(takes_several_array_inputs),
        cmocka_unit_test(structure_errors_have_lines),
        cmocka_unit_test(values_out_of_range_have_lines),
        cmocka_unit_test(steps_are_checked),
        cmocka_unit_test(arrays_are_checked),
        cmocka_unit_test(hostile_cards_are_refused),
        cmocka_unit_test(labels_are_read_beside_the_card),
        cmocka_unit_test(the_manual_s_examples_load),
        cmocka_unit_test(all_real_cards_load),
    };
    return cmocka_run_group_tests(tests, scratch_open, scratch_close);
}
