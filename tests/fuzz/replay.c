/*
 * replay.c - runs a fuzz target without a fuzzer.
 *
 * In ordinary builds every fuzz target is linked with this driver, so that
 * its corpus is an ordinary test. Each file is fed as it stands and, if it
 * is small, cut off after every byte: a parser of foreign bytes must take
 * any prefix. Inputs are copied to blocks of their exact size, so that a
 * memory checker sees the first byte read too far. It looks for crashes
 * only; what a parse should answer is the unit tests' business.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SMALL_BYTES 2048
#define LARGEST_BYTES (16u << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void feed(const uint8_t *data, size_t size)
{
    uint8_t *exact = malloc(size > 0 ? size : 1);

    if (exact == NULL) {
        fprintf(stderr, "no memory for %zu bytes\n", size);
        exit(1);
    }
    if (size > 0) {
        memcpy(exact, data, size);
    }
    LLVMFuzzerTestOneInput(exact, size);
    free(exact);
}

static void feed_file(const char *path, uint8_t *room)
{
    FILE *file = fopen(path, "rb");
    size_t size;

    if (file == NULL) {
        perror(path);
        exit(1);
    }
    size = fread(room, 1, LARGEST_BYTES, file);
    fclose(file);
    feed(room, size);
    for (size_t part = 0; part < size && size <= SMALL_BYTES; part++) {
        feed(room, part);
    }
}

/* Returns the number of files. */
static int feed_folder(const char *folder, uint8_t *room)
{
    struct dirent **entries;
    char path[4096];
    int files = 0;
    int count = scandir(folder, &entries, NULL, alphasort);

    if (count < 0) {
        perror(folder);
        exit(1);
    }
    for (int i = 0; i < count; i++) {
        if (entries[i]->d_name[0] != '.') {
            snprintf(path, sizeof path, "%s/%s", folder, entries[i]->d_name);
            puts(path);
            fflush(stdout); /* the last path before a crash is the culprit */
            feed_file(path, room);
            files++;
        }
        free(entries[i]);
    }
    free(entries);
    return files;
}

int main(int argc, char **argv)
{
    uint8_t *room = malloc(LARGEST_BYTES);
    int files;

    if (argc != 2 || room == NULL) {
        fprintf(stderr, "usage: %s CORPUS-FOLDER\n", argv[0]);
        return 1;
    }
    files = feed_folder(argv[1], room);
    free(room);
    if (files == 0) {
        fprintf(stderr, "%s has no files: nothing was tested\n", argv[1]);
        return 1;
    }
    printf("%d files\n", files);
    return 0;
}
