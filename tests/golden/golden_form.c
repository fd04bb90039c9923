/*
 * golden_form.c - headers, checksums and elements, straight from the text.
 */
#include "golden.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "codec/bits.h"
#include "tensor/element.h"

static const cleave_type types[GOLDEN_TYPES] = {
    CLEAVE_TYPE_F32,  CLEAVE_TYPE_F16, CLEAVE_TYPE_U8,  CLEAVE_TYPE_I8,
    CLEAVE_TYPE_BOOL, CLEAVE_TYPE_U16, CLEAVE_TYPE_I16, CLEAVE_TYPE_U32,
    CLEAVE_TYPE_I32,  CLEAVE_TYPE_U64, CLEAVE_TYPE_I64, CLEAVE_TYPE_F64};

_Noreturn void golden_die(const char *format, ...)
{
    va_list args;

    fprintf(stderr, "make_golden: ");
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fprintf(stderr, "\n");
    exit(1);
}

size_t golden_count(const struct golden_form *form)
{
    size_t count = 1;

    for (uint32_t i = 0; i < form->rank; i++) {
        count *= form->dim[i];
    }
    return count;
}

static int is_short(float step)
{
    uint32_t bits;

    memcpy(&bits, &step, sizeof bits);
    return bits << 16 == 0;
}

static void put_quantiser(const struct golden_form *form,
                          struct clv_buffer *into)
{
    uint32_t bits;

    if (form->quantiser == GOLDEN_STEP) {
        memcpy(&bits, &form->step, sizeof bits);
        if (is_short(form->step)) {
            clv_put_u16(into, (uint16_t)(bits >> 16));
        } else {
            clv_put_u32(into, bits);
        }
    } else if (form->quantiser == GOLDEN_RANGE) {
        clv_put_f32(into, form->lo);
        clv_put_f32(into, form->hi);
        clv_put_u8(into, (uint8_t)form->bits);
    } else if (form->coder != CLV_CODER_RAW) {
        clv_put_varint(into, clv_zigzag(form->base));
    }
}

static unsigned flags_of(const struct golden_form *form)
{
    unsigned flags = form->flags | (unsigned)form->quantiser;

    if (form->quantiser == GOLDEN_STEP && !is_short(form->step)) {
        flags |= 1 << 2;
    }
    flags |= form->names_book ? 1 << 3 : 0;
    flags |= form->takes_shape ? 1 << 4 : 0;
    return flags | (form->is_signed ? 1 << 5 : 0);
}

/* What comes after the length. */
static void put_rest(const struct golden_form *form, struct clv_buffer *into)
{
    if (form->names_book) {
        clv_put_u32(into, form->hash);
    }
    if (!form->takes_shape) {
        clv_put_varint(into, form->rank);
        for (uint32_t i = 0; i < form->rank; i++) {
            clv_put_varint(into, form->dim[i]);
        }
    }
    put_quantiser(form, into);
}

void golden_put_header(const struct golden_form *form, struct clv_buffer *into)
{
    clv_put_u8(into, 0xC1);
    clv_put_u8(into, (uint8_t)((unsigned)form->coder | form->type << 3));
    clv_put_u8(into, (uint8_t)flags_of(form));
    put_rest(form, into);
}

void golden_seal(struct clv_buffer *into, size_t start)
{
    clv_put_u32(into, XXH32(into->data + start, into->size - start, 0));
}

void golden_put_frame(const struct golden_form *form, clv_bytes payload,
                      int last, struct clv_buffer *into)
{
    size_t start = into->size;
    struct clv_buffer rest;

    clv_buffer_init(&rest, GOLDEN_BYTES_MAX);
    if (last) {
        golden_put_header(form, into);
    } else {
        put_rest(form, &rest);
        clv_put_u8(into, 0xC1);
        clv_put_u8(into,
                   (uint8_t)((unsigned)form->coder | form->type << 3 | 1 << 7));
        clv_put_u8(into, (uint8_t)flags_of(form));
        clv_put_varint(into, rest.size + payload.size + 4);
        clv_buffer_append(into, rest.data, rest.size);
    }
    clv_buffer_append(into, payload.data, payload.size);
    golden_seal(into, start);
    clv_buffer_fini(&rest);
}

static float float_of(const struct golden_form *form, int index)
{
    double levels = (double)((1u << form->bits) - 1);

    if (form->quantiser == GOLDEN_STEP) {
        return (float)index * form->step;
    }
    return (float)((double)form->lo +
                   (double)index * ((double)form->hi - (double)form->lo) /
                       levels);
}

void golden_put_values(const struct golden_form *form, const int16_t *indices,
                       struct clv_buffer *into)
{
    size_t bytes = cleave_type_bytes(types[form->type]);

    for (size_t i = 0; i < golden_count(form); i++) {
        if (form->quantiser == GOLDEN_HALF) {
            uint16_t half = (uint16_t)indices[i];
            float value;

            clv_f16_to_f32(&half, 1, &value);
            clv_buffer_append(into, &value, bytes);
        } else if (form->type == GOLDEN_F32 || form->type == GOLDEN_F16) {
            float value = float_of(form, indices[i]);
            uint16_t half;

            clv_f32_to_f16(&value, 1, &half);
            clv_buffer_append(
                into, form->type == GOLDEN_F16 ? (void *)&half : (void *)&value,
                bytes);
        } else {
            uint64_t value =
                (uint64_t)form->base + (uint64_t)(int64_t)indices[i];
            clv_buffer_append(into, &value, bytes);
        }
    }
}

cleave_tensor golden_tensor(const struct golden_form *form,
                            const struct clv_buffer *bytes)
{
    cleave_tensor tensor = {.data = bytes->data, .bytes = bytes->size};

    tensor.info.type = types[form->type];
    tensor.info.rank = form->rank;
    for (uint32_t i = 0; i < form->rank; i++) {
        tensor.info.shape[i] = (int64_t)form->dim[i];
    }
    return tensor;
}

void golden_put_planes(const struct golden_form *form, const int16_t *indices,
                       unsigned width, struct clv_buffer *into)
{
    size_t count = golden_count(form);

    clv_put_u8(into, (uint8_t)(width | 128));
    for (unsigned k = 0; k < width; k++) {
        struct clv_bit_writer bits;

        clv_bit_writer_init(&bits, into);
        for (size_t j = 0; j < count; j++) {
            unsigned symbol = form->is_signed ? (unsigned)clv_zigzag(indices[j])
                                              : (uint16_t)indices[j];
            clv_put_bits(&bits, symbol >> k & 1, 1);
        }
        clv_bit_writer_end(&bits);
    }
}
