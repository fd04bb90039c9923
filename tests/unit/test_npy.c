/*
 * test_npy.c - headers as NumPy writes them, and none other.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "media/npy.h"
#include "scratch_media.h"
#include "tensor/element.h"

static uint8_t file[4096];

/* A file with this header and `data` zero bytes after it. */
static clv_bytes make(int version, const char *header, size_t data)
{
    size_t length = strlen(header);
    size_t start = version == 1 ? 10 : 12;

    memset(file, 0, sizeof file);
    memcpy(file, "\x93NUMPY", 6);
    file[6] = (uint8_t)version;
    file[8] = (uint8_t)length;
    file[9] = (uint8_t)(length >> 8);
    memcpy(file + start, header, length);
    return (clv_bytes){file, start + length + data};
}

static void reads_types_shapes_and_versions(void **state)
{
    cleave_tensor t;

    (void)state;
    assert_int_equal(
        CLEAVE_OK, clv_npy_view(make(1,
                                     "{'descr': '<f4', 'fortran_order': False, "
                                     "'shape': (3, 4), }      \n",
                                     48),
                                "a", &t, NULL));
    assert_int_equal(CLEAVE_TYPE_F32, t.info.type);
    assert_int_equal(2, t.info.rank);
    assert_int_equal(3, t.info.shape[0]);
    assert_int_equal(4, t.info.shape[1]);
    assert_int_equal(48, t.bytes);
    assert_int_equal(CLEAVE_OK,
                     clv_npy_view(make(2,
                                       "{\"shape\":(5,),\"descr\":\"|b1\","
                                       "\"fortran_order\":False}",
                                       5),
                                  "a", &t, NULL));
    assert_int_equal(CLEAVE_TYPE_BOOL, t.info.type);
    assert_int_equal(5, t.info.shape[0]);
    assert_int_equal(
        CLEAVE_OK, clv_npy_view(make(3,
                                     "{'descr': '<f8', 'fortran_order': False, "
                                     "'shape': ()}",
                                     8),
                                "a", &t, NULL));
    assert_int_equal(0, t.info.rank);
}

static void assert_refused(clv_bytes bytes, cleave_status want,
                           const char *word)
{
    cleave_tensor t;
    cleave_error err = CLEAVE_ERROR_INIT;

    assert_int_equal(want, clv_npy_view(bytes, "a.npy", &t, &err));
    assert_string_equal("a.npy", err.where);
    assert_non_null(strstr(err.text, word));
}

#define HEADER(descr, order, shape) \
    "{'descr': " descr ", 'fortran_order': " order ", 'shape': " shape ", }\n"

static void sizes_must_match(void **state)
{
    clv_bytes whole = make(1, HEADER("'<f4'", "False", "(2, 3)"), 24);

    (void)state;
    for (size_t size = 0; size < whole.size; size++) {
        assert_refused((clv_bytes){file, size}, CLEAVE_CORRUPT, "");
    }
    assert_refused((clv_bytes){file, whole.size + 1}, CLEAVE_CORRUPT, "24");
    assert_refused(
        make(1, HEADER("'<f4'", "False", "(3037000500, 3037000500)"), 9),
        CLEAVE_LIMIT, "too large");
    assert_refused(
        make(1, HEADER("'<f4'", "False", "(99999999999999999999,)"), 9),
        CLEAVE_CORRUPT, "");
    assert_refused(
        make(1, HEADER("'|u1'", "False", "(1, 1, 1, 1, 1, 1, 1, 1, 1)"), 1),
        CLEAVE_LIMIT, "8");
}

static void what_is_not_read_says_what_to_do(void **state)
{
    (void)state;
    assert_refused(make(1, HEADER("'<f4'", "True", "(2,)"), 8),
                   CLEAVE_UNSUPPORTED, "ascontiguousarray");
    assert_refused(make(1, HEADER("'>f4'", "False", "(2,)"), 8),
                   CLEAVE_UNSUPPORTED, "big-endian");
    assert_refused(make(1, HEADER("'<c8'", "False", "(1,)"), 8),
                   CLEAVE_UNSUPPORTED, "<c8");
    assert_refused(make(1, HEADER("'|O'", "False", "(1,)"), 8),
                   CLEAVE_UNSUPPORTED, "astype");
    assert_refused(make(1, HEADER("[('a', '<f4')]", "False", "(1,)"), 4),
                   CLEAVE_UNSUPPORTED, "records");
    assert_refused(make(4, HEADER("'<f4'", "False", "(2,)"), 8),
                   CLEAVE_UNSUPPORTED, "4.0");
}

static void headers_are_read_strictly(void **state)
{
    (void)state;
    assert_refused(make(1, "{'descr': '<f4', 'shape': (1,), }", 4),
                   CLEAVE_CORRUPT, "");
    assert_refused(make(1, HEADER("'<f4', 'descr': '<f4'", "False", "(1,)"), 4),
                   CLEAVE_CORRUPT, "");
    assert_refused(make(1, HEADER("'<f4', 'x': '<f4'", "False", "(1,)"), 4),
                   CLEAVE_CORRUPT, "");
    assert_refused(make(1, HEADER("'<f4'", "False", "(1)"), 4), CLEAVE_CORRUPT,
                   "");
    assert_refused(make(1, HEADER("'<f4'", "False", "(-1,)"), 4),
                   CLEAVE_CORRUPT, "");
    assert_refused(make(1, HEADER("'<f4'", "False", "(1,,)"), 4),
                   CLEAVE_CORRUPT, "");
    assert_refused(make(1, HEADER("'<f4'", "0", "(1,)"), 4), CLEAVE_CORRUPT,
                   "");
    assert_refused(make(1, HEADER("'<f4'", "False", "(1,)") "x", 4),
                   CLEAVE_CORRUPT, "");
    assert_refused(make(1, "", 4), CLEAVE_CORRUPT, "");
}

static void alignment_is_told(void **state)
{
    _Alignas(8) uint8_t bytes[16] = {0};
    cleave_tensor t = {{"x", CLEAVE_TYPE_F32, 1, {2}}, bytes, 8};

    (void)state;
    assert_true(clv_npy_is_aligned(&t));
    t.data = bytes + 1;
    assert_false(clv_npy_is_aligned(&t));
    t.info.type = CLEAVE_TYPE_U8;
    assert_true(clv_npy_is_aligned(&t));
}

static void what_is_written_reads_the_same(void **state)
{
#define X(name, text, oip, onnx, bytes) CLEAVE_TYPE_##name,
    const cleave_type types[] = {CLEAVE_TYPE_LIST(X)};
#undef X
    uint8_t data[64];
    struct clv_buffer b;

    (void)state;
    memset(data, 1, sizeof data);
    clv_buffer_init(&b, 4096);
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        cleave_tensor in = {{"x", types[i], 3, {1, 2, 4}},
                            data,
                            8 * cleave_type_bytes(types[i])};
        cleave_tensor out;

        clv_buffer_reset(&b);
        assert_int_equal(CLEAVE_OK, clv_npy_write(&in, &b, NULL));
        assert_int_equal(0, (b.size - in.bytes) % 64);
        assert_int_equal(CLEAVE_OK,
                         clv_npy_view(clv_buffer_bytes(&b), "a", &out, NULL));
        assert_true(clv_tensor_same_form(&in.info, &out.info));
        assert_memory_equal(data, out.data, in.bytes);
    }
    clv_buffer_fini(&b);
}

static void writing_refuses_what_does_not_match(void **state)
{
    uint8_t data[8] = {0};
    cleave_tensor t = {{"x", CLEAVE_TYPE_F32, 1, {3}}, data, 8};
    struct clv_buffer b;

    (void)state;
    clv_buffer_init(&b, 100);
    assert_int_equal(CLEAVE_INVALID, clv_npy_write(&t, &b, NULL));
    t.info.shape[0] = -1;
    assert_int_equal(CLEAVE_INVALID, clv_npy_write(&t, &b, NULL));
    t.info.shape[0] = 2;
    assert_int_equal(CLEAVE_LIMIT, clv_npy_write(&t, &b, NULL));
    clv_buffer_fini(&b);
}

static void reads_what_numpy_wrote(void **state)
{
    const char *path = data_path("text-500/input_ids.npy");
    struct clv_map map;
    cleave_tensor t;

    (void)state;
    if (path == NULL) {
        skip();
    }
    assert_int_equal(CLEAVE_OK, clv_map_open(path, &map, NULL));
    assert_int_equal(CLEAVE_OK, clv_npy_view(map.bytes, path, &t, NULL));
    assert_int_equal(CLEAVE_TYPE_I64, t.info.type);
    assert_int_equal(500, t.info.shape[0]);
    assert_int_equal(48, t.info.shape[1]);
    assert_true(clv_npy_is_aligned(&t));
    assert_int_equal(2, ((const int64_t *)t.data)[0]); /* [CLS] */
    clv_map_close(&map);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_types_shapes_and_versions),
        cmocka_unit_test(sizes_must_match),
        cmocka_unit_test(what_is_not_read_says_what_to_do),
        cmocka_unit_test(headers_are_read_strictly),
        cmocka_unit_test(alignment_is_told),
        cmocka_unit_test(what_is_written_reads_the_same),
        cmocka_unit_test(writing_refuses_what_does_not_match),
        cmocka_unit_test(reads_what_numpy_wrote),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
