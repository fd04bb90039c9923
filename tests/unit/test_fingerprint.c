/*
 * test_fingerprint.c - keys differ where anything differs, and only there.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>

#include "profile/fingerprint.h"
#include "rating_bed.h"

static struct clv_sha256 key_of(const char *a, const char *b, uint64_t n)
{
    struct clv_fingerprint f;
    struct clv_sha256 key;

    clv_fingerprint_init(&f);
    clv_fingerprint_text(&f, "a", a);
    clv_fingerprint_text(&f, "b", b);
    clv_fingerprint_number(&f, "n", n);
    assert_int_equal(clv_fingerprint_key(&f, &key, NULL), CLEAVE_OK);
    clv_fingerprint_fini(&f);
    return key;
}

static void every_part_counts(void **state)
{
    struct clv_sha256 key = key_of("x", "y", 1);

    (void)state;
    assert_string_equal(key.hex, key_of("x", "y", 1).hex);
    assert_string_not_equal(key.hex, key_of("x", "y", 2).hex);
    assert_string_not_equal(key.hex, key_of("y", "x", 1).hex);
    assert_string_not_equal(key.hex, key_of(NULL, "y", 1).hex);
    assert_string_not_equal(key_of("", "y", 1).hex, key_of(NULL, "y", 1).hex);
    assert_string_not_equal(key_of("x\nb 1 y", "", 1).hex,
                            key_of("x", "y", 1).hex);
}

static struct clv_sha256 key_of_source(struct rating_bed *b)
{
    struct clv_fingerprint f;
    struct clv_sha256 key;

    clv_fingerprint_init(&f);
    clv_fingerprint_source(&f, "data", b->source);
    clv_fingerprint_file(&f, "labels", scratch_path(b->scratch, "labels.csv"));
    assert_int_equal(clv_fingerprint_key(&f, &key, NULL), CLEAVE_OK);
    clv_fingerprint_fini(&f);
    return key;
}

static void data_and_labels_count(void **state)
{
    struct rating_bed *b = *state;
    const struct timespec times[2] = {{.tv_sec = 1000}, {.tv_sec = 1000}};
    struct clv_sha256 before = key_of_source(b);
    struct clv_sha256 touched;

    assert_string_equal(before.hex, key_of_source(b).hex);
    assert_int_equal(
        utimensat(AT_FDCWD, scratch_path(b->scratch, "data/x.npy"), times, 0),
        0);
    touched = key_of_source(b);
    assert_string_not_equal(before.hex, touched.hex);
    scratch_write(scratch_path(b->scratch, "labels.csv"), "row\n", 4);
    assert_string_not_equal(touched.hex, key_of_source(b).hex);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_part_counts),
        cmocka_unit_test_setup_teardown(data_and_labels_count, bed_begin,
                                        bed_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
