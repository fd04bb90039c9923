/*
 * folder.c - listing a folder.
 *
 * The system gives names in no order; they are sorted by their bytes, so that
 * the list of samples is the same on every machine and in every locale.
 */
#include "media/folder.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "base/file.h"

#define FIRST_NAMES 64

static int ends_in_one(const char *name, const char *const *suffixes,
                       size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (clv_path_ends(name, suffixes[i])) {
            return 1;
        }
    }
    return 0;
}

static cleave_status append(struct clv_folder *folder, const char *path,
                            const char *name, cleave_error *err)
{
    if (folder->count == CLV_FOLDER_MAX) {
        return clv_fail(err, CLEAVE_LIMIT, path,
                        "There are more than %zu files in this folder; split "
                        "it.",
                        CLV_FOLDER_MAX);
    }
    if (folder->count == folder->capacity) {
        size_t capacity =
            folder->capacity > 0 ? folder->capacity * 2 : FIRST_NAMES;
        char **names = realloc(folder->names, capacity * sizeof *names);
        if (names == NULL) {
            return clv_fail_memory(err, path, capacity * sizeof *names);
        }
        folder->names = names;
        folder->capacity = capacity;
    }
    folder->names[folder->count] = strdup(name);
    if (folder->names[folder->count] == NULL) {
        return clv_fail_memory(err, path, strlen(name));
    }
    folder->count++;
    return CLEAVE_OK;
}

static int by_bytes(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static cleave_status list(struct clv_folder *folder, DIR *dir, const char *path,
                          const char *const *suffixes, size_t suffix_count,
                          cleave_error *err)
{
    cleave_status status = CLEAVE_OK;
    struct dirent *entry;

    errno = 0;
    while (status == CLEAVE_OK && (entry = readdir(dir)) != NULL) {
        if (entry->d_name[0] != '.' && entry->d_type != DT_DIR &&
            ends_in_one(entry->d_name, suffixes, suffix_count)) {
            status = append(folder, path, entry->d_name, err);
        }
        errno = 0;
    }
    if (status == CLEAVE_OK && errno != 0) {
        status = clv_fail_errno(err, CLEAVE_IO, path, "Listing the folder");
    }
    return status;
}

cleave_status clv_folder_init(struct clv_folder *folder, const char *path,
                              const char *const *suffixes, size_t suffix_count,
                              cleave_error *err)
{
    struct clv_folder f = {0};
    DIR *dir = opendir(path);
    cleave_status status;

    if (dir == NULL) {
        status = errno == ENOENT ? CLEAVE_NOT_FOUND : CLEAVE_IO;
        return clv_fail_errno(err, status, path, "Opening the folder");
    }
    status = list(&f, dir, path, suffixes, suffix_count, err);
    closedir(dir);
    if (status != CLEAVE_OK) {
        clv_folder_fini(&f);
        return status;
    }
    if (f.count > 0) {
        qsort(f.names, f.count, sizeof *f.names, by_bytes);
    }
    *folder = f;
    return CLEAVE_OK;
}

void clv_folder_fini(struct clv_folder *folder)
{
    for (size_t i = 0; i < folder->count; i++) {
        free(folder->names[i]);
    }
    free(folder->names);
    *folder = (struct clv_folder){0};
}
