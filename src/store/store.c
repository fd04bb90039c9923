/*
 * store.c - a folder of things that were costly to make.
 *
 * An entry's name is the hash of everything it was made from, so it is never
 * out of date and never needs a lock: whoever wants it looks, and who does
 * not find it makes it in a folder of his own and renames it into place.
 * Nothing is ever changed once it stands. What this file leaves out: an
 * upper bound on the folder's size (remove the folder to start afresh).
 */
#include "store/store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/fail.h"
#include "base/writer.h"

/* Work older than this belongs to a process that was killed. */
#define STALE_WORK_SECONDS (24 * 3600)

struct clv_store {
    char folder[CLV_PATH_MAX];
};

static int remove_one(const char *path, const struct stat *st, int type,
                      struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

static void remove_tree(const char *path)
{
    nftw(path, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static void sweep_work(const struct clv_store *store)
{
    char path[CLV_PATH_MAX];
    time_t now = time(NULL);
    struct dirent *entry;
    DIR *dir;

    if (clv_path_print(path, sizeof path, NULL, "%s/work", store->folder) !=
            CLEAVE_OK ||
        (dir = opendir(path)) == NULL) {
        return;
    }
    while ((entry = readdir(dir)) != NULL) {
        struct stat st;
        if (entry->d_name[0] == '.' ||
            clv_path_print(path, sizeof path, NULL, "%s/work/%s", store->folder,
                           entry->d_name) != CLEAVE_OK) {
            continue;
        }
        if (lstat(path, &st) == 0 && now - st.st_mtime > STALE_WORK_SECONDS) {
            remove_tree(path);
        }
    }
    closedir(dir);
}

static cleave_status make_folders(const struct clv_store *store,
                                  cleave_error *err)
{
    static const char *const folders[] = {"entries/blobs", "work"};

    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
        char path[CLV_PATH_MAX];
        cleave_status status = clv_path_print(path, sizeof path, err, "%s/%s",
                                              store->folder, folders[i]);
        if (status == CLEAVE_OK) {
            status = clv_folder_make(path, err);
        }
        if (status != CLEAVE_OK) {
            return status;
        }
    }
    return CLEAVE_OK;
}

cleave_status clv_store_open(const char *folder, struct clv_store **ret_store,
                             cleave_error *err)
{
    struct clv_store *store = calloc(1, sizeof *store);
    cleave_status status;

    if (store == NULL) {
        return clv_fail_memory(err, folder, sizeof *store);
    }
    status =
        clv_path_print(store->folder, sizeof store->folder, err, "%s", folder);
    if (status == CLEAVE_OK) {
        status = make_folders(store, err);
    }
    if (status != CLEAVE_OK) {
        clv_store_close(store);
        return status;
    }
    sweep_work(store);
    *ret_store = store;
    return CLEAVE_OK;
}

void clv_store_close(struct clv_store *store)
{
    free(store);
}

cleave_status clv_store_entry_path(const struct clv_store *store,
                                   const char *key, const char *extension,
                                   char into[CLV_PATH_MAX], cleave_error *err)
{
    return clv_path_print(into, CLV_PATH_MAX, err, "%s/entries/%s.%s",
                          store->folder, key, extension);
}

static cleave_status blob_path(const struct clv_store *store, const char *hash,
                               char into[CLV_PATH_MAX], cleave_error *err)
{
    return clv_path_print(into, CLV_PATH_MAX, err, "%s/entries/blobs/%s",
                          store->folder, hash);
}

int clv_store_has(const struct clv_store *store, const char *key,
                  const char *extension)
{
    char path[CLV_PATH_MAX];

    return clv_store_entry_path(store, key, extension, path, NULL) ==
               CLEAVE_OK &&
           access(path, R_OK) == 0;
}

cleave_status clv_store_work_begin(struct clv_store *store,
                                   char into[CLV_PATH_MAX], cleave_error *err)
{
    char path[CLV_PATH_MAX];
    cleave_status status =
        clv_path_print(path, sizeof path, err, "%s/work/XXXXXX", store->folder);

    if (status != CLEAVE_OK) {
        return status;
    }
    if (mkdtemp(path) == NULL) {
        return clv_fail_errno(err, CLEAVE_IO, store->folder,
                              "Creating a folder in the cache");
    }
    memcpy(into, path, sizeof path);
    return CLEAVE_OK;
}

void clv_store_work_end(struct clv_store *store, const char *folder)
{
    (void)store;
    remove_tree(folder);
}

cleave_status clv_store_put(struct clv_store *store, const char *key,
                            const char *extension, clv_bytes content,
                            cleave_error *err)
{
    char path[CLV_PATH_MAX];
    cleave_status status =
        clv_store_entry_path(store, key, extension, path, err);

    return status == CLEAVE_OK ? clv_file_write(path, content, err) : status;
}

/* Waits until all that was written lazily is on disk. */
static void settle(const struct clv_store *store)
{
    int fd = open(store->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd >= 0) {
        syncfs(fd);
        close(fd);
    }
}

cleave_status clv_store_adopt(struct clv_store *store, const char *key,
                              const char *extension, const char *path,
                              cleave_error *err)
{
    char entry[CLV_PATH_MAX];
    cleave_status status =
        clv_store_entry_path(store, key, extension, entry, err);

    settle(store);
    if (status == CLEAVE_OK && rename(path, entry) != 0) {
        status = clv_fail_errno(err, CLEAVE_IO, entry, "Keeping an entry");
    }
    return status;
}

void clv_store_drop(struct clv_store *store, const char *key,
                    const char *extension)
{
    char path[CLV_PATH_MAX];

    if (clv_store_entry_path(store, key, extension, path, NULL) == CLEAVE_OK) {
        unlink(path);
    }
}

/* A power cut may have left a file of the right name with other bytes. */
static int holds(const char *path, clv_bytes content)
{
    struct clv_map map;
    int same;

    if (clv_map_open(path, &map, NULL) != CLEAVE_OK) {
        return 0;
    }
    same = map.bytes.size == content.size &&
           (content.size == 0 ||
            memcmp(map.bytes.data, content.data, content.size) == 0);
    clv_map_close(&map);
    return same;
}

static cleave_status write_lazily(const char *path, clv_bytes content,
                                  cleave_error *err)
{
    struct clv_writer *w = malloc(sizeof *w);
    cleave_status status;

    if (w == NULL) {
        return clv_fail_memory(err, path, sizeof *w);
    }
    status = clv_writer_open(w, path, err);
    if (status == CLEAVE_OK) {
        w->lazy = 1;
        clv_writer_put(w, content.data, content.size);
        status = clv_writer_commit(w, err);
    }
    free(w);
    return status;
}

cleave_status clv_store_put_blob(struct clv_store *store, clv_bytes content,
                                 struct clv_sha256 *ret_hash, cleave_error *err)
{
    struct clv_sha256 hash = clv_sha256_of(content);
    char path[CLV_PATH_MAX];
    cleave_status status = blob_path(store, hash.hex, path, err);

    if (status == CLEAVE_OK && !holds(path, content)) {
        status = write_lazily(path, content, err);
    }
    if (status == CLEAVE_OK) {
        *ret_hash = hash;
    }
    return status;
}

cleave_status clv_store_map_blob(struct clv_store *store, const char *hash,
                                 struct clv_map *ret_map, cleave_error *err)
{
    char path[CLV_PATH_MAX];
    cleave_status status = blob_path(store, hash, path, err);

    return status == CLEAVE_OK ? clv_map_open(path, ret_map, err) : status;
}
