/*
 * test_skeleton.c - hostile files: cut short, garbled, nested, blown up; and
 * that no weight is copied on the way in.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "graph_samples.h"
#include "model/skeleton.h"

enum { VARINT = 0, BYTES = 2 };

/* Opens a copy of exactly this size, so that a checker sees over-reads. */
static cleave_status open_bytes(clv_bytes bytes, cleave_error *err)
{
    uint8_t *exact = malloc(bytes.size + (bytes.size == 0));
    struct clv_model *model;
    cleave_status status;

    if (bytes.size > 0) {
        memcpy(exact, bytes.data, bytes.size);
    }
    status = clv_model_parse((clv_bytes){exact, bytes.size}, "bad.onnx", &model,
                             err);
    if (status == CLEAVE_OK) {
        clv_model_close(model);
    }
    free(exact);
    return status;
}

static void assert_status(const struct clv_buffer *b, cleave_status want,
                          const char *words)
{
    cleave_error err = CLEAVE_ERROR_INIT;

    assert_int_equal(clv_buffer_status(b), CLEAVE_OK);
    assert_int_equal(open_bytes(clv_buffer_bytes(b), &err), want);
    if (strstr(err.text, words) == NULL) {
        fail_msg("'%s' does not say '%s'", err.text, words);
    }
    assert_string_equal(err.where, "bad.onnx");
}

/* -- Bytes by hand -- */

static void put_varint(struct clv_buffer *b, uint64_t value)
{
    do {
        uint8_t byte = (uint8_t)((value & 0x7f) | (value > 0x7f ? 0x80 : 0));
        clv_buffer_append(b, &byte, 1);
        value >>= 7;
    } while (value > 0);
}

static void put_field(struct clv_buffer *b, uint32_t field, const void *data,
                      size_t size)
{
    put_varint(b, (uint64_t)field << 3 | BYTES);
    put_varint(b, size);
    clv_buffer_append(b, data, size);
}

/* Wraps what is in the buffer into a field of a new message. */
static void wrap(struct clv_buffer *b, uint32_t field)
{
    struct clv_buffer out;

    clv_buffer_init(&out, b->max);
    put_field(&out, field, b->data, b->size);
    clv_buffer_fini(b);
    *b = out;
}

static struct clv_buffer new_bytes(void)
{
    struct clv_buffer b;

    clv_buffer_init(&b, (size_t)256 << 20);
    return b;
}

/* -- The tests -- */

static void an_empty_file_is_no_model(void **state)
{
    struct clv_buffer b = new_bytes();

    (void)state;
    assert_status(&b, CLEAVE_CORRUPT, "empty");
}

static void every_sample_opens(void **state)
{
    (void)state;
    for (size_t i = 0; i < SAMPLE_COUNT; i++) {
        clv_bytes bytes = sample_bytes(&samples[i]);
        cleave_error err = CLEAVE_ERROR_INIT;
        if (open_bytes(bytes, &err) != CLEAVE_OK) {
            fail_msg("%s: %s", samples[i].name, err.text);
        }
        free((void *)(uintptr_t)bytes.data);
    }
}

/* A file may be whole before its end, but only between its own fields. */
static void a_file_cut_short_anywhere_is_an_error(void **state)
{
    (void)state;
    for (size_t i = 0; i < SAMPLE_COUNT; i++) {
        clv_bytes bytes = sample_bytes(&samples[i]);
        int good = 0;
        for (size_t part = 0; part < bytes.size; part++) {
            cleave_error err = CLEAVE_ERROR_INIT;
            cleave_status status =
                open_bytes((clv_bytes){bytes.data, part}, &err);
            if (status == CLEAVE_OK) {
                good++;
            } else {
                assert_int_equal(status, CLEAVE_CORRUPT);
                assert_true(err.text[0] != '\0');
            }
        }
        assert_in_range(good, 0, 3);
        free((void *)(uintptr_t)bytes.data);
    }
}

static void garbage_is_an_error_and_no_crash(void **state)
{
    uint32_t seed = 7;
    uint8_t bytes[300];

    (void)state;
    for (int round = 0; round < 3000; round++) {
        size_t size = 1 + (size_t)round % sizeof bytes;
        for (size_t i = 0; i < size; i++) {
            seed = seed * 1664525u + 1013904223u;
            bytes[i] = (uint8_t)(seed >> 24);
        }
        assert_int_not_equal(open_bytes((clv_bytes){bytes, size}, NULL),
                             CLEAVE_OK);
    }
    memset(bytes, 0, sizeof bytes);
    assert_int_equal(open_bytes((clv_bytes){bytes, 300}, NULL), CLEAVE_CORRUPT);
    memset(bytes, 0xff, sizeof bytes);
    assert_int_equal(open_bytes((clv_bytes){bytes, 300}, NULL), CLEAVE_CORRUPT);
}

static void any_byte_may_be_wrong(void **state)
{
    static const uint8_t flips[] = {0x01, 0x02, 0x08, 0x80, 0xff};

    (void)state;
    for (size_t i = 0; i < SAMPLE_COUNT; i++) {
        clv_bytes bytes = sample_bytes(&samples[i]);
        uint8_t *at = (uint8_t *)(uintptr_t)bytes.data;
        for (size_t j = 0; j < bytes.size && j < 600; j++) {
            for (size_t k = 0; k < sizeof flips; k++) {
                cleave_error err = CLEAVE_ERROR_INIT;
                at[j] ^= flips[k];
                if (open_bytes(bytes, &err) != CLEAVE_OK) {
                    assert_true(err.text[0] != '\0');
                }
                at[j] ^= flips[k];
            }
        }
        free(at);
    }
}

static void wrong_wire_types_are_refused(void **state)
{
    struct clv_buffer b = new_bytes();

    (void)state;
    put_varint(&b, 7 << 3 | VARINT); /* the graph as a number */
    put_varint(&b, 5);
    assert_status(&b, CLEAVE_CORRUPT, "ONNX");
    clv_buffer_reset(&b);
    put_varint(&b, 9 << 3 | VARINT); /* raw_data as a number */
    put_varint(&b, 5);
    wrap(&b, 5);
    wrap(&b, 7);
    assert_status(&b, CLEAVE_CORRUPT, "ONNX");
    for (uint32_t type = 3; type < 8; type++) {
        clv_buffer_reset(&b);
        put_varint(&b, 7 << 3 | type);
        if (type != 5) {
            assert_status(&b, CLEAVE_CORRUPT, "byte 0");
        }
    }
    clv_buffer_reset(&b);
    put_field(&b, 0, "a", 1); /* there is no field 0 */
    assert_status(&b, CLEAVE_CORRUPT, "byte 0");
    clv_buffer_fini(&b);
}

static void a_length_beyond_the_end_is_refused(void **state)
{
    static const uint64_t lengths[] = {4, 1000, UINT32_MAX, INT64_MAX,
                                       UINT64_MAX};

    (void)state;
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        struct clv_buffer b = new_bytes();
        put_varint(&b, 9 << 3 | BYTES); /* raw_data of an initializer */
        put_varint(&b, lengths[i]);
        clv_buffer_append(&b, "abc", 3);
        wrap(&b, 5);
        wrap(&b, 7);
        /* what follows the graph must not be taken for its bytes */
        put_field(&b, 2, "producer, long enough", 21);
        assert_status(&b, CLEAVE_CORRUPT, "byte");
        clv_buffer_fini(&b);
    }
}

/* attribute of node of graph, so often. */
static struct clv_buffer nested_graphs(int depth)
{
    struct clv_buffer b = new_bytes();

    put_field(&b, 2, "g", 1);
    for (int i = 0; i < depth; i++) {
        wrap(&b, 6);
        wrap(&b, 5);
        wrap(&b, 1);
    }
    wrap(&b, 7);
    return b;
}

static struct clv_buffer nested_types(int depth)
{
    struct clv_buffer b = new_bytes();

    put_field(&b, 6, "denotation", 10);
    for (int i = 0; i < depth; i++) {
        wrap(&b, 1);
        wrap(&b, i % 2 ? 4 : 9); /* sequences of optionals */
    }
    wrap(&b, 2);
    wrap(&b, 13);
    wrap(&b, 7);
    return b;
}

/* Defaults of a function's attributes, newer than some onnx.proto. */
static struct clv_buffer nested_defaults(int depth)
{
    struct clv_buffer b = new_bytes();

    put_field(&b, 2, "g", 1);
    for (int i = 0; i < depth; i++) {
        wrap(&b, 6);
        wrap(&b, i + 1 < depth ? 5 : 11);
        if (i + 1 < depth) {
            wrap(&b, 1);
        }
    }
    wrap(&b, 25);
    return b;
}

static void nesting_without_end_is_refused(void **state)
{
    struct clv_buffer (*const makers[])(int) = {nested_graphs, nested_types,
                                                nested_defaults};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct clv_buffer b = makers[i](100);
        assert_status(&b, CLEAVE_LIMIT, "nested");
        clv_buffer_fini(&b);
        b = makers[i](5000);
        assert_status(&b, CLEAVE_LIMIT, "nested");
        clv_buffer_fini(&b);
        b = makers[i](15); /* deep, but not too deep: another complaint */
        assert_int_equal(open_bytes(clv_buffer_bytes(&b), NULL),
                         CLEAVE_CORRUPT);
        clv_buffer_fini(&b);
    }
}

/* Two bytes in the file become a hundred in memory: bounded all the same. */
static void bombs_are_refused(void **state)
{
    static const uint8_t empty_node[] = {1 << 3 | BYTES, 0};
    struct clv_buffer b = new_bytes();

    (void)state;
    for (int i = 0; i < 12 << 20; i++) {
        clv_buffer_append(&b, empty_node, 2);
    }
    wrap(&b, 7);
    assert_status(&b, CLEAVE_LIMIT, "64 MiB");
    clv_buffer_fini(&b);
    for (int i = 0; i < 100000; i++) {
        clv_buffer_append(&b, empty_node, 2);
    }
    wrap(&b, 7);
    assert_status(&b, CLEAVE_CORRUPT, "Node 0");
    clv_buffer_fini(&b);
}

static void the_arenas_maximum_bounds_what_is_unpacked(void **state)
{
    struct clv_buffer b = new_bytes();
    cleave_error err = CLEAVE_ERROR_INIT;
    Onnx__ModelProto *proto;
    struct clv_arena arena;

    (void)state;
    for (int i = 0; i < 100000; i++) {
        put_field(&b, 1, "", 0);
    }
    wrap(&b, 7);
    clv_arena_init(&arena, 1 << 20);
    assert_int_not_equal(
        clv_skeleton_unpack(clv_buffer_bytes(&b), "bomb", &arena, &proto, &err),
        CLEAVE_OK);
    assert_true(err.text[0] != '\0');
    clv_arena_fini(&arena);
    clv_buffer_fini(&b);
}

static void data_in_several_pieces_is_refused(void **state)
{
    struct clv_buffer b = new_bytes();

    (void)state;
    put_field(&b, 9, "abcd", 4);
    put_field(&b, 9, "efgh", 4);
    wrap(&b, 5);
    wrap(&b, 7);
    assert_status(&b, CLEAVE_UNSUPPORTED, "several pieces");
    clv_buffer_fini(&b);
}

/* -- Weights stay where they are -- */

static Onnx__TensorProto *only_weight(struct maker *m, struct clv_arena *arena,
                                      clv_bytes *ret_file)
{
    Onnx__ModelProto *proto;

    *ret_file = maker_pack(m);
    assert_int_equal(
        clv_skeleton_unpack(*ret_file, "w.onnx", arena, &proto, NULL),
        CLEAVE_OK);
    return proto->graph->initializer[0];
}

static void assert_in_file(const Onnx__TensorProto *t, clv_bytes file,
                           const void *want, size_t size)
{
    assert_true(t->has_raw_data);
    assert_int_equal(t->raw_data.len, size);
    assert_true(t->raw_data.data > file.data);
    assert_true(t->raw_data.data + size <= file.data + file.size);
    assert_memory_equal(t->raw_data.data, want, size);
}

static void raw_data_points_into_the_file(void **state)
{
    /* looks like the place of other bytes, and must not be taken for one */
    static const uint64_t forged[2] = {0, UINT64_MAX};
    struct maker *m = maker_new();
    struct clv_arena arena;
    Onnx__TensorProto *t;
    clv_bytes file;

    (void)state;
    maker_raw(m, "w u64 2", forged, sizeof forged);
    clv_arena_init(&arena, 1 << 20);
    t = only_weight(m, &arena, &file);
    assert_in_file(t, file, forged, sizeof forged);
    free((void *)(uintptr_t)file.data);
    clv_arena_fini(&arena);
    maker_free(m);
}

static void large_packed_floats_become_raw(void **state)
{
    struct maker *m = maker_new();
    struct clv_arena arena;
    Onnx__TensorProto *made = maker_floats(m, "w f32 2000");
    Onnx__TensorProto *t;
    clv_bytes file;

    (void)state;
    clv_arena_init(&arena, 1 << 20);
    t = only_weight(m, &arena, &file);
    assert_int_equal(t->n_float_data, 0);
    assert_in_file(t, file, made->float_data, 8000);
    free((void *)(uintptr_t)file.data);
    clv_arena_fini(&arena);
    maker_free(m);
}

static void small_packed_floats_stay(void **state)
{
    struct maker *m = maker_new();
    struct clv_arena arena;
    Onnx__TensorProto *t;
    clv_bytes file;

    (void)state;
    maker_floats(m, "w f32 10");
    clv_arena_init(&arena, 1 << 20);
    t = only_weight(m, &arena, &file);
    assert_false(t->has_raw_data);
    assert_int_equal(t->n_float_data, 10);
    assert_true(t->float_data[3] == maker_number(3));
    free((void *)(uintptr_t)file.data);
    clv_arena_fini(&arena);
    maker_free(m);
}

/* Tensors in attributes and sub-graphs point into the file as well. */
static void inner_tensors_point_into_the_file(void **state)
{
    struct maker *m = maker_new();
    Onnx__ModelProto *proto;
    struct clv_arena arena;
    clv_bytes file;
    Onnx__NodeProto *node;
    float half = 0.5f;

    (void)state;
    sample_constants(m);
    sample_branch(m);
    file = maker_pack(m);
    clv_arena_init(&arena, 1 << 20);
    assert_int_equal(clv_skeleton_unpack(file, "w.onnx", &arena, &proto, NULL),
                     CLEAVE_OK);
    assert_in_file(proto->graph->node[0]->attribute[0]->t, file, &half, 4);
    node = proto->graph->node[proto->graph->n_node - 2];
    assert_string_equal(node->op_type, "If");
    assert_int_equal(node->attribute[1]->g->initializer[0]->raw_data.len, 16);
    assert_true(node->attribute[1]->g->initializer[0]->raw_data.data >
                file.data);
    free((void *)(uintptr_t)file.data);
    clv_arena_fini(&arena);
    maker_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_file_is_no_model),
        cmocka_unit_test(every_sample_opens),
        cmocka_unit_test(a_file_cut_short_anywhere_is_an_error),
        cmocka_unit_test(garbage_is_an_error_and_no_crash),
        cmocka_unit_test(any_byte_may_be_wrong),
        cmocka_unit_test(wrong_wire_types_are_refused),
        cmocka_unit_test(a_length_beyond_the_end_is_refused),
        cmocka_unit_test(nesting_without_end_is_refused),
        cmocka_unit_test(bombs_are_refused),
        cmocka_unit_test(the_arenas_maximum_bounds_what_is_unpacked),
        cmocka_unit_test(data_in_several_pieces_is_refused),
        cmocka_unit_test(raw_data_points_into_the_file),
        cmocka_unit_test(large_packed_floats_become_raw),
        cmocka_unit_test(small_packed_floats_stay),
        cmocka_unit_test(inner_tensors_point_into_the_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
