/*
 * cifar.c - the pictures of CIFAR-10's binary layout as arrays.
 *
 * A record is a byte with the class and 3072 with the picture: 1024 of red,
 * then green, then blue, row by row, which is NCHW. cleave reads pictures and
 * .npy files, so what a card says of values (there is no geometry here) is
 * done to them, and they are stacked.
 */
#include "bench/cifar.h"

#include <stdio.h>
#include <stdlib.h>

#include "bench/stage.h"
#include "media/npy.h"

#define PLANE 1024
#define PICTURE (3 * PLANE)
#define RECORD (1 + PICTURE)
#define FILE_MAX ((size_t)64 << 20)

static void write_to(const char *folder, const char *name,
                     const struct clv_buffer *content)
{
    cleave_error err = CLEAVE_ERROR_INIT;
    char path[CLV_PATH_MAX];

    stage_must(clv_path_print(path, sizeof path, &err, "%s/%s", folder, name),
               &err, name);
    stage_must(clv_buffer_status(content), NULL, name);
    stage_must(clv_file_write(path, clv_buffer_bytes(content), &err), &err,
               path);
}

static void write_labels(const char *folder, clv_bytes records)
{
    struct clv_buffer csv;

    clv_buffer_init(&csv, FILE_MAX);
    clv_buffer_printf(&csv, "row,class_index\n");
    for (size_t i = 0; i < records.size / RECORD; i++) {
        clv_buffer_printf(&csv, "%zu,%u\n", i, records.data[i * RECORD]);
    }
    write_to(folder, "labels.csv", &csv);
    clv_buffer_fini(&csv);
}

static void prepare(const uint8_t *picture, const struct clv_card_input *input,
                    float *into)
{
    for (size_t i = 0; i < PICTURE; i++) {
        size_t c = i / PLANE;
        into[i] = (float)((picture[i] * input->scale - input->mean[c]) /
                          input->std[c]);
    }
}

static void write_pictures(const char *folder, clv_bytes records,
                           const struct clv_card_input *input)
{
    cleave_error err = CLEAVE_ERROR_INIT;
    size_t count = records.size / RECORD;
    float *values = calloc(count * PICTURE + 1, sizeof *values);
    struct clv_buffer npy;
    cleave_tensor stack = {
        .info = {.type = CLEAVE_TYPE_F32,
                 .rank = 4,
                 .shape = {(int64_t)count, 3, 32, 32}},
        .data = values,
        .bytes = count * PICTURE * sizeof *values,
    };

    stage_must(values != NULL ? CLEAVE_OK : CLEAVE_MEMORY, NULL, folder);
    for (size_t i = 0; i < count; i++) {
        prepare(records.data + i * RECORD + 1, input, values + i * PICTURE);
    }
    clv_buffer_init(&npy, FILE_MAX);
    stage_must(clv_npy_write(&stack, &npy, &err), &err, folder);
    write_to(folder, "inputs.npy", &npy);
    clv_buffer_fini(&npy);
    free(values);
}

void cifar_convert(const char *folder, const struct clv_card *card,
                   char into[CLV_PATH_MAX])
{
    cleave_error err = CLEAVE_ERROR_INIT;
    char path[CLV_PATH_MAX];
    char cache[CLV_PATH_MAX];
    struct clv_map map;

    stage_cache(cache);
    stage_must(clv_path_print(into, CLV_PATH_MAX, &err, "%s/cifar", cache),
               &err, cache);
    stage_must(clv_folder_make(into, &err), &err, into);
    stage_must(clv_path_print(path, sizeof path, &err, "%s/test_batch_1000.bin",
                              folder),
               &err, folder);
    stage_must(clv_map_open(path, &map, &err), &err, path);
    stage_must(map.bytes.size % RECORD == 0 && map.bytes.size < FILE_MAX / 4
                   ? CLEAVE_OK
                   : CLEAVE_CORRUPT,
               NULL, path);
    write_labels(into, map.bytes);
    write_pictures(into, map.bytes, &card->inputs[0]);
    clv_map_close(&map);
}
