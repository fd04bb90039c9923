/*
 * refdec.c - the plain decoder: messages in, NumPy arrays out.
 *
 *     refdec [--calibration FILE] MESSAGE... > OUT.npy
 *
 * Every frame of every message becomes one .npy file on standard output, one
 * after the other: numpy.load on an open file reads them in turn. The first
 * error ends it with one line and exit status 1. It writes no files of its
 * own, packs nothing, and knows no more of cleave than docs/format.md says.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ref.h"

/* A whole file, in memory of `memory`. */
static struct ref_reader file_read(const char *name, struct ref_memory *memory)
{
    struct ref_reader in = {.name = name, .memory = memory};
    FILE *file = fopen(name, "rb");
    uint8_t *data = NULL;
    long size = -1;

    if (file == NULL) {
        ref_refuse(&in, "this file cannot be opened");
    }
    if (fseek(file, 0, SEEK_END) == 0) {
        size = ftell(file);
    }
    if (size < 0 || (unsigned long)size > REF_MEMORY_MAX) {
        ref_refuse(&in, "this is no file, or one that is too large");
    }
    rewind(file);
    data = ref_take(&in, (size_t)size, 1);
    if (fread(data, 1, (size_t)size, file) != (size_t)size) {
        ref_refuse(&in, "this file cannot be read");
    }
    fclose(file);
    in.data = data;
    in.size = (size_t)size;
    return in;
}

/* NumPy's header, padded with blanks so that data starts at 64 bytes. */
static void npy_write(const struct ref_tensor *tensor)
{
    static const char *const names[REF_TYPES] = {"<f4", "<f2", "|u1", "|i1",
                                                 "|b1", "<u2", "<i2", "<u4",
                                                 "<i4", "<u8", "<i8", "<f8"};
    char shape[REF_RANK_MAX * 24 + 1] = "";
    char text[512];
    int length = 0, padded = 0;

    for (unsigned i = 0; i < tensor->shape.rank; i++) {
        snprintf(shape + strlen(shape), sizeof shape - strlen(shape), "%s%llu",
                 i > 0 ? ", " : "", (unsigned long long)tensor->shape.dim[i]);
    }
    length = snprintf(text, sizeof text,
                      "{'descr': '%s', 'fortran_order': False, "
                      "'shape': (%s%s), }",
                      names[tensor->type], shape,
                      tensor->shape.rank == 1 ? "," : "");
    padded = (10 + length + 1 + 63) / 64 * 64 - 10;
    fwrite("\x93NUMPY\1\0", 1, 8, stdout);
    putchar(padded % 256);
    putchar(padded / 256);
    printf("%-*s\n", padded - 1, text);
    fwrite(tensor->data, 1, tensor->bytes, stdout);
}

static void message_decode(struct ref_reader *message,
                           const struct ref_named *books)
{
    struct ref_memory memory = {REF_MEMORY_MAX, NULL};
    struct ref_tensor tensor;
    int more = 1;

    message->memory = &memory;
    while (more) {
        message->frame++;
        more = ref_frame_decode(message, books, &tensor);
        npy_write(&tensor);
        ref_memory_reset(&memory, REF_MEMORY_MAX);
    }
    if (ref_left(message) > 0) {
        ref_refuse(message, "something follows the last frame");
    }
}

int main(int argc, char **argv)
{
    struct ref_memory files = {REF_MEMORY_MAX, NULL};
    const struct ref_named *books = NULL;
    int first = 1;

    if (argc > 2 && strcmp(argv[1], "--calibration") == 0) {
        struct ref_reader in = file_read(argv[2], &files);

        books = ref_calibration_read(&in);
        first = 3;
    }
    if (first >= argc || argv[first][0] == '-') {
        fprintf(stderr, "usage: refdec [--calibration FILE] MESSAGE... "
                        "> OUT.npy\n");
        return 1;
    }
    for (int i = first; i < argc; i++) {
        struct ref_reader message = file_read(argv[i], &files);

        message_decode(&message, books);
    }
    ref_memory_reset(&files, 0);
    if (fflush(stdout) != 0 || ferror(stdout)) {
        fprintf(stderr, "refdec: standard output: cannot be written\n");
        return 1;
    }
    return 0;
}
