/*
 * test_appschema.c - the manual has every key of the schema, and no other.
 *
 * Keys stand in docs/application.md in tables, first in a row: "| `models` |".
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "run/appschema.h"

#define MANUAL TEST_SOURCE_DIR "/docs/application.md"

struct manual {
    struct clv_buffer text;
};

static int read_manual(void **state)
{
    struct manual *m = calloc(1, sizeof *m);

    if (m == NULL) {
        return -1;
    }
    clv_buffer_init(&m->text, 1 << 20);
    *state = m;
    return clv_file_read(MANUAL, 1 << 20, &m->text, NULL) == CLEAVE_OK &&
                   clv_buffer_append(&m->text, "", 1) == CLEAVE_OK
               ? 0
               : -1;
}

static int drop_manual(void **state)
{
    struct manual *m = *state;

    clv_buffer_fini(&m->text);
    free(m);
    return 0;
}

static size_t check_keys(const cyaml_schema_value_t *value, const char *text)
{
    size_t count = 0;
    char row[80];

    if (value->type == CYAML_SEQUENCE) {
        return check_keys(value->sequence.entry, text);
    }
    if (value->type != CYAML_MAPPING) {
        return 0;
    }
    for (const cyaml_schema_field_t *f = value->mapping.fields; f->key != NULL;
         f++) {
        snprintf(row, sizeof row, "\n| `%s` |", f->key);
        if (strstr(text, row) == NULL) {
            fail_msg("docs/application.md has no row for `%s`", f->key);
        }
        count += 1 + check_keys(&f->value, text);
    }
    return count;
}

static int has_key(const cyaml_schema_value_t *value, const char *key)
{
    int found = 0;

    if (value->type == CYAML_SEQUENCE) {
        return has_key(value->sequence.entry, key);
    }
    if (value->type != CYAML_MAPPING) {
        return 0;
    }
    for (const cyaml_schema_field_t *f = value->mapping.fields; f->key != NULL;
         f++) {
        found |= strcmp(f->key, key) == 0 || has_key(&f->value, key);
    }
    return found;
}

static void the_manual_has_every_key(void **state)
{
    struct manual *m = *state;

    assert_true(check_keys(&clv_appschema, (const char *)m->text.data) > 20);
}

/* The rows of the section "Keys", in its tables. */
static void the_schema_has_every_row(void **state)
{
    struct manual *m = *state;
    const char *at = strstr((const char *)m->text.data, "\n## Keys");
    const char *end = at != NULL ? strstr(at + 1, "\n## ") : NULL;
    size_t rows = 0;
    char key[40];

    assert_non_null(end);
    while ((at = strstr(at, "\n| `")) != NULL && at < end) {
        assert_int_equal(1, sscanf(at, "\n| `%39[^`]`", key));
        if (!has_key(&clv_appschema, key)) {
            fail_msg("docs/application.md has `%s`, the schema has not", key);
        }
        rows++;
        at++;
    }
    assert_true(rows > 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_manual_has_every_key, read_manual,
                                        drop_manual),
        cmocka_unit_test_setup_teardown(the_schema_has_every_row, read_manual,
                                        drop_manual),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
