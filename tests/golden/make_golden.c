/*
 * make_golden.c - writes golden files, or random ones of the same kind.
 *
 *     make_golden GOOD BAD             all of tests/golden
 *     make_golden --random SEED N DIR  N messages, each with its arrays
 *
 * The former is run by hand, when the format grows, and its output is
 * committed; the latter by the test refdec.agrees, with a fresh seed each
 * time.
 */
#include "golden.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"

static void open_maker(struct golden_maker *maker, const char *folder)
{
    struct clv_buffer file;
    cleave_error err = CLEAVE_ERROR_INIT;

    clv_buffer_init(&file, GOLDEN_BYTES_MAX);
    golden_put_calibration(&file);
    if (clv_folder_make(folder, &err) != CLEAVE_OK ||
        clv_calibration_new(clv_buffer_bytes(&file), "golden.calib",
                            &maker->calibration, &err) != CLEAVE_OK ||
        clv_codec_new(maker->calibration, &maker->codec) != CLEAVE_OK) {
        golden_die("cannot begin: %s", err.text);
    }
    clv_codec_take(maker->codec, CLV_PATH_PORTABLE);
    maker->folder = folder;
    clv_buffer_init(&maker->message, GOLDEN_BYTES_MAX);
    clv_buffer_init(&maker->arrays, GOLDEN_BYTES_MAX);
    clv_buffer_init(&maker->manifest, GOLDEN_BYTES_MAX);
    golden_write(folder, "golden", "calib", &file);
    clv_buffer_fini(&file);
}

static void close_maker(struct golden_maker *maker)
{
    clv_codec_free(maker->codec);
    clv_calibration_free(maker->calibration);
    clv_buffer_fini(&maker->message);
    clv_buffer_fini(&maker->arrays);
    clv_buffer_fini(&maker->manifest);
}

int main(int argc, char **argv)
{
    struct golden_maker maker = {.folder = NULL};

    if (argc == 5 && strcmp(argv[1], "--random") == 0) {
        open_maker(&maker, argv[4]);
        golden_make_random(&maker, strtoull(argv[2], NULL, 10),
                           (unsigned)strtoul(argv[3], NULL, 10));
    } else if (argc == 3) {
        open_maker(&maker, argv[1]);
        golden_make_good(&maker);
        golden_write(argv[1], "MANIFEST", "txt", &maker.manifest);
        if (clv_folder_make(argv[2], NULL) != CLEAVE_OK) {
            golden_die("%s cannot be made", argv[2]);
        }
        maker.folder = argv[2];
        golden_make_bad(&maker);
    } else {
        golden_die("usage: make_golden GOOD BAD | --random SEED COUNT DIR");
    }
    close_maker(&maker);
    return 0;
}
