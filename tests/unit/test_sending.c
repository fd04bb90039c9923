/*
 * test_packing.c - what is sent of a tensor: itself, or its f16.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "run/device.h"

struct bench {
    cleave_session session;
    cleave_tensor_info cut[1];
    struct clv_lane lane;
    cleave_tensor sent[1];
    uint8_t *packed[1];
    size_t capacity[1];
};

static void set_up(struct bench *b, enum clv_pack pack)
{
    memset(b, 0, sizeof *b);
    b->cut[0].name = "t";
    b->session.pack = pack;
    b->session.cut_tensors = b->cut;
    b->session.cut_count = 1;
    b->lane.sent = b->sent;
    b->lane.packed = b->packed;
    b->lane.packed_capacity = b->capacity;
}

static cleave_tensor tensor_of(void *data, size_t bytes, cleave_type type)
{
    return (cleave_tensor){
        .info = {"other",
                 type,
                 1,
                 {(int64_t)(bytes / cleave_type_bytes(type))}},
        .data = data,
        .bytes = bytes,
    };
}

static void f32_goes_as_it_is(void **state)
{
    struct bench b;
    float data[3] = {1, 2, 3};
    cleave_tensor t = tensor_of(data, sizeof data, CLEAVE_TYPE_F32);

    (void)state;
    set_up(&b, CLV_PACK_F32);
    assert_int_equal(clv_pack_tensor(&b.session, &b.lane, 0, &t, NULL), 0);
    assert_ptr_equal(b.sent[0].data, data); /* not copied */
    assert_int_equal(b.sent[0].bytes, sizeof data);
    assert_string_equal(b.sent[0].info.name, "t");
}

static void f16_takes_half_and_keeps_its_memory(void **state)
{
    struct bench b;
    float data[5] = {0.5f, -2, 65504, 0, 1};
    uint16_t want[5] = {0x3800, 0xc000, 0x7bff, 0, 0x3c00};
    cleave_tensor t = tensor_of(data, sizeof data, CLEAVE_TYPE_F32);
    uint8_t *memory;

    (void)state;
    set_up(&b, CLV_PACK_F16);
    assert_int_equal(clv_pack_tensor(&b.session, &b.lane, 0, &t, NULL), 0);
    assert_int_equal(b.sent[0].info.type, CLEAVE_TYPE_F16);
    assert_int_equal(b.sent[0].info.shape[0], 5);
    assert_int_equal(b.sent[0].bytes, sizeof want);
    assert_memory_equal(b.sent[0].data, want, sizeof want);
    memory = b.packed[0];
    assert_int_equal(clv_pack_tensor(&b.session, &b.lane, 0, &t, NULL), 0);
    assert_ptr_equal(b.packed[0], memory);
    free(b.packed[0]);
}

static void integers_are_never_narrowed(void **state)
{
    struct bench b;
    uint8_t data[4] = {1, 2, 3, 255};
    cleave_tensor t = tensor_of(data, sizeof data, CLEAVE_TYPE_U8);

    (void)state;
    set_up(&b, CLV_PACK_F16);
    assert_int_equal(clv_pack_tensor(&b.session, &b.lane, 0, &t, NULL), 0);
    assert_int_equal(b.sent[0].info.type, CLEAVE_TYPE_U8);
    assert_ptr_equal(b.sent[0].data, data);
}

static void names_are_parsed(void **state)
{
    enum clv_pack pack;
    cleave_error err = CLEAVE_ERROR_INIT;

    (void)state;
    assert_int_equal(clv_pack_parse(NULL, &pack, NULL), CLEAVE_OK);
    assert_int_equal(pack, CLV_PACK_F32);
    assert_int_equal(clv_pack_parse("f16", &pack, NULL), CLEAVE_OK);
    assert_int_equal(pack, CLV_PACK_F16);
    assert_int_equal(clv_pack_parse("zip", &pack, &err), CLEAVE_INVALID);
    assert_string_equal(err.where, "zip");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(f32_goes_as_it_is),
        cmocka_unit_test(f16_takes_half_and_keeps_its_memory),
        cmocka_unit_test(integers_are_never_narrowed),
        cmocka_unit_test(names_are_parsed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
