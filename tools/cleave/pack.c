/*
 * pack.c - `cleave pack` and `cleave unpack`: one tensor, one message.
 *
 * An array file becomes a message of one frame, as it would travel, and
 * back. What there is to say goes to standard output, or to standard error
 * where the bytes themselves go to standard output.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/fail.h"
#include "codec/codec.h"
#include "command.h"
#include "media/npy.h"
#include "stream.h"
#include "tensor/element.h"

/* The largest array that is packed, and the largest unpacked by default. */
#define PACK_MAX ((size_t)16 << 30)
#define UNPACK_MAX ((uint64_t)1 << 30)

/* -- What both say -- */

struct passage {
    const char *command;
    struct clv_frame frame;
    char shape[128];
    int64_t ns;
};

static void print_json(const struct passage *p, FILE *out)
{
    char text[CLV_PACKING_TEXT * 4];
    double n = (double)p->frame.elements;
    json_t *object = json_pack(
        "{s:s, s:s, s:s, s:s, s:I, s:I, s:f, s:f}", "command", p->command,
        "coder", clv_coder_name(p->frame.coder), "frame",
        clv_frame_describe(&p->frame, text, sizeof text), "tensor", p->shape,
        "bytes", (json_int_t)p->frame.size, "elements",
        (json_int_t)p->frame.elements, "bits_per_element",
        n > 0 ? 8 * (double)p->frame.size / n : 0, "us", (double)p->ns / 1000);

    json_dumpf(object, out, JSON_COMPACT | JSON_REAL_PRECISION(7));
    fprintf(out, "\n");
    json_decref(object);
}

static void print_text(const struct passage *p, FILE *out)
{
    char text[CLV_PACKING_TEXT * 4];
    double n = (double)p->frame.elements;

    fprintf(out, "%s: %zu bytes, %.3f bits an element, %.1f us\n",
            clv_frame_describe(&p->frame, text, sizeof text), p->frame.size,
            n > 0 ? 8 * (double)p->frame.size / n : 0, (double)p->ns / 1000);
}

static void say(const struct settings *s, const struct passage *p,
                const char *written_to)
{
    FILE *out = stream_is_standard(written_to) ? stderr : stdout;

    if (s->json) {
        print_json(p, out);
    } else {
        print_text(p, out);
    }
}

static cleave_status open_calibration(const struct settings *s,
                                      struct clv_calibration **ret,
                                      cleave_error *err)
{
    *ret = NULL;
    return s->calibration != NULL
               ? clv_calibration_read(s->calibration, ret, err)
               : CLEAVE_OK;
}

static cleave_status check_two(const struct settings *s, cleave_error *err)
{
    if (s->rest_count != 2) {
        return clv_fail(err, CLEAVE_INVALID, "arguments",
                        "Two names are needed, what to read and what to "
                        "write; %zu were given. '-' is a standard stream.",
                        s->rest_count);
    }
    return CLEAVE_OK;
}

/* -- Packing -- */

/* --pack, or --coder with --step or --bits. */
static cleave_status read_packing(const struct settings *s,
                                  struct clv_packing *packing,
                                  cleave_error *err)
{
    char text[2 * CLV_PACKING_TEXT];
    int length;

    if ((s->pack != NULL) == (s->coder != NULL) ||
        (s->pack != NULL && (s->step != NULL || s->bits > 0)) ||
        (s->step != NULL && s->bits > 0)) {
        return clv_fail(err, CLEAVE_INVALID, "arguments",
                        "Say how to pack in one way: --pack dense:step=0.5sd, "
                        "or --coder dense with --step 0.5sd or --bits 4.");
    }
    if (s->pack != NULL) {
        return clv_packing_parse(s->pack, packing, err);
    }
    if (s->step != NULL) {
        length = snprintf(text, sizeof text, "%s:step=%s", s->coder, s->step);
    } else if (s->bits > 0) {
        length = snprintf(text, sizeof text, "%s:bits=%llu", s->coder,
                          (unsigned long long)s->bits);
    } else {
        length = snprintf(text, sizeof text, "%s", s->coder);
    }
    if (length < 0 || (size_t)length >= sizeof text) {
        return clv_fail(err, CLEAVE_INVALID, "arguments",
                        "The coder or its step is too long.");
    }
    return clv_packing_parse(text, packing, err);
}

static cleave_status check_pack(const struct settings *s, cleave_error *err)
{
    struct clv_packing packing;
    cleave_status status = check_two(s, err);

    if (status == CLEAVE_OK) {
        status = read_packing(s, &packing, err);
    }
    if (status == CLEAVE_OK && clv_packing_is_picture(&packing)) {
        return clv_fail(err, CLEAVE_INVALID, "arguments",
                        "jpeg and webp pack pictures, not arrays.");
    }
    if (status == CLEAVE_OK &&
        (s->calibration != NULL) != (s->tensor != NULL)) {
        return clv_fail(err, CLEAVE_INVALID, "arguments",
                        "--calibration and --tensor go together: the array "
                        "has no name of its own.");
    }
    return status;
}

/* An array whose data is where its elements may be read. */
static cleave_status view_array(struct clv_buffer *bytes, const char *where,
                                cleave_tensor *ret_tensor, void **ret_copy,
                                cleave_error *err)
{
    cleave_status status =
        clv_npy_view(clv_buffer_bytes(bytes), where, ret_tensor, err);

    *ret_copy = NULL;
    if (status != CLEAVE_OK || clv_npy_is_aligned(ret_tensor)) {
        return status;
    }
    *ret_copy = malloc(ret_tensor->bytes);
    if (*ret_copy == NULL) {
        return clv_fail_memory(err, where, ret_tensor->bytes);
    }
    memcpy(*ret_copy, ret_tensor->data, ret_tensor->bytes);
    ret_tensor->data = *ret_copy;
    return CLEAVE_OK;
}

/* Packs twice: the first time also fills the caches, the second is timed. */
static cleave_status pack_tensor(const struct clv_packing *packing,
                                 const struct clv_calibration *calibration,
                                 const cleave_tensor *tensor,
                                 struct clv_buffer *message, int64_t *ret_ns,
                                 cleave_error *err)
{
    struct clv_codec *codec;
    struct clv_clock clock = clv_clock_machine();
    int64_t begun = 0;
    cleave_status status = clv_codec_new(calibration, &codec);

    if (status != CLEAVE_OK) {
        return clv_fail_memory(err, "codec", tensor->bytes);
    }
    for (int i = 0; status == CLEAVE_OK && i < 2; i++) {
        clv_buffer_reset(message);
        begun = clv_clock_now_ns(clock);
        status = clv_codec_pack(codec, packing, tensor, 1, message, err);
    }
    *ret_ns = clv_clock_now_ns(clock) - begun;
    clv_codec_free(codec);
    return status;
}

static cleave_status pack_file(const struct settings *s,
                               const struct clv_calibration *calibration,
                               struct clv_buffer *array,
                               struct clv_buffer *message, cleave_error *err)
{
    struct passage p = {.command = "pack"};
    struct clv_packing packing;
    cleave_tensor tensor;
    void *copy = NULL;
    cleave_status status = read_packing(s, &packing, err);

    if (status == CLEAVE_OK) {
        status = stream_read(s->rest[0], array, err);
    }
    if (status == CLEAVE_OK) {
        status = view_array(array, s->rest[0], &tensor, &copy, err);
    }
    if (status == CLEAVE_OK) {
        tensor.info.name = s->tensor;
        clv_tensor_describe(&tensor.info, p.shape, sizeof p.shape);
        status =
            pack_tensor(&packing, calibration, &tensor, message, &p.ns, err);
    }
    free(copy);
    if (status == CLEAVE_OK) {
        status = clv_frame_read(clv_buffer_bytes(message), calibration,
                                &p.frame, err);
    }
    if (status == CLEAVE_OK) {
        status = stream_write(s->rest[1], clv_buffer_bytes(message), err);
    }
    if (status == CLEAVE_OK) {
        say(s, &p, s->rest[1]);
    }
    return status;
}

static cleave_status pack(const struct settings *s, cleave_error *err)
{
    struct clv_calibration *calibration;
    struct clv_buffer array;
    struct clv_buffer message;
    cleave_status status = open_calibration(s, &calibration, err);

    clv_buffer_init(&array, PACK_MAX);
    clv_buffer_init(&message, PACK_MAX);
    if (status == CLEAVE_OK && s->tensor != NULL &&
        clv_calibration_find(calibration, s->tensor) == NULL) {
        status = clv_fail(err, CLEAVE_NOT_FOUND, s->calibration,
                          "It knows no tensor '%.200s'; learn its cut with "
                          "`cleave calibrate --cuts`.",
                          s->tensor);
    }
    if (status == CLEAVE_OK) {
        status = pack_file(s, calibration, &array, &message, err);
    }
    clv_buffer_fini(&array);
    clv_buffer_fini(&message);
    clv_calibration_free(calibration);
    return status;
}

/* -- Unpacking -- */

static cleave_status read_frame(clv_bytes message, const char *where,
                                uint64_t limit,
                                const struct clv_calibration *calibration,
                                struct clv_frame *ret_frame, cleave_error *err)
{
    cleave_status status = clv_frame_read(message, calibration, ret_frame, err);

    if (status != CLEAVE_OK) {
        return status;
    }
    if (ret_frame->size != message.size) {
        return clv_fail(err, CLEAVE_UNSUPPORTED, where,
                        "This message has more than one frame; an array file "
                        "holds one tensor.");
    }
    if (ret_frame->bytes > limit) {
        return clv_fail(err, CLEAVE_LIMIT, where,
                        "The tensor has %llu bytes, and %llu is the most that "
                        "is unpacked; allow more with --memory.",
                        (unsigned long long)ret_frame->bytes,
                        (unsigned long long)limit);
    }
    return CLEAVE_OK;
}

static cleave_status write_array(const struct settings *s, struct passage *p,
                                 void *data, cleave_error *err)
{
    struct clv_codec *codec = NULL;
    struct clv_clock clock = clv_clock_machine();
    struct clv_buffer array;
    cleave_tensor tensor = {
        .info = p->frame.info, .data = data, .bytes = (size_t)p->frame.bytes};
    cleave_status status = clv_codec_new(NULL, &codec);

    if (status != CLEAVE_OK) {
        return clv_fail_memory(err, "codec", tensor.bytes);
    }
    p->ns = -clv_clock_now_ns(clock);
    status = clv_codec_unpack(codec, &p->frame, data, tensor.bytes, err);
    p->ns += clv_clock_now_ns(clock);
    clv_codec_free(codec);
    clv_buffer_init(&array, tensor.bytes + CLV_NPY_HEADER_MAX);
    if (status == CLEAVE_OK) {
        status = clv_npy_write(&tensor, &array, err);
    }
    if (status == CLEAVE_OK) {
        status = stream_write(s->rest[1], clv_buffer_bytes(&array), err);
    }
    clv_buffer_fini(&array);
    return status;
}

static cleave_status unpack_message(const struct settings *s,
                                    const struct clv_calibration *calibration,
                                    struct clv_buffer *message,
                                    cleave_error *err)
{
    struct passage p = {.command = "unpack"};
    uint64_t limit = s->memory > 0 ? s->memory : UNPACK_MAX;
    void *data;
    cleave_status status = stream_read(s->rest[0], message, err);

    if (status == CLEAVE_OK) {
        status = read_frame(clv_buffer_bytes(message), s->rest[0], limit,
                            calibration, &p.frame, err);
    }
    if (status != CLEAVE_OK) {
        return status;
    }
    clv_tensor_describe(&p.frame.info, p.shape, sizeof p.shape);
    data = malloc((size_t)p.frame.bytes + 1);
    if (data == NULL) {
        return clv_fail_memory(err, s->rest[0], (size_t)p.frame.bytes);
    }
    status = write_array(s, &p, data, err);
    free(data);
    if (status == CLEAVE_OK) {
        say(s, &p, s->rest[1]);
    }
    return status;
}

static cleave_status unpack(const struct settings *s, cleave_error *err)
{
    struct clv_calibration *calibration;
    struct clv_buffer message;
    cleave_status status = open_calibration(s, &calibration, err);

    clv_buffer_init(&message, PACK_MAX);
    if (status == CLEAVE_OK) {
        status = unpack_message(s, calibration, &message, err);
    }
    clv_buffer_fini(&message);
    clv_calibration_free(calibration);
    return status;
}

const struct command command_pack = {
    .name = "pack",
    .taker = TAKES_PACK,
    .usage = "IN.npy OUT --pack PACKING [OPTION...]",
    .summary = "pack an array as it would travel",
    .text =
        "Writes a message of one frame. Packings are\n"
        "  f32 f16              as it is; f32 elements as f16\n"
        "  lz:bits=4            over the range, bit planes, LZ4\n"
        "  fast:step=0.25       multiples of a step, coded for speed\n"
        "  dense:step=0.9sd     the same coded for size; the step in standard\n"
        "                       deviations\n"
        "Integers are packed without loss. '-' is a standard stream.\n"
        "\nexamples:\n"
        "  cleave pack features.npy features.cleave --pack dense:step=0.5sd\n"
        "  cleave pack - - --coder lz --bits 4 <features.npy "
        ">features.cleave\n",
    .check = check_pack,
    .run = pack,
};

const struct command command_unpack = {
    .name = "unpack",
    .taker = TAKES_UNPACK,
    .usage = "IN OUT.npy [OPTION...]",
    .summary = "make an array again of what `pack` wrote",
    .text = "'-' is a standard stream. What was packed with a calibration is\n"
            "unpacked with the same one.\n"
            "\nexamples:\n"
            "  cleave unpack features.cleave features.npy\n",
    .check = check_two,
    .run = unpack,
};
