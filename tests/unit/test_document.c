/*
 * test_document.c - a schema fills a struct, and every complaint has its line.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/document.h"

enum size { SMALL, LARGE };

struct entry {
    char *name;
    double *weight;
};

struct settings {
    enum size size;
    struct entry *entries;
    uint32_t entries_count;
};

static const cyaml_strval_t sizes[] = {{"small", SMALL}, {"large", LARGE}};

static const cyaml_schema_field_t entry_fields[] = {
    CYAML_FIELD_STRING_PTR("name", CYAML_FLAG_POINTER, struct entry, name, 1,
                           8),
    CYAML_FIELD_FLOAT_PTR("weight", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL,
                          struct entry, weight),
    CYAML_FIELD_END};

static const cyaml_schema_value_t entry_value = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct entry, entry_fields)};

static const cyaml_schema_field_t fields[] = {
    CYAML_FIELD_ENUM("size", CYAML_FLAG_STRICT, struct settings, size, sizes,
                     CYAML_ARRAY_LEN(sizes)),
    CYAML_FIELD_SEQUENCE("entries", CYAML_FLAG_POINTER, struct settings,
                         entries, &entry_value, 1, 2),
    CYAML_FIELD_END};

static const cyaml_schema_value_t schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct settings, fields)};

static clv_bytes text(const char *s)
{
    return (clv_bytes){(const uint8_t *)s, strlen(s)};
}

static void fills_the_struct(void **state)
{
    struct clv_document *d = NULL;
    const struct settings *s;
    cleave_error err = CLEAVE_ERROR_INIT;

    (void)state;
    assert_int_equal(CLEAVE_OK,
                     clv_document_new(text("size: large\n"
                                           "entries:\n"
                                           "  - {name: a, weight: 0.5}\n"
                                           "  - name: b\n"),
                                      "s.yaml", &schema, &d, &err));
    s = clv_document_data(d);
    assert_int_equal(LARGE, s->size);
    assert_int_equal(2, s->entries_count);
    assert_true(*s->entries[0].weight == 0.5);
    assert_null(s->entries[1].weight);
    assert_int_equal(
        CLEAVE_INVALID,
        clv_document_fail(d, &err, "entries[1].name", "No %d.", 1));
    assert_string_equal("s.yaml:4", err.where);
    assert_string_equal("No 1.", err.text);
    clv_document_free(d);
}

static void assert_refused(const char *yaml, const char *where,
                           const char *word)
{
    struct clv_document *d = NULL;
    cleave_error err = CLEAVE_ERROR_INIT;

    assert_int_equal(CLEAVE_INVALID,
                     clv_document_new(text(yaml), "s.yaml", &schema, &d, &err));
    assert_string_equal(where, err.where);
    assert_non_null(strstr(err.text, word));
    assert_null(d);
}

static void complains_with_the_line(void **state)
{
    (void)state;
    assert_refused("size: small\nentries:\n  - name: a\n    colour: red\n",
                   "s.yaml:4", "colour");
    assert_refused("colour: red\n", "s.yaml:1", "colour");
    assert_refused("size: small\nentries:\n  - name: a\n    weight: x\n",
                   "s.yaml:4", "x");
    assert_refused("size: huge\nentries: [{name: a}]\n", "s.yaml:1", "huge");
    assert_refused("size: small\nentries:\n\n  - weight: 1\n", "s.yaml:4",
                   "name");
    assert_refused("entries: [{name: a}]\n", "s.yaml:1", "size");
    assert_refused("size: small\nentries: 3\n", "s.yaml:2", "a list");
    assert_refused("size: [small]\nentries: [{name: a}]\n", "s.yaml:1",
                   "not a list");
    assert_refused("size: small\nentries: [a]\n", "s.yaml:2",
                   "keys with values");
    assert_refused("size: small\nentries:\n- name: a\n- name: b\n- name: c\n",
                   "s.yaml:5", "2");
    assert_refused("", "s.yaml:1", "empty");
    assert_refused("# nothing\n", "s.yaml:1", "empty");
    assert_refused("[]\n", "s.yaml:1", "not a list");
}

static void says_which_key_was_meant(void **state)
{
    (void)state;
    assert_refused("size: small\nentires: []\n", "s.yaml:2", "'entries'");
    assert_refused("size: small\nentries:\n  - {nam: a}\n", "s.yaml:3",
                   "'name'");
    assert_refused("size: small\nweight: 3\n", "s.yaml:2", "elsewhere");
    assert_refused("size: small\nzzzzzzzzz: 3\n", "s.yaml:2", "remove");
}

static void refuses_large_files_and_aliases(void **state)
{
    struct clv_document *d = NULL;
    uint8_t *large = calloc(1, CLV_DOCUMENT_BYTES + 1);

    (void)state;
    assert_non_null(large);
    memset(large, '\n', CLV_DOCUMENT_BYTES + 1);
    assert_int_equal(
        CLEAVE_LIMIT,
        clv_document_new((clv_bytes){large, CLV_DOCUMENT_BYTES + 1}, "s",
                         &schema, &d, NULL));
    assert_int_equal(CLEAVE_UNSUPPORTED,
                     clv_document_new(text("size: &a small\nentries: [*a]\n"),
                                      "s", &schema, &d, NULL));
    free(large);
    clv_document_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fills_the_struct),
        cmocka_unit_test(complains_with_the_line),
        cmocka_unit_test(says_which_key_was_meant),
        cmocka_unit_test(refuses_large_files_and_aliases),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
