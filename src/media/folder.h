/*
 * folder.h - the files of a folder, sorted by name.
 */
#ifndef CLV_FOLDER_H
#define CLV_FOLDER_H

#include <stddef.h>

#include "cleave/status.h"

/* The most files that are taken from one folder. */
#define CLV_FOLDER_MAX ((size_t)1 << 20)

/* `names` are base names. All zero is an empty listing. */
struct clv_folder {
    char **names;
    size_t count;
    size_t capacity;
};

/*
 * Lists the files in the folder at `path` (not those in folders below it)
 * whose names end in one of `suffixes`, whatever the case, sorted by the
 * bytes of their names. Hidden files are left out. CLEAVE_NOT_FOUND,
 * CLEAVE_IO, CLEAVE_LIMIT, CLEAVE_MEMORY. The caller calls fini.
 */
cleave_status clv_folder_init(struct clv_folder *folder, const char *path,
                              const char *const *suffixes, size_t suffix_count,
                              cleave_error *err);

/* Gives the memory back. Takes an all-zero one too. */
void clv_folder_fini(struct clv_folder *folder);

#endif
