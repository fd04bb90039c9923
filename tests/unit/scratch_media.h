/*
 * scratch_media.h - what the tests of media share: a folder of their own to
 * write small files in, and the path of the public test data.
 */
#ifndef SCRATCH_MEDIA_H
#define SCRATCH_MEDIA_H

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"

/* The path of `name` in the folder, in one of a few rotating buffers. */
static inline const char *scratch_path(const char *folder, const char *name)
{
    static char paths[8][CLV_PATH_MAX];
    static unsigned next;
    char *path = paths[next++ % 8];

    assert_int_equal(CLEAVE_OK, clv_path_print(path, CLV_PATH_MAX, NULL,
                                               "%s/%s", folder, name));
    return path;
}

static inline const char *scratch_write(const char *folder, const char *name,
                                        const void *data, size_t size)
{
    const char *path = scratch_path(folder, name);
    FILE *file = fopen(path, "wb");

    assert_non_null(file);
    assert_int_equal(size, fwrite(data, 1, size, file));
    assert_int_equal(0, fclose(file));
    return path;
}

static inline const char *scratch_text(const char *folder, const char *name,
                                       const char *text)
{
    return scratch_write(folder, name, text, strlen(text));
}

static inline const char *scratch_folder(const char *folder, const char *name)
{
    const char *path = scratch_path(folder, name);

    assert_int_equal(0, mkdir(path, 0755));
    return path;
}

static inline int scratch_open(void **state)
{
    char *folder = strdup("/tmp/cleave-test-XXXXXX");

    if (folder == NULL || mkdtemp(folder) == NULL) {
        return -1;
    }
    *state = folder;
    return 0;
}

/* Removes a folder with the files and folders in it. */
static inline void scratch_remove(const char *folder)
{
    DIR *dir = opendir(folder);
    struct dirent *entry;
    char path[CLV_PATH_MAX];

    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        if (strcmp(entry->d_name, ".") == 0 ||
            strcmp(entry->d_name, "..") == 0 ||
            clv_path_print(path, sizeof path, NULL, "%s/%s", folder,
                           entry->d_name) != CLEAVE_OK) {
            continue;
        }
        if (unlink(path) != 0) {
            scratch_remove(path);
        }
    }
    if (dir != NULL) {
        closedir(dir);
    }
    rmdir(folder);
}

static inline int scratch_close(void **state)
{
    scratch_remove(*state);
    free(*state);
    return 0;
}

#ifndef CLEAVE_DATA
#define CLEAVE_DATA TEST_SOURCE_DIR "/../shared/data"
#endif

static inline const char *data_path_unchecked(const char *name)
{
    const char *root = getenv("CLEAVE_DATA");

    return scratch_path(root != NULL && root[0] != '\0' ? root : CLEAVE_DATA,
                        name);
}

static inline int has_data(const char *name)
{
    return access(data_path_unchecked(name), R_OK) == 0;
}

/* A path in the test data, or NULL with a notice if there is none. */
static inline const char *data_path(const char *name)
{
    const char *path = data_path_unchecked(name);

    if (!has_data(name)) {
        print_message("skipped: no %s (set CLEAVE_DATA)\n", path);
        return NULL;
    }
    return path;
}

#endif
