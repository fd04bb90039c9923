/*
 * test_golden.c - the golden files, through the library.
 *
 * Every good file decodes, on every path of this machine, to the tensors
 * whose digest the manifest has; what the encoder made, it makes again, byte
 * for byte; every bad file is refused. refdec answers to the same files in
 * the test refdec.agrees.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../golden/golden.h"
#include "base/file.h"
#include "base/sha256.h"
#include "media/npy.h"
#include "seeded.h"

#define GOOD TEST_SOURCE_DIR "/tests/golden/good/"
#define BAD TEST_SOURCE_DIR "/tests/golden/bad/"

/* A list that were shorter would have lost files. */
#define GOOD_LEAST 95
#define BAD_LEAST 193

struct golden_bench {
    struct clv_calibration *calibration;
    struct clv_codec *codec;
    struct clv_buffer file;
    struct clv_buffer arrays;
    struct clv_buffer again;
    uint8_t *message; /* of its exact size, so that reading on would show */
};

/* A line of the manifest. */
struct line {
    char digest[CLV_SHA256_HEX];
    char name[64];
    char packing[64];
    char tensor[64];
};

static int open_bench(void **state)
{
    struct golden_bench *bench = calloc(1, sizeof *bench);

    assert_non_null(bench);
    clv_buffer_init(&bench->file, GOLDEN_BYTES_MAX);
    clv_buffer_init(&bench->arrays, GOLDEN_BYTES_MAX);
    clv_buffer_init(&bench->again, GOLDEN_BYTES_MAX);
    assert_int_equal(
        clv_calibration_read(GOOD "golden.calib", &bench->calibration, NULL),
        CLEAVE_OK);
    assert_int_equal(clv_codec_new(bench->calibration, &bench->codec),
                     CLEAVE_OK);
    *state = bench;
    return 0;
}

static int close_bench(void **state)
{
    struct golden_bench *bench = *state;

    clv_codec_free(bench->codec);
    clv_calibration_free(bench->calibration);
    clv_buffer_fini(&bench->file);
    clv_buffer_fini(&bench->arrays);
    clv_buffer_fini(&bench->again);
    free(bench->message);
    free(bench);
    return 0;
}

static clv_bytes read_exactly(struct golden_bench *bench, const char *path)
{
    clv_buffer_reset(&bench->file);
    assert_int_equal(clv_file_read(path, GOLDEN_BYTES_MAX, &bench->file, NULL),
                     CLEAVE_OK);
    free(bench->message);
    bench->message = malloc(bench->file.size > 0 ? bench->file.size : 1);
    assert_non_null(bench->message);
    if (bench->file.size > 0) {
        memcpy(bench->message, bench->file.data, bench->file.size);
    }
    return (clv_bytes){bench->message, bench->file.size};
}

/* Packs a decoded tensor again, if that is to give the same bytes. */
static void pack_again(struct golden_bench *bench, const struct line *line,
                       const cleave_tensor *tensor, int last)
{
    struct clv_packing packing;
    cleave_tensor named = *tensor;

    if (strcmp(line->packing, "-") != 0) {
        named.info.name = strcmp(line->tensor, "-") != 0 ? line->tensor : NULL;
        assert_int_equal(clv_packing_parse(line->packing, &packing, NULL),
                         CLEAVE_OK);
        assert_int_equal(clv_codec_pack(bench->codec, &packing, &named, last,
                                        &bench->again, NULL),
                         CLEAVE_OK);
    }
}

/* What a decoded tensor is put to. */
static void use_tensor(struct golden_bench *bench, const struct line *line,
                       const cleave_tensor *tensor, int last)
{
    struct clv_buffer array;

    clv_buffer_init(&array, GOLDEN_BYTES_MAX);
    assert_int_equal(clv_npy_write(tensor, &array, NULL), CLEAVE_OK);
    assert_int_equal(clv_buffer_append(&bench->arrays, array.data, array.size),
                     CLEAVE_OK);
    clv_buffer_fini(&array);
    pack_again(bench, line, tensor, last);
}

/* Decodes the frame at the beginning of `left` and goes past it. */
static cleave_status decode_next(struct golden_bench *bench,
                                 const struct line *line, clv_bytes *left)
{
    struct clv_frame frame;
    cleave_tensor tensor = {.data = NULL};
    cleave_status status =
        clv_frame_read(*left, bench->calibration, &frame, NULL);

    if (status != CLEAVE_OK) {
        return status;
    }
    assert_true(frame.bytes < GOLDEN_BYTES_MAX);
    tensor.info = frame.info;
    tensor.bytes = (size_t)frame.bytes;
    tensor.data = malloc(tensor.bytes > 0 ? tensor.bytes : 1);
    assert_non_null(tensor.data);
    status =
        clv_codec_unpack(bench->codec, &frame, tensor.data, tensor.bytes, NULL);
    left->data += frame.size;
    left->size -= frame.size;
    if (status == CLEAVE_OK && line != NULL) {
        use_tensor(bench, line, &tensor, left->size == 0);
    }
    free(tensor.data);
    return status;
}

static void check_good(struct golden_bench *bench, const struct line *line,
                       clv_bytes message, const char *path)
{
    clv_bytes left = message;
    struct clv_sha256 digest;

    clv_buffer_reset(&bench->arrays);
    clv_buffer_reset(&bench->again);
    while (left.size > 0) {
        if (decode_next(bench, line, &left) != CLEAVE_OK) {
            fail_msg("%s is refused (%s)", line->name, path);
        }
    }
    digest = clv_sha256_of(clv_buffer_bytes(&bench->arrays));
    if (strcmp(digest.hex, line->digest) != 0) {
        fail_msg("%s decodes to something else (%s)", line->name, path);
    }
    if (strcmp(line->packing, "-") != 0 &&
        (bench->again.size != message.size ||
         memcmp(bench->again.data, message.data, message.size) != 0)) {
        fail_msg("%s is packed to something else (%s)", line->name, path);
    }
}

static int next_line(FILE *manifest, struct line *line)
{
    return fscanf(manifest, "%64s %63s %63s %63s %*[^\n]", line->digest,
                  line->name, line->packing, line->tensor) == 4;
}

static void decodes_and_makes_good_files(void **state)
{
    struct golden_bench *bench = *state;
    FILE *manifest = fopen(GOOD "MANIFEST.txt", "r");
    struct line line;
    int count = 0;

    assert_non_null(manifest);
    for (; next_line(manifest, &line); count++) {
        char path[CLV_PATH_MAX];
        clv_bytes message;

        snprintf(path, sizeof path, GOOD "%s.frame", line.name);
        message = read_exactly(bench, path);
        SEEDED_EACH_PATH(way)
        {
            clv_codec_take(bench->codec, (enum clv_path)way);
            check_good(bench, &line, message,
                       clv_processor_name((enum clv_path)way));
        }
    }
    fclose(manifest);
    assert_true(count >= GOOD_LEAST);
}

static cleave_status read_bad(struct golden_bench *bench, clv_bytes content,
                              const char *name)
{
    struct clv_calibration *calibration = NULL;
    cleave_status status = CLEAVE_OK;

    if (clv_path_ends(name, ".calib")) {
        status = clv_calibration_new(content, name, &calibration, NULL);
        clv_calibration_free(calibration);
        return status;
    }
    do {
        status = decode_next(bench, NULL, &content);
    } while (status == CLEAVE_OK && content.size > 0);
    return status;
}

static void check_bad(struct golden_bench *bench, const char *name)
{
    char path[CLV_PATH_MAX];
    clv_bytes content;

    snprintf(path, sizeof path, BAD "%s", name);
    content = read_exactly(bench, path);
    SEEDED_EACH_PATH(way)
    {
        cleave_status status = CLEAVE_OK;

        clv_codec_take(bench->codec, (enum clv_path)way);
        status = read_bad(bench, content, name);
        if (status != CLEAVE_CORRUPT && status != CLEAVE_UNSUPPORTED &&
            status != CLEAVE_MISMATCH) {
            fail_msg("%s: %s (%s)", name, cleave_status_text(status),
                     clv_processor_name((enum clv_path)way));
        }
    }
}

static void refuses_bad_files(void **state)
{
    DIR *folder = opendir(BAD);
    const struct dirent *entry = NULL;
    int count = 0;

    assert_non_null(folder);
    while ((entry = readdir(folder)) != NULL) {
        if (clv_path_ends(entry->d_name, ".frame") ||
            clv_path_ends(entry->d_name, ".calib")) {
            check_bad(*state, entry->d_name);
            count++;
        }
    }
    closedir(folder);
    assert_true(count >= BAD_LEAST);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decodes_and_makes_good_files),
        cmocka_unit_test(refuses_bad_files),
    };

    return cmocka_run_group_tests(tests, open_bench, close_bench);
}
