/*
 * scratch_folder.h - a folder for one test, removed with all in it.
 *
 * As a fixture: cmocka_unit_test_setup_teardown(test, scratch_begin,
 * scratch_end), and *state is a struct scratch.
 */
#ifndef SCRATCH_FOLDER_H
#define SCRATCH_FOLDER_H

#include <dirent.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"

struct scratch {
    char folder[64];
    char path[4][CLV_PATH_MAX]; /* room for scratch_path */
    int turn;
};

static inline int scratch_begin(void **state)
{
    struct scratch *s = calloc(1, sizeof *s);

    if (s == NULL) {
        return -1;
    }
    strcpy(s->folder, "/tmp/cleave-test-XXXXXX");
    *state = s;
    return mkdtemp(s->folder) != NULL ? 0 : -1;
}

static inline int scratch_remove(const char *path, const struct stat *st,
                                 int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

static inline int scratch_end(void **state)
{
    struct scratch *s = *state;

    nftw(s->folder, scratch_remove, 8, FTW_DEPTH | FTW_PHYS);
    free(s);
    return 0;
}

/* A path in the folder. Stays until the fourth call after. */
static inline const char *scratch_path(struct scratch *s, const char *name)
{
    char *path = s->path[s->turn++ % 4];
    size_t length = strlen(s->folder);

    memcpy(path, s->folder, length);
    snprintf(path + length, sizeof s->path[0] - length, "/%s", name);
    return path;
}

static inline void scratch_write(const char *path, const void *data,
                                 size_t size)
{
    FILE *file = fopen(path, "wb");

    if (file == NULL || fwrite(data, 1, size, file) != size ||
        fclose(file) != 0) {
        perror(path);
        abort();
    }
}

/* Files and folders in a folder, dots left out; -1 if there is none. */
static inline int scratch_count(const char *folder)
{
    struct dirent *entry;
    DIR *dir = opendir(folder);
    int count = 0;

    if (dir == NULL) {
        return -1;
    }
    while ((entry = readdir(dir)) != NULL) {
        count += entry->d_name[0] != '.' ? 1 : 0;
    }
    closedir(dir);
    return count;
}

#endif
