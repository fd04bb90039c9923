/*
 * values.c - the elements of a tensor as JSON values.
 *
 * Reading first decides whether the array is flat or nested, then walks it
 * with a cursor; each leaf is checked and stored by the element type. Memory
 * is taken only after the outermost count has been found to agree with the
 * shape; a document never has more values than clv_json_read allows, so
 * neither has the tensor.
 */
#include "wire/values.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "tensor/element.h"
#include "tensor/rank.h"
#include "wire/json.h"

/* What rounds to infinity: half a step above the largest finite value. */
#define HALF_OVERFLOW 65520.0
#define SINGLE_OVERFLOW 0x1.ffffffp127

struct reading {
    const cleave_tensor_info *info;
    uint8_t *memory;
    size_t index;
    cleave_error *err;
};

static cleave_status bad_value(const struct reading *r, const char *what)
{
    return clv_fail(r->err, CLEAVE_INVALID, r->info->name,
                    "Value %zu of tensor '%s' is not %s, as %s needs.",
                    r->index, r->info->name, what, clv_type_oip(r->info->type));
}

static void store(struct reading *r, const void *element)
{
    size_t bytes = cleave_type_bytes(r->info->type);

    memcpy(r->memory + r->index * bytes, element, bytes);
    r->index++;
}

static cleave_status store_float(struct reading *r, const json_t *value)
{
    double x = json_number_value(value);
    float single = (float)0;
    uint16_t half;

    if (!json_is_number(value)) {
        return bad_value(r, "a number");
    }
    switch (r->info->type) {
    case CLEAVE_TYPE_F64:
        store(r, &x);
        return CLEAVE_OK;
    case CLEAVE_TYPE_F32:
        if (fabs(x) >= SINGLE_OVERFLOW) {
            return bad_value(r, "in range");
        }
        single = (float)x;
        store(r, &single);
        return CLEAVE_OK;
    default:
        if (fabs(x) >= HALF_OVERFLOW) {
            return bad_value(r, "in range");
        }
        single = (float)x;
        clv_f32_to_f16(&single, 1, &half);
        store(r, &half);
        return CLEAVE_OK;
    }
}

static cleave_status store_bool(struct reading *r, const json_t *value)
{
    uint8_t byte = json_is_true(value) || json_integer_value(value) == 1;

    if (!json_is_boolean(value) &&
        !(json_is_integer(value) && json_integer_value(value) == byte)) {
        return bad_value(r, "true or false");
    }
    store(r, &byte);
    return CLEAVE_OK;
}

/* The bounds of an integer type, as far as jansson's integers reach. */
static void bounds(cleave_type type, json_int_t *ret_least,
                   json_int_t *ret_most)
{
    size_t bits = 8 * cleave_type_bytes(type);
    bool is_signed = type == CLEAVE_TYPE_I8 || type == CLEAVE_TYPE_I16 ||
                     type == CLEAVE_TYPE_I32 || type == CLEAVE_TYPE_I64;

    if (bits == 64) {
        *ret_least = is_signed ? INT64_MIN : 0;
        *ret_most = INT64_MAX;
    } else if (is_signed) {
        *ret_least = -((json_int_t)1 << (bits - 1));
        *ret_most = ((json_int_t)1 << (bits - 1)) - 1;
    } else {
        *ret_least = 0;
        *ret_most = ((json_int_t)1 << bits) - 1;
    }
}

/* Little-endian, as every machine here: the low bytes are the element. */
static cleave_status store_integer(struct reading *r, const json_t *value)
{
    json_int_t x = json_integer_value(value);
    json_int_t least;
    json_int_t most;

    bounds(r->info->type, &least, &most);
    if (!json_is_integer(value)) {
        return bad_value(r, "a whole number");
    }
    if (x < least || x > most) {
        return bad_value(r, "in range");
    }
    store(r, &x);
    return CLEAVE_OK;
}

static cleave_status store_leaf(struct reading *r, const json_t *value)
{
    switch (r->info->type) {
    case CLEAVE_TYPE_F16:
    case CLEAVE_TYPE_F32:
    case CLEAVE_TYPE_F64:
        return store_float(r, value);
    case CLEAVE_TYPE_BOOL:
        return store_bool(r, value);
    default:
        return store_integer(r, value);
    }
}

static cleave_status read_leaves(struct reading *r, const json_t *array)
{
    cleave_status status = CLEAVE_OK;

    for (size_t i = 0; i < json_array_size(array); i++) {
        status = store_leaf(r, json_array_get(array, i));
        if (status != CLEAVE_OK) {
            break;
        }
    }
    return status;
}

static cleave_status read_nested(struct reading *r, const json_t *array,
                                 uint32_t axis)
{
    size_t want = (size_t)r->info->shape[axis];
    cleave_status status = CLEAVE_OK;

    if (!json_is_array(array) || json_array_size(array) != want) {
        return clv_fail(r->err, CLEAVE_INVALID, r->info->name,
                        "The data of tensor '%s' has %zu entries on axis %u, "
                        "its shape says %zu.",
                        r->info->name, json_array_size(array), axis, want);
    }
    if (axis + 1 == r->info->rank) {
        return read_leaves(r, array);
    }
    for (size_t i = 0; i < want && status == CLEAVE_OK; i++) {
        status = read_nested(r, json_array_get(array, i), axis + 1);
    }
    return status;
}

/* The number of leaves, whatever the nesting. */
static size_t count_leaves(const json_t *value)
{
    size_t count = 0;

    if (!json_is_array(value)) {
        return 1;
    }
    for (size_t i = 0; i < json_array_size(value); i++) {
        count += count_leaves(json_array_get(value, i));
    }
    return count;
}

cleave_status clv_values_read(const struct json_t *data,
                              const cleave_tensor_info *info, void **ret_memory,
                              size_t *ret_bytes, cleave_error *err)
{
    struct reading r = {.info = info, .err = err};
    size_t leaves = count_leaves(data);
    uint64_t elements;
    uint64_t bytes;
    cleave_status status = cleave_tensor_count(info, &elements, &bytes);

    if (status != CLEAVE_OK || leaves != elements) {
        return clv_fail(err, CLEAVE_INVALID, info->name,
                        "The data of tensor '%s' has %zu values, its shape "
                        "says %llu.",
                        info->name, leaves,
                        status == CLEAVE_OK ? (unsigned long long)elements : 0);
    }
    r.memory = malloc(bytes > 0 ? (size_t)bytes : 1);
    if (r.memory == NULL) {
        return clv_fail_memory(err, info->name, (size_t)bytes);
    }
    if (info->rank > 1 && json_is_array(json_array_get(data, 0))) {
        status = read_nested(&r, data, 0);
    } else {
        status = read_leaves(&r, data);
    }
    if (status != CLEAVE_OK) {
        free(r.memory);
        return status;
    }
    *ret_memory = r.memory;
    *ret_bytes = (size_t)bytes;
    return CLEAVE_OK;
}

static uint64_t bits_at(const cleave_tensor *tensor, size_t i)
{
    size_t bytes = cleave_type_bytes(tensor->info.type);
    uint64_t bits = 0;

    memcpy(&bits, (const uint8_t *)tensor->data + i * bytes, bytes);
    return bits;
}

/* The integer at `i` as text; signed types are widened with their sign. */
static int print_integer(const cleave_tensor *tensor, size_t i, char *into,
                         size_t size)
{
    uint64_t bits = bits_at(tensor, i);

    switch (tensor->info.type) {
    case CLEAVE_TYPE_I8:
        return snprintf(into, size, "%d", (int8_t)bits);
    case CLEAVE_TYPE_I16:
        return snprintf(into, size, "%d", (int16_t)bits);
    case CLEAVE_TYPE_I32:
        return snprintf(into, size, "%d", (int32_t)bits);
    case CLEAVE_TYPE_I64:
        return snprintf(into, size, "%lld", (long long)bits);
    case CLEAVE_TYPE_BOOL:
        return snprintf(into, size, "%s", bits != 0 ? "true" : "false");
    default:
        return snprintf(into, size, "%llu", (unsigned long long)bits);
    }
}

/* Enough digits to read back the same; always with a point, never a comma. */
static int print_float(double x, int digits, char *into, size_t size)
{
    bool minus_zero = x == 0 && signbit(x); /* "-0" would be a whole number */
    int length = minus_zero ? snprintf(into, size, "-0.0")
                            : snprintf(into, size, "%.*g", digits, x);
    char *comma = strchr(into, ',');

    if (comma != NULL) { /* the application chose such a locale */
        *comma = '.';
    }
    return length;
}

static bool is_float(cleave_type type)
{
    return type == CLEAVE_TYPE_F16 || type == CLEAVE_TYPE_F32 ||
           type == CLEAVE_TYPE_F64;
}

cleave_status clv_values_write(const cleave_tensor *tensor,
                               struct clv_buffer *into, cleave_error *err)
{
    size_t count = tensor->bytes / cleave_type_bytes(tensor->info.type);
    bool floats = is_float(tensor->info.type);
    int digits = tensor->info.type == CLEAVE_TYPE_F64 ? 17 : 9;
    char text[40];

    clv_json_put(into, "[");
    for (size_t i = 0; i < count; i++) {
        int length;
        if (floats) {
            double x = clv_rank_score(tensor, i);
            if (!isfinite(x)) {
                return clv_fail(err, CLEAVE_UNSUPPORTED, tensor->info.name,
                                "Value %zu of tensor '%s' is %f, which JSON "
                                "cannot carry; ask for binary_data.",
                                i, tensor->info.name, x);
            }
            length = print_float(x, digits, text, sizeof text);
        } else {
            length = print_integer(tensor, i, text, sizeof text);
        }
        if (i > 0) {
            clv_json_put(into, ",");
        }
        (void)clv_buffer_append(into, text, (size_t)length);
    }
    clv_json_put(into, "]");
    return CLEAVE_OK;
}
