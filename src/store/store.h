/*
 * store.h - the cache folder: what was costly to make, kept by what it is
 * made of.
 *
 *     DIR/entries/KEY.EXT       one file per thing made, KEY a SHA-256
 *     DIR/entries/blobs/HASH    weights, each once, by the hash of its bytes
 *     DIR/work/                 half-made things, swept when they grow old
 *
 * Files appear by rename only, so several processes share a store without a
 * lock and a kill at any moment leaves at worst something in work/. Two
 * processes that make the same thing make it twice and the last one wins.
 * Thread-safe.
 */
#ifndef CLV_STORE_H
#define CLV_STORE_H

#include "base/buffer.h"
#include "base/file.h"
#include "base/sha256.h"

struct clv_store;

/*
 * Opens (and creates) the store in `folder`, or in the user's cache folder
 * given by the caller. Sweeps work/ of files older than a day.
 */
cleave_status clv_store_open(const char *folder, struct clv_store **ret_store,
                             cleave_error *err);

/* Takes NULL. */
void clv_store_close(struct clv_store *store);

/* The path at which the entry stands or would stand. */
cleave_status clv_store_entry_path(const struct clv_store *store,
                                   const char *key, const char *extension,
                                   char into[CLV_PATH_MAX], cleave_error *err);

/* True if the entry is there. */
int clv_store_has(const struct clv_store *store, const char *key,
                  const char *extension);

/* A new folder below work/ for this caller alone. */
cleave_status clv_store_work_begin(struct clv_store *store,
                                   char into[CLV_PATH_MAX], cleave_error *err);

/* Removes a folder of clv_store_work_begin with all that is in it. */
void clv_store_work_end(struct clv_store *store, const char *folder);

/* Writes an entry. */
cleave_status clv_store_put(struct clv_store *store, const char *key,
                            const char *extension, clv_bytes content,
                            cleave_error *err);

/*
 * Makes a file from a work folder an entry, by renaming it. The blobs put
 * before are on disk first, so an entry never refers to lost ones.
 */
cleave_status clv_store_adopt(struct clv_store *store, const char *key,
                              const char *extension, const char *path,
                              cleave_error *err);

/* Removes an entry that turned out to be unusable. */
void clv_store_drop(struct clv_store *store, const char *key,
                    const char *extension);

/* Keeps a blob, unless it is there already, and gives its hash. */
cleave_status clv_store_put_blob(struct clv_store *store, clv_bytes content,
                                 struct clv_sha256 *ret_hash,
                                 cleave_error *err);

/* Maps a blob. CLEAVE_NOT_FOUND if it is not there. */
cleave_status clv_store_map_blob(struct clv_store *store, const char *hash,
                                 struct clv_map *ret_map, cleave_error *err);

#endif
