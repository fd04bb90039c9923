/*
 * test_cardlook.c - looking up in a card, and holding it against a model.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "media/card.h"

static struct clv_card *make(const char *text)
{
    struct clv_card *card = NULL;

    assert_int_equal(CLEAVE_OK, clv_card_new((clv_bytes){(const uint8_t *)text,
                                                         strlen(text)},
                                             "c.yaml", &card, NULL));
    return card;
}

static void a_card_stands_beside_its_model(void **state)
{
    char path[CLV_PATH_MAX];
    char large[CLV_PATH_MAX];

    (void)state;
    assert_int_equal(CLEAVE_OK, clv_card_default_path("d/m.onnx", path, NULL));
    assert_string_equal("d/m.yaml", path);
    assert_int_equal(CLEAVE_OK, clv_card_default_path("m.v1.ONNX", path, NULL));
    assert_string_equal("m.v1.yaml", path);
    assert_int_equal(CLEAVE_OK, clv_card_default_path("d.x/m", path, NULL));
    assert_string_equal("d.x/m.yaml", path);
    memset(large, 'a', sizeof large - 1);
    large[sizeof large - 1] = '\0';
    assert_int_equal(CLEAVE_LIMIT, clv_card_default_path(large, path, NULL));
}

static void labels_start_at_the_first_class(void **state)
{
    const char *list[] = {"cat", "dog"};
    struct clv_card_output output = {.first_class = 1,
                                     .labels = {.list = list, .count = 2}};

    (void)state;
    assert_null(clv_card_label(&output, 0));
    assert_string_equal("cat", clv_card_label(&output, 1));
    assert_string_equal("dog", clv_card_label(&output, 2));
    assert_null(clv_card_label(&output, 3));
    assert_int_equal(-1, clv_card_class(&output, 0));
    assert_int_equal(1, clv_card_class(&output, 2));
}

static void assert_check(const struct clv_card *card,
                         const cleave_tensor_info *inputs, size_t count,
                         const char *word)
{
    const cleave_tensor_info out = {"y", CLEAVE_TYPE_F32, 2, {1, 10}};
    cleave_error err = CLEAVE_ERROR_INIT;
    cleave_status status = clv_card_check(card, inputs, count, &out, 1, &err);

    assert_int_equal(word == NULL ? CLEAVE_OK : CLEAVE_MISMATCH, status);
    assert_non_null(strstr(err.text, word == NULL ? "" : word));
}

static void a_card_is_held_against_its_model(void **state)
{
    cleave_tensor_info in[2] = {{"a", CLEAVE_TYPE_I64, 2, {1, 48}},
                                {"b", CLEAVE_TYPE_F32, 4, {1, 3, 8, 8}}};
    const char both[] =
        "task: array\ninput:\n"
        "  - {name: a, kind: array, dtype: i64, shape: [-1, 48]}\n"
        "  - {name: b, kind: image}\n";
    struct clv_card *card = make(both);

    (void)state;
    assert_check(card, in, 2, NULL);
    assert_check(card, in, 1, "no input b");
    in[0].shape[1] = 40;
    assert_check(card, in, 2, "i64 ?x48");
    in[0].shape[1] = -1;
    assert_check(card, in, 2, NULL);
    in[0].type = CLEAVE_TYPE_I32;
    assert_check(card, in, 2, "i32 1x?");
    in[1].name = "c";
    in[0].type = CLEAVE_TYPE_I64;
    assert_check(card, in, 2, "input c");
    clv_card_free(card);
    card = make("task: array\ninput: [{name: c, kind: image}]\n"
                "output: [{name: z}]\n");
    assert_check(card, in + 1, 1, "no output z");
    assert_int_equal(CLEAVE_OK, clv_card_check(card, in + 1, 1, NULL, 0, NULL));
    assert_null(clv_card_input(card, "d"));
    assert_non_null(clv_card_output(card, "z"));
    clv_card_free(card);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_card_stands_beside_its_model),
        cmocka_unit_test(labels_start_at_the_first_class),
        cmocka_unit_test(a_card_is_held_against_its_model),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
