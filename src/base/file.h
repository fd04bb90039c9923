/*
 * file.h - files as the house uses them: mapped whole, or written whole.
 */
#ifndef CLV_FILE_H
#define CLV_FILE_H

#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "cleave/status.h"

/* The longest path cleave builds, with its final zero. */
#define CLV_PATH_MAX 4096

/* A file mapped read-only. `bytes.data` is page-aligned. */
struct clv_map {
    clv_bytes bytes;
};

/*
 * Maps a regular file. CLEAVE_NOT_FOUND if it is not there, CLEAVE_INVALID
 * if it is not a regular file, CLEAVE_IO otherwise. An empty file maps to an
 * empty run of bytes. Thread-safe; the map may be read by all threads.
 */
cleave_status clv_map_open(const char *path, struct clv_map *ret_map,
                           cleave_error *err);

/*
 * Lets go of the map's memory: what is read again comes from the file, which
 * the system may have kept. For what nobody reads soon. Thread-safe, and others
 * may read meanwhile. Takes an all-zero map too.
 */
void clv_map_rest(const struct clv_map *map);

/* Unmaps. Takes an all-zero map too. */
void clv_map_close(struct clv_map *map);

/*
 * Reads a whole file of at most `max` bytes into an initialised buffer.
 * CLEAVE_LIMIT if it is larger.
 */
cleave_status clv_file_read(const char *path, size_t max,
                            struct clv_buffer *into, cleave_error *err);

/*
 * Writes a file so that at every moment, a crash included, the path holds
 * either its old content or the whole new one (temporary file, fsync,
 * rename). CLEAVE_IO on a full disk and the like; the old content stays.
 */
cleave_status clv_file_write(const char *path, clv_bytes content,
                             cleave_error *err);

/* Creates a folder and those above it. An existing one is fine. */
cleave_status clv_folder_make(const char *path, cleave_error *err);

/*
 * snprintf for paths. CLEAVE_LIMIT if the result does not fit `size`.
 */
cleave_status clv_path_print(char *into, size_t size, cleave_error *err,
                             const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* What follows the last '/', the whole path if there is none. Borrowed. */
const char *clv_path_name(const char *path);

/* True if `path` ends in `suffix`, whatever the case of ASCII letters. */
int clv_path_ends(const char *path, const char *suffix);

/*
 * The path from the root, without links, so that two ways to write one path
 * compare. What is not there is told from the current folder, as written;
 * what fits no CLV_PATH_MAX stays as it is, cut off. "" and NULL give "".
 */
void clv_path_whole(const char *path, char into[CLV_PATH_MAX]);

#endif
