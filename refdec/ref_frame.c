/*
 * ref_frame.c - a frame: its header, its indices, its elements.
 *
 *     header -> payload -> symbols -> indices -> elements
 *
 * Half precision is done with integers, so that the rounding can be read.
 */
#include <math.h>
#include <string.h>

#include "ref.h"

enum coder { RAW, LZ, FAST, DENSE };

enum quantiser { NONE, STEP, RANGE, HALF };

struct frame {
    enum coder coder;
    enum ref_type type;
    enum quantiser quantiser;
    int more, long_step, names_book, takes_shape, is_signed;
    uint32_t hash; /* of the named book */
    const struct ref_named *named;
    struct ref_shape shape;
    float step, lo, hi;
    unsigned bits;
    int64_t base;
};

static int is_float(enum ref_type type)
{
    return type == REF_F32 || type == REF_F16;
}

static size_t type_bytes(enum ref_type type)
{
    static const size_t bytes[REF_TYPES] = {4, 2, 1, 1, 1, 2, 2, 4, 4, 8, 8, 8};

    return bytes[type];
}

/* What goes with what. */
static void kind_check(const struct ref_reader *in, const struct frame *f)
{
    if (f->coder != RAW && f->type == REF_F64) {
        ref_refuse(in, "f64 is only sent raw");
    }
    if (f->coder == RAW) {
        if (f->quantiser == STEP || f->quantiser == RANGE ||
            (f->quantiser == HALF && f->type != REF_F32)) {
            ref_refuse(in, "this quantiser does not go with raw");
        }
    } else if (f->quantiser == HALF ||
               is_float(f->type) != (f->quantiser != NONE)) {
        ref_refuse(in, "this quantiser does not go with the element type");
    }
    if (f->names_book && f->coder != DENSE) {
        ref_refuse(in, "only the coder dense names a book");
    }
    if (f->takes_shape && !f->names_book) {
        ref_refuse(in, "the shape of a book, and no book");
    }
}

static void kind_read(struct ref_reader *in, struct frame *f)
{
    unsigned magic = ref_u8(in);
    unsigned kind = ref_u8(in);
    unsigned flags = ref_u8(in);

    if (magic != 0xC1) {
        ref_refuse(in, magic > 0xC1 && magic < 0xD0 ? "a later version"
                                                    : "this is no frame");
    }
    if ((kind & 7) > DENSE || (kind >> 3 & 15) >= REF_TYPES) {
        ref_refuse(in, "an unknown coder or element type");
    }
    if (flags >> 6 != 0) {
        ref_refuse(in, "a reserved flag is set");
    }
    f->coder = (enum coder)(kind & 7);
    f->type = (enum ref_type)(kind >> 3 & 15);
    f->more = kind >> 7 & 1;
    f->quantiser = (enum quantiser)(flags & 3);
    f->long_step = flags >> 2 & 1;
    f->names_book = flags >> 3 & 1;
    f->takes_shape = flags >> 4 & 1;
    f->is_signed = flags >> 5 & 1;
    kind_check(in, f);
}

static void book_find(struct ref_reader *in, const struct ref_named *books,
                      struct frame *f)
{
    uint32_t hash = ref_u32(in);

    for (f->named = books; f->named != NULL; f->named = f->named->next) {
        if (f->named->hash == hash) {
            return;
        }
    }
    ref_refuse(in, "no calibration has this book");
}

static float upper_half(unsigned upper)
{
    uint32_t bits = (uint32_t)upper << 16;
    float value = 0;

    memcpy(&value, &bits, sizeof value);
    return value;
}

static void quantiser_read(struct ref_reader *in, struct frame *f)
{
    if (f->quantiser == STEP) {
        f->step = f->long_step ? ref_f32(in) : upper_half(ref_u16(in));
        if (!isfinite(f->step) || f->step <= 0) {
            ref_refuse(in, "the step is not finite and above 0");
        }
    } else if (f->quantiser == RANGE) {
        f->lo = ref_f32(in);
        f->hi = ref_f32(in);
        f->bits = ref_u8(in);
        if (!isfinite(f->lo) || !isfinite(f->hi) || f->lo > f->hi) {
            ref_refuse(in, "the range is not finite and ascending");
        }
        if (f->bits < 2 || f->bits > 8) {
            ref_refuse(in, "there are less than 2 or more than 8 bits");
        }
    } else if (f->coder != RAW) {
        f->base = ref_base_read(in);
    }
}

static float half_to_float(unsigned half)
{
    uint32_t fraction = half & 1023;
    unsigned exponent = half >> 10 & 31;
    uint32_t bits = 0;
    float value = (float)fraction * 0x1p-24f; /* of subnormals */

    memcpy(&bits, &value, sizeof bits);
    if (exponent > 0) {
        bits = (exponent == 31 ? 255 : exponent + 112u) << 23 | fraction << 13;
    }
    if (exponent == 31 && fraction > 0) {
        bits |= 1u << 22; /* quiet */
    }
    bits |= (uint32_t)(half >> 15) << 31;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* To nearest, to even between two. Not for NaN, which no index makes. */
static unsigned float_to_half(float value)
{
    uint32_t bits = 0, kept = 0, lost = 0;
    unsigned sign = 0, exponent = 0, shift = 13;

    memcpy(&bits, &value, sizeof bits);
    sign = bits >> 16 & 0x8000;
    exponent = bits >> 23 & 255;
    kept = bits & 0x7FFFFFFF;
    if (exponent >= 143) {
        return sign | 0x7C00;
    }
    if (exponent >= 113) {
        kept -= 112u << 23;
    } else if (exponent >= 102) { /* multiples of 2^-24 */
        kept = (bits & 0x7FFFFF) | 0x800000;
        shift = 126 - exponent;
    } else {
        return sign;
    }
    lost = kept & (((uint32_t)1 << shift) - 1);
    kept >>= shift;
    if (lost > (uint32_t)1 << (shift - 1) ||
        (lost == (uint32_t)1 << (shift - 1) && kept % 2 == 1)) {
        kept++;
    }
    return sign | kept;
}

static void store(uint8_t *out, uint64_t value, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++) {
        out[i] = (uint8_t)(value >> (8 * i));
    }
}

static void store_float(const struct frame *f, float value, uint8_t *out)
{
    uint32_t bits = 0;

    memcpy(&bits, &value, sizeof bits);
    if (f->type == REF_F16) {
        store(out, float_to_half(value), 2);
    } else {
        store(out, bits, 4);
    }
}

static void store_integer(const struct ref_reader *in, const struct frame *f,
                          int index, uint8_t *out)
{
    uint64_t value = (uint64_t)f->base + (uint64_t)(int64_t)index;

    if (f->type == REF_BOOL && value > 1) {
        ref_refuse(in, "a bool is neither 0 nor 1");
    }
    store(out, value, type_bytes(f->type));
}

static int index_of(const struct ref_reader *in, const struct frame *f,
                    unsigned symbol)
{
    int index = (int)symbol;

    if (f->is_signed) {
        index = symbol % 2 == 0 ? index / 2 : -(index / 2) - 1;
    }
    if (index > 32767 || index < -32767) {
        ref_refuse(in, "an index is out of range");
    }
    if (f->quantiser == RANGE && (index < 0 || index >= 1 << f->bits)) {
        ref_refuse(in, "an index is outside of its bits");
    }
    return index;
}

static void element_store(const struct ref_reader *in, const struct frame *f,
                          unsigned symbol, uint8_t *out)
{
    int index = index_of(in, f, symbol);

    if (f->quantiser == STEP) {
        store_float(f, (float)index * f->step, out);
    } else if (f->quantiser == RANGE) {
        double width = (double)f->hi - (double)f->lo;
        double levels = (1 << f->bits) - 1;

        store_float(f, (float)(f->lo + index * width / levels), out);
    } else {
        store_integer(in, f, index, out);
    }
}

static void raw_decode(struct ref_reader *in, const struct frame *f,
                       uint8_t *out)
{
    size_t bytes = type_bytes(f->type);

    for (uint64_t i = 0; i < f->shape.elements; i++, out += bytes) {
        if (f->quantiser == HALF) {
            store_float(f, half_to_float(ref_u16(in)), out);
        } else {
            memcpy(out, ref_bytes(in, bytes), bytes);
        }
    }
}

static void coded_decode(struct ref_reader *in, const struct frame *f,
                         uint8_t *out)
{
    uint16_t *symbols =
        ref_take(in, (size_t)f->shape.elements, sizeof *symbols);

    if (f->coder == LZ) {
        ref_lz_decode(in, f->shape.elements, symbols);
    } else if (f->coder == DENSE) {
        struct ref_book *book = NULL;

        if (f->named != NULL) {
            struct ref_reader from = {.name = "the named book",
                                      .data = f->named->data,
                                      .size = f->named->size,
                                      .memory = in->memory};

            book = ref_take(in, 1, sizeof *book);
            ref_book_read(&from, book);
        }
        ref_dense_decode(in, &f->shape, f->is_signed, book, symbols);
    } else {
        ref_fast_decode(in, f->shape.elements, f->is_signed, symbols);
    }
    for (uint64_t i = 0; i < f->shape.elements; i++) {
        element_store(in, f, symbols[i], out + i * type_bytes(f->type));
    }
}

/* Header up to the payload; `in` then ends where the payload does. */
static void header_read(struct ref_reader *in, const struct ref_named *books,
                        struct frame *f)
{
    size_t start = in->at;
    struct ref_reader tail;

    kind_read(in, f);
    if (f->more) {
        uint64_t length = ref_varint(in);

        if (length > ref_left(in)) {
            ref_refuse(in, "the frame is longer than the message");
        }
        in->size = in->at + (size_t)length;
    }
    if (ref_left(in) < 4) {
        ref_refuse(in, "there is no room for the checksum");
    }
    in->size -= 4;
    tail = *in;
    tail.at = in->size;
    tail.size += 4;
    if (ref_u32(&tail) != ref_hash(in->data + start, in->size - start)) {
        ref_refuse(in, "the checksum is wrong");
    }
    if (f->names_book) {
        book_find(in, books, f);
    }
    if (f->takes_shape) {
        f->shape = f->named->shape;
    } else {
        ref_shape_read(in, &f->shape);
    }
    quantiser_read(in, f);
}

int ref_frame_decode(struct ref_reader *message, const struct ref_named *books,
                     struct ref_tensor *ret_tensor)
{
    struct ref_reader in = *message;
    struct frame f = {.named = NULL};
    size_t bytes = 0;

    header_read(&in, books, &f);
    bytes = type_bytes(f.type);
    ret_tensor->type = f.type;
    ret_tensor->shape = f.shape;
    ret_tensor->data = ref_take(&in, (size_t)f.shape.elements, bytes);
    ret_tensor->bytes = (size_t)f.shape.elements * bytes;
    if (f.coder == RAW) {
        raw_decode(&in, &f, ret_tensor->data);
    } else if (f.shape.elements > 0) {
        coded_decode(&in, &f, ret_tensor->data);
    }
    if (ref_left(&in) > 0) {
        ref_refuse(&in, "something follows the payload");
    }
    message->at = in.size + 4;
    return f.more;
}
