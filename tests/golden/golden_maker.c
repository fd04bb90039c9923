/*
 * golden_maker.c - messages: put together, proved, and written.
 *
 * Nothing becomes a golden file that the library does not decode to the
 * tensors that were meant, on each path that this machine has. refdec is the
 * second opinion, and it is asked later, about the files.
 */
#include "golden.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "../unit/seeded.h"
#include "base/file.h"
#include "base/sha256.h"
#include "codec/bits.h"
#include "media/npy.h"

static void append_array(const cleave_tensor *tensor, struct clv_buffer *into)
{
    struct clv_buffer file;

    clv_buffer_init(&file, GOLDEN_BYTES_MAX);
    if (clv_npy_write(tensor, &file, NULL) != CLEAVE_OK ||
        clv_buffer_append(into, file.data, file.size) != CLEAVE_OK) {
        golden_die("an array cannot be written");
    }
    clv_buffer_fini(&file);
}

void golden_begin(struct golden_maker *maker)
{
    clv_buffer_reset(&maker->message);
    clv_buffer_reset(&maker->arrays);
}

void golden_add(struct golden_maker *maker, const struct golden_form *form,
                const int16_t *indices, const struct clv_buffer *payload,
                int last)
{
    struct clv_buffer values;
    cleave_tensor tensor;

    clv_buffer_init(&values, GOLDEN_BYTES_MAX);
    golden_put_values(form, indices, &values);
    tensor = golden_tensor(form, &values);
    append_array(&tensor, &maker->arrays);
    golden_put_frame(form, clv_buffer_bytes(payload), last, &maker->message);
    clv_buffer_fini(&values);
}

void golden_pack(struct golden_maker *maker, const char *packing,
                 const cleave_tensor *tensor, const cleave_tensor *decoded,
                 int last)
{
    struct clv_packing parsed;
    cleave_error err = CLEAVE_ERROR_INIT;

    if (clv_packing_parse(packing, &parsed, &err) != CLEAVE_OK ||
        clv_codec_pack(maker->codec, &parsed, tensor, last, &maker->message,
                       &err) != CLEAVE_OK) {
        golden_die("%s: %s", packing, err.text);
    }
    append_array(decoded != NULL ? decoded : tensor, &maker->arrays);
}

/* Decodes the next frame and takes it off `message`. */
static void decode_next(struct golden_maker *maker, const char *name,
                        clv_bytes *message, struct clv_buffer *arrays)
{
    struct clv_frame frame;
    cleave_tensor tensor = {.data = NULL};
    cleave_error err = CLEAVE_ERROR_INIT;

    if (clv_frame_read(*message, maker->calibration, &frame, &err) !=
        CLEAVE_OK) {
        golden_die("%s: %s", name, err.text);
    }
    tensor.info = frame.info;
    tensor.bytes = (size_t)frame.bytes;
    tensor.data = calloc(1, tensor.bytes + 1);
    if (tensor.data == NULL ||
        clv_codec_unpack(maker->codec, &frame, tensor.data, tensor.bytes,
                         &err) != CLEAVE_OK) {
        golden_die("%s: %s", name, err.text);
    }
    append_array(&tensor, arrays);
    free(tensor.data);
    message->data += frame.size;
    message->size -= frame.size;
}

static void prove(struct golden_maker *maker, const char *name)
{
    struct clv_buffer arrays;

    clv_buffer_init(&arrays, GOLDEN_BYTES_MAX);
    SEEDED_EACH_PATH(path)
    {
        clv_bytes left = clv_buffer_bytes(&maker->message);

        clv_codec_take(maker->codec, (enum clv_path)path);
        clv_buffer_reset(&arrays);
        while (left.size > 0) {
            decode_next(maker, name, &left, &arrays);
        }
        if (arrays.size != maker->arrays.size ||
            memcmp(arrays.data, maker->arrays.data, arrays.size) != 0) {
            golden_die("%s: the library decodes it to something else", name);
        }
    }
    clv_buffer_fini(&arrays);
}

void golden_end(struct golden_maker *maker, const char *name,
                const char *packing, const char *tensor, const char *what)
{
    struct clv_sha256 hash = clv_sha256_of(clv_buffer_bytes(&maker->arrays));

    prove(maker, name);
    golden_write(maker->folder, name, "frame", &maker->message);
    clv_buffer_printf(&maker->manifest, "%s %s %s %s %s\n", hash.hex, name,
                      packing, tensor, what);
}

void golden_write(const char *folder, const char *name, const char *suffix,
                  const struct clv_buffer *content)
{
    char path[CLV_PATH_MAX];
    cleave_error err = CLEAVE_ERROR_INIT;

    if (clv_buffer_status(content) != CLEAVE_OK ||
        clv_path_print(path, sizeof path, &err, "%s/%s.%s", folder, name,
                       suffix) != CLEAVE_OK ||
        clv_file_write(path, clv_buffer_bytes(content), &err) != CLEAVE_OK) {
        golden_die("%s.%s cannot be written: %s", name, suffix, err.text);
    }
}

/*
 * Three books: of "features" a signed one with all that contexts have, and
 * an unsigned one without biases; of "mask" and "twin" the same one, for
 * integers.
 */
void golden_calibrated_book(unsigned n, struct golden_book *book)
{
    static const struct golden_book shapes[3] = {
        {.is_signed = 1,
         .threshold_count = 3,
         .cut_count = 2,
         .threshold = {0, 40, 110},
         .cut = {1, 4},
         .up = 30,
         .right = 12,
         .energy = 40,
         .e0 = 20,
         .biases = 4,
         .bias = {0, 9, 60, 255}},
        {.threshold_count = 1, .threshold = {33}, .up = 33, .energy = 64},
        {.is_signed = 1,
         .is_plain = 1,
         .threshold_count = 2,
         .cut_count = 1,
         .cut = {2}},
    };

    *book = shapes[n];
    for (unsigned i = 0; i < 8; i++) {
        for (unsigned k = 0; k < 4; k++) {
            golden_table(book->frequency[i][k], 900 / (i + k + 1) + n,
                         3 + 2 * i);
        }
    }
}

static void put_calibrated(const char *name, const struct golden_form *form,
                           struct clv_buffer *into)
{
    clv_put_varint(into, strlen(name));
    clv_buffer_append(into, name, strlen(name));
    clv_put_u8(into, (uint8_t)form->type);
    clv_put_varint(into, form->rank);
    for (uint32_t i = 0; i < form->rank; i++) {
        clv_put_varint(into, form->dim[i]);
    }
    clv_put_f32(into, -8);
    clv_put_f32(into, 9);
    clv_put_f32(into, 0.5f);
    clv_put_f32(into, 1.25f);
    clv_put_varint(into, clv_zigzag(form->base));
}

static void put_calibrated_book(unsigned n, float step, struct clv_buffer *into)
{
    struct golden_book book;
    struct clv_buffer bytes;

    clv_buffer_init(&bytes, GOLDEN_BYTES_MAX);
    golden_calibrated_book(n, &book);
    golden_put_book(&book, &bytes);
    clv_put_f32(into, step);
    clv_put_varint(into, bytes.size);
    clv_buffer_append(into, bytes.data, bytes.size);
    clv_buffer_fini(&bytes);
}

void golden_put_calibration(struct clv_buffer *into)
{
    const struct golden_form features = {.rank = 4, .dim = {1, 4, 6, 8}};
    const struct golden_form mask = {
        .type = GOLDEN_U8, .rank = 2, .dim = {40, 30}, .base = 7};
    const struct golden_form twin = {
        .type = GOLDEN_BOOL, .rank = 3, .dim = {2, 15, 20}};

    clv_buffer_append(into, "CLC\1", 4);
    for (unsigned i = 0; i < 32; i++) {
        clv_put_u8(into, (uint8_t)(17 * i));
    }
    clv_put_varint(into, 3);
    put_calibrated("features", &features, into);
    clv_put_varint(into, 2);
    put_calibrated_book(0, 0.25f, into);
    put_calibrated_book(1, 1.0f, into);
    put_calibrated("mask", &mask, into);
    clv_put_varint(into, 1);
    put_calibrated_book(2, 0, into);
    put_calibrated("twin", &twin, into);
    clv_put_varint(into, 1);
    put_calibrated_book(2, 0, into);
    golden_seal(into, 0);
}
