/*
 * element.c - element types by their many names, and shapes.
 *
 * One list (CLEAVE_TYPE_LIST) says everything about the types; each function
 * here is a different column of it.
 */
#include "tensor/element.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

static const struct {
    cleave_type type;
    const char *name;
    const char *oip;
    size_t bytes;
} types[] = {
#define X(name, text, oip, onnx, bytes) {CLEAVE_TYPE_##name, text, oip, bytes},
    CLEAVE_TYPE_LIST(X)
#undef X
};

#define TYPE_COUNT (sizeof types / sizeof types[0])

/* Names that other tools use for the same types. */
static const struct {
    const char *name;
    cleave_type type;
} aliases[] = {
    {"float", CLEAVE_TYPE_F32},   {"float32", CLEAVE_TYPE_F32},
    {"float16", CLEAVE_TYPE_F16}, {"double", CLEAVE_TYPE_F64},
    {"float64", CLEAVE_TYPE_F64}, {"uint8", CLEAVE_TYPE_U8},
    {"int8", CLEAVE_TYPE_I8},     {"uint16", CLEAVE_TYPE_U16},
    {"int16", CLEAVE_TYPE_I16},   {"int32", CLEAVE_TYPE_I32},
    {"int64", CLEAVE_TYPE_I64},   {"uint32", CLEAVE_TYPE_U32},
    {"uint64", CLEAVE_TYPE_U64},
};

const char *cleave_type_name(cleave_type type)
{
    for (size_t i = 0; i < TYPE_COUNT; i++) {
        if (types[i].type == type) {
            return types[i].name;
        }
    }
    return "none";
}

size_t cleave_type_bytes(cleave_type type)
{
    for (size_t i = 0; i < TYPE_COUNT; i++) {
        if (types[i].type == type) {
            return types[i].bytes;
        }
    }
    return 0;
}

const char *clv_type_oip(cleave_type type)
{
    for (size_t i = 0; i < TYPE_COUNT; i++) {
        if (types[i].type == type) {
            return types[i].oip;
        }
    }
    return NULL;
}

cleave_type clv_type_from_oip(const char *name)
{
    for (size_t i = 0; i < TYPE_COUNT; i++) {
        if (strcmp(types[i].oip, name) == 0) {
            return types[i].type;
        }
    }
    return CLEAVE_TYPE_NONE;
}

cleave_type clv_type_from_onnx(int code)
{
    for (size_t i = 0; i < TYPE_COUNT; i++) {
        if ((int)types[i].type == code) {
            return types[i].type;
        }
    }
    return CLEAVE_TYPE_NONE;
}

cleave_type clv_type_from_name(const char *name)
{
    for (size_t i = 0; i < TYPE_COUNT; i++) {
        if (strcasecmp(types[i].name, name) == 0) {
            return types[i].type;
        }
    }
    for (size_t i = 0; i < sizeof aliases / sizeof aliases[0]; i++) {
        if (strcasecmp(aliases[i].name, name) == 0) {
            return aliases[i].type;
        }
    }
    return CLEAVE_TYPE_NONE;
}

cleave_status cleave_tensor_count(const cleave_tensor_info *info,
                                  uint64_t *ret_elements, uint64_t *ret_bytes)
{
    uint64_t elements = 1;
    uint64_t each = cleave_type_bytes(info->type);
    uint64_t most = INT64_MAX;

    if (each == 0 || info->rank > CLEAVE_MAX_RANK) {
        return CLEAVE_INVALID;
    }
    for (uint32_t i = 0; i < info->rank; i++) {
        if (info->shape[i] < 0) {
            return CLEAVE_INVALID;
        }
        if (info->shape[i] > 0 &&
            elements > most / each / (uint64_t)info->shape[i]) {
            return CLEAVE_LIMIT;
        }
        elements *= (uint64_t)info->shape[i];
    }
    *ret_elements = elements;
    *ret_bytes = elements * each;
    return CLEAVE_OK;
}

int clv_tensor_fits(const cleave_tensor_info *want,
                    const cleave_tensor_info *have)
{
    if (want->type != have->type || want->rank != have->rank) {
        return 0;
    }
    for (uint32_t i = 0; i < want->rank; i++) {
        if (want->shape[i] >= 0 && want->shape[i] != have->shape[i]) {
            return 0;
        }
    }
    return 1;
}

int clv_tensor_same_form(const cleave_tensor_info *a,
                         const cleave_tensor_info *b)
{
    return a->type == b->type && a->rank == b->rank &&
           memcmp(a->shape, b->shape, a->rank * sizeof a->shape[0]) == 0;
}

const char *clv_tensor_describe(const cleave_tensor_info *info, char *into,
                                size_t size)
{
    int n = snprintf(into, size, "%s ", cleave_type_name(info->type));

    for (uint32_t i = 0; i < info->rank && n >= 0 && (size_t)n < size; i++) {
        const char *sep = i > 0 ? "x" : "";
        if (info->shape[i] < 0) {
            n += snprintf(into + n, size - (size_t)n, "%s?", sep);
        } else {
            n += snprintf(into + n, size - (size_t)n, "%s%lld", sep,
                          (long long)info->shape[i]);
        }
    }
    if (info->rank == 0 && n >= 0 && (size_t)n < size) {
        snprintf(into + n, size - (size_t)n, "scalar");
    }
    return into;
}
