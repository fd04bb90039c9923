/*
 * bad_frames.c - the bad golden files, each named by its one defect.
 *
 * They are written down as bytes in hexadecimal, so that the defect can be
 * seen. Besides digits there are
 *
 *     #    the checksum of what stands before it, from the last one on
 *     @n   the hash of the n-th book of golden.calib
 *     %    the head of a calibration file: magic, version, model
 *
 * Most frames are one of two that would be good but for the defect: planes
 * as they are, "C1 01 01  01 08  803F  81 FF" (lz, f32, a step of 1, eight
 * elements of 1), and a dense frame of eight zeros,
 *
 *     C1 03 21  01 08  803F  60 010001  00 00 000000
 *     head      shape  step  book       lanes, quiet steps, states
 *
 * whose book is plain, has one table, and gives token 0 all 1024 slots.
 */
#include "golden.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec/bits.h"

struct bad {
    const char *name;
    const char *bytes;
};

static const struct bad outsides[] = {
    {"empty", ""},
    {"wrong-magic", "41 00 00 01 01 00000000#"},
    {"version-0", "C0 00 00 01 01 00000000#"},
    {"version-2", "C2 00 00 01 01 00000000#"},
    {"version-15", "CF 00 00 01 01 00000000#"},
    {"checksum", "C1 00 00 01 01 00000000 12345678"},
    {"checksum-missing", "C1 00 00 01 01 00000000"},
    {"more-too-long", "C1 80 00 7F 01 01 00000000#"},
    {"more-too-short", "C1 80 00 03 01 01 00000000#"},
    {"more-without-length", "C1 80 00#"},
    {"second-frame-magic", "C1 80 00 0A 01 01 00000000# 00 00 00 00#"},
    {"second-frame-checksum",
     "C1 80 00 0A 01 01 00000000# C1 00 00 01 01 00000000 00000000"},
    {"frame-after-the-last",
     "C1 00 00 01 01 00000000# C1 00 00 01 01 00000000#"},
};

static const struct bad headers[] = {
    {"unknown-coder", "C1 04 01 01 08 803F 81 FF#"},
    {"unknown-coder-7", "C1 07 01 01 08 803F 81 FF#"},
    {"unknown-type", "C1 60 00 01 00#"},
    {"unknown-type-15", "C1 78 00 01 00#"},
    {"reserved-flag-6", "C1 00 40 01 01 00000000#"},
    {"reserved-flag-7", "C1 00 80 01 01 00000000#"},
    {"rank-9", "C1 00 00 09 01 01 01 01 01 01 01 01 01 00000000#"},
    {"rank-huge", "C1 00 00 FFFFFFFFFFFFFFFF7F 01#"},
    {"dimension-too-large", "C1 00 00 02 00 8080808008#"},
    {"dimension-63-bits", "C1 00 00 02 00 FFFFFFFFFFFFFFFF7F#"},
    {"huge-elements", "C1 01 01 02 808004 808002 803F 00#"},
    {"varint-zero-ended", "C1 00 00 81 00 01 00000000#"},
    {"varint-too-long", "C1 00 00 01 FFFFFFFFFFFFFFFFFF 01#"},
    {"empty-with-payload", "C1 01 01 01 00 803F 00#"},
    {"empty-dense-with-payload", "C1 03 01 01 00 803F 60010001 0000 000000#"},
    {"raw-short", "C1 00 00 01 02 00000000 000000#"},
    {"raw-long", "C1 00 00 01 02 00000000 00000000 00#"},
    {"half-short", "C1 00 03 01 02 0000 00#"},
    {"f64-lz", "C1 59 00 01 08 00 81 FF#"},
    {"f64-fast", "C1 5A 00 01 08 00 00#"},
    {"f64-dense", "C1 5B 20 01 08 00 60 010001 00 00 000000#"},
    {"f64-step", "C1 59 01 01 08 803F 81 FF#"},
    {"book-unknown", "C1 03 29 EFBEADDE 01 08 803F 0000 000000#"},
    {"book-named-by-lz", "C1 01 29 @0 01 08 803F 81 FF#"},
    {"book-named-by-raw", "C1 00 08 @0 01 01 00000000#"},
    {"book-has-biases", "C1 03 29 @0 01 08 803F 0000 000000#"},
    {"shape-of-book-without-book", "C1 03 31 01 08 803F 60010001 0000 000000#"},
};

static const struct bad quantisers[] = {
    {"step-zero", "C1 01 01 01 08 0000 81 FF#"},
    {"step-negative", "C1 01 01 01 08 80BF 81 FF#"},
    {"step-infinite", "C1 01 01 01 08 807F 81 FF#"},
    {"step-nan", "C1 01 01 01 08 C07F 81 FF#"},
    {"step-long-nan", "C1 01 05 01 08 0100807F 81 FF#"},
    {"range-inverted", "C1 01 02 01 08 0000803F 00000000 04 81 FF#"},
    {"range-infinite", "C1 01 02 01 08 00000000 0000807F 04 81 FF#"},
    {"range-nan", "C1 01 02 01 08 0000C07F 0000803F 04 81 FF#"},
    {"bits-1", "C1 01 02 01 08 00000000 0000803F 01 81 FF#"},
    {"bits-9", "C1 01 02 01 08 00000000 0000803F 09 81 FF#"},
    {"index-above-bits", "C1 01 02 01 08 00000000 0000803F 02 83 000001#"},
    {"index-below-range", "C1 01 22 01 08 00000000 0000803F 02 81 01#"},
    {"quantiser-none-f32", "C1 01 00 01 08 00 81 FF#"},
    {"quantiser-step-u8", "C1 11 01 01 08 803F 81 FF#"},
    {"quantiser-range-u8", "C1 11 02 01 08 00000000 0000803F 04 81 FF#"},
    {"quantiser-step-raw", "C1 00 01 01 01 803F 00000000#"},
    {"quantiser-range-raw", "C1 00 02 01 01 00000000 0000803F 04 00000000#"},
    {"quantiser-half-f16", "C1 08 03 01 01 0000#"},
    {"quantiser-half-lz", "C1 01 03 01 08 81 FF#"},
    {"bool-2", "C1 21 00 01 01 02 81 01#"},
    {"bool-minus-1", "C1 21 00 01 01 01 00#"},
    {"bool-256", "C1 21 00 01 01 8004 00#"},
};

/* 256 elements in one plane of 32 bytes. Good would be a block with one
   literal, a match of 26 bytes one byte back, and 5 literals. */
#define LZ_256 "C1 01 01 01 8002 803F 01 "

static const struct bad planes[] = {
    {"lz-no-width", "C1 01 01 01 08 803F#"},
    {"lz-width-17",
     "C1 01 01 01 08 803F 91 0000000000000000000000000000000000#"},
    {"lz-width-0-stored", "C1 01 01 01 08 803F 80#"},
    {"lz-width-0-and-more", "C1 01 01 01 08 803F 00 00#"},
    {"lz-stored-short", "C1 01 01 01 09 803F 81 FF#"},
    {"lz-stored-long", "C1 01 01 01 08 803F 81 FFFF#"},
    {"lz-unused-bit", "C1 01 01 01 07 803F 81 FF#"},
    {"lz-index-out-of-range",
     "C1 01 21 01 01 803F 90 01010101010101010101010101010101#"},
    {"lz-index-not-signed",
     "C1 01 01 01 01 803F 90 00000000000000000000000000000001#"},
    {"lz-garbage", LZ_256 "FFFFFFFFFFFF#"},
    {"lz-empty-block", LZ_256 "#"},
    {"lz-not-shorter", "C1 01 01 01 08 803F 01 10FF#"},
    {"lz-offset-zero", LZ_256 "1F 00 0000 07 50 0000000000#"},
    {"lz-offset-before", LZ_256 "1F 00 0200 07 50 0000000000#"},
    {"lz-block-short", LZ_256 "1F 00 0100 06 50 0000000000#"},
    {"lz-block-long", LZ_256 "1F 00 0100 08 50 0000000000#"},
    {"lz-literals-cut", LZ_256 "1F 00 0100 07 50 00000000#"},
    {"lz-length-cut", LZ_256 "1F 00 0100 FF#"},
    {"lz-match-to-the-end", LZ_256 "1F 00 0100 0C#"},
    {"lz-match-too-late", LZ_256 "1F 00 0100 01 10 00 0100 60 000000000000#"},
    {"lz-match-too-long", LZ_256 "1F 00 0100 08 40 00000000#"},
};

/* Eight elements, unsigned. */
#define FAST_8 "C1 02 01 01 08 803F "

static const struct bad ways[] = {
    {"fast-missing", FAST_8 "#"},
    {"fast-garbage", FAST_8 "FFFFFF#"},
    {"fast-no-way", FAST_8 "10#"},
    {"fast-no-way-but-turn-1", FAST_8 "60#"},
    {"fast-no-way-but-turn-2", FAST_8 "B0#"},
    {"fast-wide-in-wide", FAST_8 "08 08 FF 000000000000000000#"},
    {"fast-wide-of-zeros", FAST_8 "08 00 FFFF#"},
    {"fast-wide-of-a-value", FAST_8 "08 02 0100 FF#"},
    {"fast-wide-no-second-way", FAST_8 "08#"},
    {"fast-planes-cut", FAST_8 "04 FFFFFFFF#"},
    {"fast-levels-cut", FAST_8 "27 01#"},
    {"fast-value-cut", FAST_8 "02 01#"},
    {"fast-left-over", FAST_8 "00 00#"},
    {"fast-run-past-the-end", FAST_8 "01 00#"},
    {"fast-run-past-its-stretch", "C1 02 01 01 808404 803F 01 7F#"},
    {"fast-run-cut", "C1 02 01 01 8108 803F 01#"},
    {"fast-value-run-cut", "C1 02 01 01 8108 803F 03 0100#"},
    {"fast-block-missing", "C1 02 01 01 8104 803F 00#"},
    {"fast-unused-bit", "C1 02 01 01 07 803F 14 80#"},
    {"fast-byte-256", "C1 02 01 01 01 803F 27 FFFFDF01#"},
    {"fast-byte-256-no-mask", "C1 02 01 01 01 803F 13 FFFFF000#"},
    {"fast-mask-2-past-the-end", "C1 02 01 01 07 803F 38 FF03#"},
    {"fast-mask-3-past-the-end", "C1 02 01 01 07 803F 4C E71F#"},
    {"fast-mask-3-fours-past-the-end", FAST_8 "4C 0F2000#"},
    {"fast-index-not-signed", FAST_8 "02 0080#"},
    {"fast-index-out-of-range", "C1 02 21 01 08 803F 02 FFFF#"},
    {"fast-wide-out-of-range", "C1 02 21 01 01 803F 0F 07 FFFF#"},
    {"fast-index-above-bits", "C1 02 02 01 08 00000000 0000803F 02 02 0400#"},
    {"fast-bool-2", "C1 22 00 01 08 00 02 0200#"},
    {"fast-empty-with-payload", "C1 02 01 01 00 803F 00#"},
};

static const struct bad books[] = {
    {"book-missing", "C1 03 21 01 08 803F#"},
    {"book-bit-7", "C1 03 21 01 08 803F E0 010001 00 00 000000#"},
    {"book-signed-unlike", "C1 03 01 01 08 803F 60 010001 00 00 000000#"},
    {"book-unsigned-unlike", "C1 03 21 01 08 803F 20 010001 00 00 000000#"},
    {"cut-zero", "C1 03 21 01 08 803F 68 00 0100030002 00 00 000000#"},
    {"cuts-equal", "C1 03 21 01 08 803F 70 0303 01000300060004 00 00 000000#"},
    {"thresholds-descend",
     "C1 03 21 01 08 803F 42 00000000 0504 00 01000300060004 0000 000000#"},
    {"biases-not-planes",
     "C1 03 21 01 08 803F 40 00000000 03 010203 010001 00 00 000000#"},
    {"biases-endless",
     "C1 03 21 01 08 803F 40 00000000 FFFFFFFFFFFFFFFF7F 010001#"},
    {"table-overfull", "C1 03 21 01 08 803F 60 410001 00 00 000000#"},
    {"table-41-tokens", "C1 03 21 01 08 803F 60 290001 00 00 000000#"},
    {"table-cut", "C1 03 21 01 08 803F 60 01#"},
    {"table-unused-bit", "C1 03 21 01 08 803F 60 010003 00 00 000000#"},
};

static const struct bad codes[] = {
    {"lanes-6", "C1 03 21 01 08 803F 60 010001 06 00"
                "0000000000000000000000000000000000000000000000000000000000"
                "0000000000000000000000000000000000000000000000000000000000"
                "0000000000000000000000000000000000000000000000000000000000"
                "0000000000000000000000000000000000000000000000000000000000"
                "0000000000000000000000000000000000000000000000000000000000"
                "00000000000000#"},
    {"lanes-8", "C1 03 21 01 08 803F 60 010001 08 00 000000#"},
    {"lanes-6-loud", "C1 03 21 01 08 803F 60 010001 86 00 00000000#"},
    {"loud-cut", "C1 03 21 01 08 803F 60 010001 80 00#"},
    {"loud-unused-bit", "C1 03 21 01 08 803F 60 010001 80 00 02 000000#"},
    {"lanes-255", "C1 03 21 01 08 803F 60 010001 FF 00 000000#"},
    {"quiet-above-steps", "C1 03 21 01 08 803F 60 010001 00 09 000000#"},
    {"states-cut", "C1 03 21 01 08 803F 60 010001 00 00 0000#"},
    {"states-unused-bit", "C1 03 21 01 08 803F 60 010001 00 00 000008#"},
    {"state-not-power-of-two", "C1 03 21 01 04 803F 60 018000 00 04 000004#"},
    {"state-odd", "C1 03 21 01 08 803F 60 010001 00 00 100000#"},
    {"state-above-its-end", "C1 03 21 01 08 803F 60 010001 00 00 010000#"},
    {"words-missing", "C1 03 21 01 08 803F 60 018000 00 00 000000#"},
    {"word-cut", "C1 03 21 01 08 803F 60 018000 00 00 000000 00#"},
    {"payload-left-over", "C1 03 21 01 08 803F 60 010001 00 00 000000 0000#"},
    {"extra-bits-left-over", "C1 03 21 01 01 803F 60 00 00 00 000000 05 00#"},
    {"extra-bits-cut", "C1 03 21 01 02 803F 60 00 00 00 000000 45#"},
    {"extra-bit-unused", "C1 03 21 01 01 803F 60 00 00 00 000000 45#"},
    {"escape-40", "C1 03 21 01 01 803F 60 00 00 00 000000 280000#"},
    {"escape-63", "C1 03 21 01 01 803F 60 00 00 00 000000 3F000000#"},
    {"index-out-of-range", "C1 03 21 01 01 803F 60 00 00 00 000000 E7FF0F#"},
    {"index-not-signed", "C1 03 01 01 01 803F 20 00 00 00 000000 260000#"},
};

/* A tensor "a" of eight f32, up to its books. */
#define HEAD_A "01 61 00 01 08"
#define RANGE_A "00000000 00000000 00000000 00000000 00"
#define TENSOR_A HEAD_A RANGE_A
#define BOOK_A "04 60010001"

static const struct bad calibrations[] = {
    {"calib-empty", ""},
    {"calib-magic", "434C44 01 00#"},
    {"calib-version-2", "434C43 02 "
                        "00000000000000000000000000000000"
                        "00000000000000000000000000000000 00#"},
    {"calib-checksum", "% 00 12345678"},
    {"calib-cut", "% 01 01#"},
    {"calib-no-model", "434C4301 00000000#"},
    {"calib-tensors-4097", "% 8120#"},
    {"calib-left-over", "% 00 00#"},
    {"calib-name-too-long", "% 01 FFFFFFFFFFFFFFFF7F 61#"},
    {"calib-name-with-zero", "% 01 02 6100 00 01 08" RANGE_A "00#"},
    {"calib-names-equal", "% 02" TENSOR_A "00" TENSOR_A "00#"},
    {"calib-names-descend",
     "% 02 02 6161 00 01 08" RANGE_A "00" TENSOR_A "00#"},
    {"calib-unknown-type", "% 01 01 61 0C 01 08" RANGE_A "00#"},
    {"calib-rank-9", "% 01 01 61 00 09 010101010101010101" RANGE_A "00#"},
    {"calib-range-inverted",
     "% 01" HEAD_A "0000803F 00000000 00000000 00000000 00 00#"},
    {"calib-range-infinite",
     "% 01" HEAD_A "00000000 0000807F 00000000 00000000 00 00#"},
    {"calib-deviation-nan",
     "% 01" HEAD_A "00000000 00000000 00000000 0000C07F 00 00#"},
    {"calib-deviation-negative",
     "% 01" HEAD_A "00000000 00000000 00000000 000080BF 00 00#"},
    {"calib-books-65", "% 01" TENSOR_A "41#"},
    {"calib-step-negative", "% 01" TENSOR_A "01 000080BF" BOOK_A "#"},
    {"calib-step-nan", "% 01" TENSOR_A "01 0000C07F" BOOK_A "#"},
    {"calib-steps-equal",
     "% 01" TENSOR_A "02 0000803F" BOOK_A "0000803F" BOOK_A "#"},
    {"calib-book-cut", "% 01" TENSOR_A "01 0000803F 03 600100#"},
    {"calib-book-left-over", "% 01" TENSOR_A "01 0000803F 05 6001000100#"},
    {"calib-book-too-long", "% 01" TENSOR_A "01 0000803F 7F 60010001#"},
};

static unsigned digit(char c)
{
    return (unsigned)(c <= '9' ? c - '0' : toupper(c) - 'A' + 10);
}

static void put_hash(char which, struct clv_buffer *into)
{
    struct golden_book book;

    golden_calibrated_book(digit(which), &book);
    clv_put_u32(into, golden_hash(&book));
}

static void put_bytes(const char *text, struct clv_buffer *into)
{
    size_t start = 0;

    for (const char *at = text; *at != '\0'; at++) {
        if (*at == '#') {
            golden_seal(into, start);
            start = into->size;
        } else if (*at == '@') {
            put_hash(*++at, into);
        } else if (*at == '%') {
            put_bytes("434C4301 00000000000000000000000000000000"
                      "00000000000000000000000000000000",
                      into);
        } else if (*at != ' ') {
            clv_put_u8(into, (uint8_t)(digit(at[0]) << 4 | digit(at[1])));
            at++;
        }
    }
}

static void write_bad(struct golden_maker *maker, const struct bad *bad,
                      size_t count, const char *suffix)
{
    struct clv_buffer content;

    clv_buffer_init(&content, GOLDEN_BYTES_MAX);
    for (size_t i = 0; i < count; i++) {
        clv_buffer_reset(&content);
        put_bytes(bad[i].bytes, &content);
        golden_write(maker->folder, bad[i].name, suffix, &content);
    }
    clv_buffer_fini(&content);
}

/* A good dense frame with extra bits, cut off after n bytes and sealed. */
static void write_truncated(struct golden_maker *maker)
{
    static const char whole[] = "C1 03 21 01 01 803F 60 00 00 00 000000 E7FF07";
    struct clv_buffer content;
    struct clv_buffer part;

    clv_buffer_init(&content, GOLDEN_BYTES_MAX);
    clv_buffer_init(&part, GOLDEN_BYTES_MAX);
    put_bytes(whole, &content);
    for (size_t n = 1; n < content.size; n++) {
        char name[48];

        clv_buffer_reset(&part);
        clv_buffer_append(&part, content.data, n);
        golden_seal(&part, 0);
        snprintf(name, sizeof name, "truncated-at-%02zu", n);
        golden_write(maker->folder, name, "frame", &part);
    }
    clv_buffer_fini(&content);
    clv_buffer_fini(&part);
}

/* Elements, and words, for all lanes of vectors: whole payloads but for
   a last word or for where the states begin. */
static void write_lanes(struct golden_maker *maker)
{
    const struct golden_form form = {
        .coder = CLV_CODER_DENSE, .type = GOLDEN_U8, .rank = 2, .dim = {64, 9}};
    struct golden_book book = {.cut_count = 1, .cut = {1}};
    struct clv_buffer whole, message;
    int16_t indices[64 * 9];

    for (int i = 0; i < 64 * 9; i++) {
        indices[i] = (int16_t)(i * i % 7 % 4);
    }
    clv_buffer_init(&whole, GOLDEN_BYTES_MAX);
    clv_buffer_init(&message, GOLDEN_BYTES_MAX);
    golden_tables(&book, 400, 5);
    for (unsigned i = 0; i < 12; i++) {
        struct golden_lanes lanes = {
            .log2_lanes = i / 2, .quiet = 2, .start = i % 2 == 0 ? 0 : 49157};
        char name[64];

        clv_buffer_reset(&whole);
        clv_buffer_reset(&message);
        golden_put_book(&book, &whole);
        golden_put_dense(&form, &book, &lanes, indices, &whole);
        whole.size -= lanes.start == 0 ? 2 : 0;
        golden_put_frame(&form, clv_buffer_bytes(&whole), 1, &message);
        snprintf(name, sizeof name, "%s-%u-lanes",
                 lanes.start == 0 ? "last-word-missing" : "states-end-wrong",
                 1u << lanes.log2_lanes);
        golden_write(maker->folder, name, "frame", &message);
    }
    clv_buffer_fini(&whole);
    clv_buffer_fini(&message);
}

#define COUNT(list) (sizeof(list) / sizeof(list)[0])

void golden_make_bad(struct golden_maker *maker)
{
    write_bad(maker, outsides, COUNT(outsides), "frame");
    write_bad(maker, headers, COUNT(headers), "frame");
    write_bad(maker, quantisers, COUNT(quantisers), "frame");
    write_bad(maker, planes, COUNT(planes), "frame");
    write_bad(maker, ways, COUNT(ways), "frame");
    write_bad(maker, books, COUNT(books), "frame");
    write_bad(maker, codes, COUNT(codes), "frame");
    write_bad(maker, calibrations, COUNT(calibrations), "calib");
    write_truncated(maker);
    write_lanes(maker);
}
