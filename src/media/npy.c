/*
 * npy.c - a strict reader of NumPy's header, and its writer.
 *
 * The header is Python source, but only ever this much of it:
 *
 *     {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }
 *
 * A small recursive-descent scanner reads exactly that (entries in any order,
 * each once, spaces where Python allows them) and nothing else.
 */
#include "media/npy.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/fail.h"

static const char magic[] = "\x93NUMPY";

#define MAGIC_BYTES 6
#define ALIGNMENT 64

static const struct {
    const char *descr;
    cleave_type type;
} types[] = {
    {"<f4", CLEAVE_TYPE_F32}, {"|u1", CLEAVE_TYPE_U8},
    {"|i1", CLEAVE_TYPE_I8},  {"<u2", CLEAVE_TYPE_U16},
    {"<i2", CLEAVE_TYPE_I16}, {"<i4", CLEAVE_TYPE_I32},
    {"<i8", CLEAVE_TYPE_I64}, {"|b1", CLEAVE_TYPE_BOOL},
    {"<f2", CLEAVE_TYPE_F16}, {"<f8", CLEAVE_TYPE_F64},
    {"<u4", CLEAVE_TYPE_U32}, {"<u8", CLEAVE_TYPE_U64},
};

#define TYPE_COUNT (sizeof types / sizeof types[0])

struct scan {
    const char *at;
    const char *end;
    const char *where;
    cleave_error *err;
};

struct header {
    cleave_tensor_info info;
    int has_descr;
    int has_order;
    int has_shape;
};

static cleave_status refuse(struct scan *s)
{
    return clv_fail(s->err, CLEAVE_CORRUPT, s->where,
                    "The header of this .npy is not one that NumPy writes; "
                    "save the array again with numpy.save().");
}

static void skip_space(struct scan *s)
{
    while (s->at < s->end && (*s->at == ' ' || *s->at == '\n')) {
        s->at++;
    }
}

/* Takes the character, after spaces, if it is next. */
static int take(struct scan *s, char c)
{
    skip_space(s);
    if (s->at < s->end && *s->at == c) {
        s->at++;
        return 1;
    }
    return 0;
}

static int take_word(struct scan *s, const char *word)
{
    size_t length = strlen(word);

    skip_space(s);
    if ((size_t)(s->end - s->at) < length || memcmp(s->at, word, length) != 0) {
        return 0;
    }
    s->at += length;
    return 1;
}

/* A short quoted string without escapes. */
static int take_string(struct scan *s, char *into, size_t size)
{
    char quote = take(s, '\'') ? '\'' : '"';
    size_t n = 0;

    if (quote == '"' && !take(s, '"')) {
        return 0;
    }
    while (s->at < s->end && *s->at != quote && *s->at != '\\' &&
           n + 1 < size) {
        into[n++] = *s->at++;
    }
    into[n] = '\0';
    if (s->at == s->end || *s->at != quote) {
        return 0;
    }
    s->at++;
    return 1;
}

static cleave_status take_descr(struct scan *s, struct header *h)
{
    char descr[16];

    if (take(s, '[')) {
        return clv_fail(s->err, CLEAVE_UNSUPPORTED, s->where,
                        "This .npy holds records; save each field as an array "
                        "of its own.");
    }
    if (!take_string(s, descr, sizeof descr)) {
        return refuse(s);
    }
    for (size_t i = 0; i < TYPE_COUNT; i++) {
        if (strcmp(types[i].descr, descr) == 0) {
            h->info.type = types[i].type;
            h->has_descr = 1;
            return CLEAVE_OK;
        }
    }
    if (descr[0] == '>') {
        return clv_fail(s->err, CLEAVE_UNSUPPORTED, s->where,
                        "This .npy is big-endian (%s); save "
                        "a.astype(a.dtype.newbyteorder('<')) instead of a.",
                        descr);
    }
    return clv_fail(s->err, CLEAVE_UNSUPPORTED, s->where,
                    "Elements of type %s are not read; save the array as "
                    "numbers, for example a.astype('float32').",
                    descr);
}

static cleave_status take_order(struct scan *s, struct header *h)
{
    if (take_word(s, "True")) {
        return clv_fail(s->err, CLEAVE_UNSUPPORTED, s->where,
                        "This .npy is in Fortran order; save "
                        "numpy.ascontiguousarray(a) instead of a.");
    }
    if (!take_word(s, "False")) {
        return refuse(s);
    }
    h->has_order = 1;
    return CLEAVE_OK;
}

static int take_number(struct scan *s, int64_t *ret_number)
{
    int64_t number = 0;
    const char *start;

    skip_space(s);
    for (start = s->at; s->at < s->end; s->at++) {
        if (*s->at < '0' || *s->at > '9') {
            break;
        }
        if (number > (INT64_MAX - 9) / 10) {
            return 0;
        }
        number = number * 10 + (*s->at - '0');
    }
    *ret_number = number;
    return s->at > start;
}

/* (), (3,), (3, 4) or (3, 4,), but not (3), which is no tuple. */
static cleave_status take_shape(struct scan *s, struct header *h)
{
    int comma = 1;

    if (!take(s, '(')) {
        return refuse(s);
    }
    while (!take(s, ')')) {
        int64_t size;
        if (!comma || !take_number(s, &size)) {
            return refuse(s);
        }
        if (h->info.rank == CLEAVE_MAX_RANK) {
            return clv_fail(s->err, CLEAVE_LIMIT, s->where,
                            "This array has more than %d dimensions.",
                            CLEAVE_MAX_RANK);
        }
        h->info.shape[h->info.rank++] = size;
        comma = take(s, ',');
    }
    if (h->info.rank == 1 && !comma) {
        return refuse(s);
    }
    h->has_shape = 1;
    return CLEAVE_OK;
}

static cleave_status take_entry(struct scan *s, struct header *h)
{
    char key[16];

    if (!take_string(s, key, sizeof key) || !take(s, ':')) {
        return refuse(s);
    }
    if (strcmp(key, "descr") == 0 && !h->has_descr) {
        return take_descr(s, h);
    }
    if (strcmp(key, "fortran_order") == 0 && !h->has_order) {
        return take_order(s, h);
    }
    if (strcmp(key, "shape") == 0 && !h->has_shape) {
        return take_shape(s, h);
    }
    return refuse(s);
}

static cleave_status take_header(struct scan *s, struct header *h)
{
    int comma = 1;

    if (!take(s, '{')) {
        return refuse(s);
    }
    while (!take(s, '}')) {
        cleave_status status = comma ? take_entry(s, h) : refuse(s);
        if (status != CLEAVE_OK) {
            return status;
        }
        comma = take(s, ',');
    }
    skip_space(s);
    if (s->at != s->end || !h->has_descr || !h->has_order || !h->has_shape) {
        return refuse(s);
    }
    return CLEAVE_OK;
}

/* Where the header's text begins and ends, from the bytes before it. */
static cleave_status find_header(clv_bytes bytes, struct scan *s)
{
    const uint8_t *b = bytes.data;
    size_t start = MAGIC_BYTES + 4;
    size_t length;

    if (bytes.size < MAGIC_BYTES + 6 || memcmp(b, magic, MAGIC_BYTES) != 0) {
        return clv_fail(s->err, CLEAVE_CORRUPT, s->where,
                        "This is not a .npy file; save the array with "
                        "numpy.save().");
    }
    if (b[6] < 1 || b[6] > 3 || b[7] != 0) {
        return clv_fail(s->err, CLEAVE_UNSUPPORTED, s->where,
                        "Version %u.%u of .npy is not known here; 1.0, 2.0 "
                        "and 3.0 are.",
                        b[6], b[7]);
    }
    length = (size_t)b[8] | (size_t)b[9] << 8;
    if (b[6] > 1) {
        length |= (size_t)b[10] << 16 | (size_t)b[11] << 24;
        start += 2;
    }
    if (length > CLV_NPY_HEADER_MAX || length > bytes.size - start) {
        return refuse(s);
    }
    s->at = (const char *)b + start;
    s->end = s->at + length;
    return CLEAVE_OK;
}

cleave_status clv_npy_view(clv_bytes bytes, const char *where,
                           cleave_tensor *ret_tensor, cleave_error *err)
{
    struct scan s = {.where = where, .err = err};
    struct header h = {0};
    const uint8_t *data;
    uint64_t elements;
    uint64_t need;
    size_t have;
    cleave_status status = find_header(bytes, &s);

    if (status == CLEAVE_OK) {
        status = take_header(&s, &h);
    }
    if (status != CLEAVE_OK) {
        return status;
    }
    if (cleave_tensor_count(&h.info, &elements, &need) != CLEAVE_OK) {
        return clv_fail(err, CLEAVE_LIMIT, where,
                        "The shape in this .npy is too large to be true.");
    }
    data = (const uint8_t *)s.end;
    have = (size_t)(bytes.data + bytes.size - data);
    if (have != need) {
        return clv_fail(err, CLEAVE_CORRUPT, where,
                        "The header of this .npy promises %" PRIu64
                        " bytes of data, the file has %zu; it was cut or "
                        "written wrongly, save it again.",
                        need, have);
    }
    ret_tensor->info = h.info;
    ret_tensor->data = (void *)(uintptr_t)data;
    ret_tensor->bytes = have;
    return CLEAVE_OK;
}

int clv_npy_is_aligned(const cleave_tensor *tensor)
{
    size_t each = cleave_type_bytes(tensor->info.type);

    return each > 0 && (uintptr_t)tensor->data % each == 0;
}

static const char *descr_of(cleave_type type)
{
    for (size_t i = 0; i < TYPE_COUNT; i++) {
        if (types[i].type == type) {
            return types[i].descr;
        }
    }
    return "";
}

/* The dictionary, padded so that the data after it is aligned. */
static void print_header(const cleave_tensor_info *info,
                         struct clv_buffer *text)
{
    size_t before = MAGIC_BYTES + 4;

    clv_buffer_printf(text, "{'descr': '%s', 'fortran_order': False, ",
                      descr_of(info->type));
    clv_buffer_printf(text, "'shape': (");
    for (uint32_t i = 0; i < info->rank; i++) {
        clv_buffer_printf(text, "%s%" PRId64, i > 0 ? ", " : "",
                          info->shape[i]);
    }
    clv_buffer_printf(text, "%s), }", info->rank == 1 ? "," : "");
    while ((before + text->size + 1) % ALIGNMENT != 0) {
        clv_buffer_append(text, " ", 1);
    }
    clv_buffer_append(text, "\n", 1);
}

cleave_status clv_npy_write(const cleave_tensor *tensor,
                            struct clv_buffer *into, cleave_error *err)
{
    struct clv_buffer text;
    uint8_t start[MAGIC_BYTES + 4] = {0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0};
    uint64_t elements;
    uint64_t bytes;
    cleave_status status;

    if (tensor->info.rank > CLEAVE_MAX_RANK ||
        cleave_tensor_count(&tensor->info, &elements, &bytes) != CLEAVE_OK ||
        bytes != tensor->bytes) {
        return clv_fail(err, CLEAVE_INVALID, tensor->info.name,
                        "The tensor's bytes do not match its shape and type.");
    }
    clv_buffer_init(&text, CLV_NPY_HEADER_MAX);
    print_header(&tensor->info, &text);
    status = clv_buffer_status(&text);
    if (status == CLEAVE_OK) {
        start[8] = (uint8_t)(text.size & 0xff);
        start[9] = (uint8_t)(text.size >> 8);
        clv_buffer_append(into, start, sizeof start);
        clv_buffer_append(into, text.data, text.size);
        status = clv_buffer_append(into, tensor->data, tensor->bytes);
    }
    clv_buffer_fini(&text);
    if (status != CLEAVE_OK) {
        clv_fail(err, status, tensor->info.name,
                 "No room for the array's %zu bytes.", tensor->bytes);
    }
    return status;
}
