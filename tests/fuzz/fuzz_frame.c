/*
 * fuzz_frame.c - any bytes as a message: read and unpacked as far as it goes,
 * by every path, all of which must say the same.
 *
 * Of the first byte, bit 0 gives a calibration; bit 1 mends the magic and the
 * checksum, which no fuzzer would guess; bit 2 mends the name of a book, to be
 * the one its first byte says. Frames above a limit are read but not
 * unpacked.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "codec/codec.h"
#include "fixed_calibration.h"

#define MOST_BYTES 65536

/* Bits of kind and flags, as in docs/format.md. */
#define MORE 0x80
#define NAMED_BOOK 0x08

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct bench {
    struct clv_calibration *calibration;
    struct clv_codec *codec;
};

static void require(int condition)
{
    if (!condition) {
        abort();
    }
}

/* Where a frame ends, as far as it can be told. */
static size_t end_of(const uint8_t *frame, size_t size, size_t *ret_header)
{
    struct clv_reader r;
    uint64_t length;

    clv_reader_init(&r, (clv_bytes){frame, size});
    r.at += 3;
    *ret_header = 3;
    if ((frame[1] & MORE) == 0) {
        return size;
    }
    length = clv_read_varint(&r);
    *ret_header = (size_t)(r.at - frame);
    return r.failed || length > clv_reader_left(&r) ? size
                                                    : *ret_header + length;
}

static void mend(struct bench *bench, uint8_t *frame, size_t size, int book_too)
{
    size_t header;
    size_t end;
    size_t count;
    uint32_t sum;
    const struct clv_calibrated *tensor;

    if (size < 8) {
        return;
    }
    frame[0] = 0xc1;
    end = end_of(frame, size, &header);
    if (book_too && (frame[2] & NAMED_BOOK) != 0 && header + 4 <= end) {
        tensor = clv_calibration_tensors(bench->calibration, &count);
        tensor += frame[header] % count;
        memcpy(frame + header,
               &tensor->books[frame[header + 1] % tensor->book_count].hash, 4);
    }
    if (end >= 8) {
        sum = XXH32(frame, end - 4, 0);
        memcpy(frame + end - 4, &sum, 4);
    }
}

/* A header written again reads the same. */
static void write_and_read(struct bench *bench, const struct clv_frame *first)
{
    struct clv_frame second;
    struct clv_buffer again;

    clv_buffer_init(&again, first->payload.size + CLV_FRAME_OVERHEAD);
    require(clv_frame_write(first, 0, &again) == CLEAVE_OK);
    require(clv_frame_read(clv_buffer_bytes(&again), bench->calibration,
                           &second, NULL) == CLEAVE_OK);
    require(first->coder == second.coder && first->bytes == second.bytes);
    require(first->quantiser == second.quantiser &&
            first->base == second.base && first->hash == second.hash);
    require(memcmp(&first->step, &second.step, sizeof second.step) == 0);
    require(first->payload.size == second.payload.size);
    clv_buffer_fini(&again);
}

static void unpack(struct bench *bench, const struct clv_frame *frame)
{
    size_t size = (size_t)frame->bytes;
    uint8_t *first = malloc(size + 1);
    uint8_t *other = malloc(size + 1);
    cleave_status status = CLEAVE_OK;

    require(first != NULL && other != NULL);
    SEEDED_EACH_PATH(path)
    {
        uint8_t *into = path == CLV_PATH_PORTABLE ? first : other;
        cleave_error err = CLEAVE_ERROR_INIT;
        cleave_status got;
        clv_codec_take(bench->codec, (enum clv_path)path);
        got = clv_codec_unpack(bench->codec, frame, into, size, &err);
        require(got == CLEAVE_OK || err.text[0] != '\0');
        status = path == CLV_PATH_PORTABLE ? got : status;
        require(got == status);
        require(got != CLEAVE_OK || memcmp(first, into, size) == 0);
    }
    free(first);
    free(other);
}

static void read_message(struct bench *bench, clv_bytes rest,
                         const struct clv_calibration *calibration)
{
    while (rest.size > 0) {
        struct clv_frame frame;
        cleave_error err = CLEAVE_ERROR_INIT;
        char text[200];
        if (clv_frame_read(rest, calibration, &frame, &err) != CLEAVE_OK) {
            require(err.code != CLEAVE_OK && err.text[0] != '\0');
            return;
        }
        require(frame.size > 0 && frame.size <= rest.size);
        require(frame.elements <= CLV_FRAME_ELEMENTS_MAX);
        require(clv_frame_describe(&frame, text, sizeof text)[0] != '\0');
        write_and_read(bench, &frame);
        if (frame.bytes <= MOST_BYTES) {
            unpack(bench, &frame);
        }
        rest.data += frame.size;
        rest.size -= frame.size;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct bench bench;
    uint8_t *message;

    if (bench.calibration == NULL) {
        bench.calibration = fixed_calibration();
        require(clv_codec_new(bench.calibration, &bench.codec) == CLEAVE_OK);
    }
    if (size < 2) {
        return 0;
    }
    message = malloc(size - 1); /* of the exact size */
    require(message != NULL);
    memcpy(message, data + 1, size - 1);
    if ((data[0] & 2) != 0) {
        mend(&bench, message, size - 1, data[0] & 4);
    }
    read_message(&bench, (clv_bytes){message, size - 1},
                 (data[0] & 1) != 0 ? bench.calibration : NULL);
    free(message);
    return 0;
}
