/*
 * file.c - files mapped or read whole, folders and paths.
 *
 * Only regular files are opened, and never waited for: a pipe or a device
 * under a model's name is an error, not a hang.
 */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fail.h"
#include "base/writer.h"

static cleave_status open_regular(const char *path, int *ret_fd,
                                  size_t *ret_size, cleave_error *err)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    if (fd < 0) {
        cleave_status status = CLEAVE_IO;
        if (errno == ENOENT || errno == ENOTDIR) {
            status = CLEAVE_NOT_FOUND;
        }
        return clv_fail_errno(err, status, path, "Opening the file");
    }
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        close(fd);
        return clv_fail(err, CLEAVE_INVALID, path, "This is not a file.");
    }
    *ret_fd = fd;
    *ret_size = (size_t)st.st_size;
    return CLEAVE_OK;
}

cleave_status clv_map_open(const char *path, struct clv_map *ret_map,
                           cleave_error *err)
{
    size_t size;
    int fd;
    void *data = NULL;
    cleave_status status = open_regular(path, &fd, &size, err);

    if (status != CLEAVE_OK) {
        return status;
    }
    if (size > 0) {
        data = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
    }
    close(fd);
    if (data == MAP_FAILED) {
        return clv_fail_errno(err, CLEAVE_IO, path, "Mapping the file");
    }
    ret_map->bytes = (clv_bytes){data, size};
    return CLEAVE_OK;
}

void clv_map_rest(const struct clv_map *map)
{
    if (map->bytes.size > 0) {
        (void)madvise((void *)(uintptr_t)map->bytes.data, map->bytes.size,
                      MADV_DONTNEED);
    }
}

void clv_map_close(struct clv_map *map)
{
    if (map->bytes.size > 0) {
        munmap((void *)(uintptr_t)map->bytes.data, map->bytes.size);
    }
    map->bytes = (clv_bytes){NULL, 0};
}

static cleave_status read_all(int fd, const char *path, size_t size,
                              struct clv_buffer *into, cleave_error *err)
{
    cleave_status status = clv_buffer_reserve(into, size);
    size_t end = into->size + size;

    if (status != CLEAVE_OK) {
        return clv_fail_memory(err, path, size);
    }
    while (into->size < end) {
        ssize_t n = read(fd, into->data + into->size, end - into->size);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            return clv_fail_errno(err, CLEAVE_IO, path, "Reading the file");
        }
        if (n == 0) {
            break;
        }
        into->size += (size_t)n;
    }
    return CLEAVE_OK;
}

cleave_status clv_file_read(const char *path, size_t max,
                            struct clv_buffer *into, cleave_error *err)
{
    size_t size;
    int fd;
    cleave_status status = open_regular(path, &fd, &size, err);

    if (status != CLEAVE_OK) {
        return status;
    }
    if (size > max) {
        status = clv_fail(err, CLEAVE_LIMIT, path,
                          "The file has %zu bytes; %zu is the most that is "
                          "read.",
                          size, max);
    } else {
        status = read_all(fd, path, size, into, err);
    }
    close(fd);
    return status;
}

cleave_status clv_file_write(const char *path, clv_bytes content,
                             cleave_error *err)
{
    struct clv_writer writer;
    cleave_status status = clv_writer_open(&writer, path, err);

    if (status != CLEAVE_OK) {
        return status;
    }
    clv_writer_put(&writer, content.data, content.size);
    return clv_writer_commit(&writer, err);
}

cleave_status clv_folder_make(const char *path, cleave_error *err)
{
    char part[CLV_PATH_MAX];
    struct stat st;
    cleave_status status = clv_path_print(part, sizeof part, err, "%s", path);

    if (status != CLEAVE_OK) {
        return status;
    }
    for (char *slash = strchr(part + 1, '/'); slash != NULL;
         slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        mkdir(part, 0755);
        *slash = '/';
    }
    if (mkdir(part, 0755) == 0) {
        return CLEAVE_OK;
    }
    if (errno != EEXIST || stat(part, &st) != 0 || !S_ISDIR(st.st_mode)) {
        return clv_fail_errno(err, CLEAVE_IO, path, "Creating the folder");
    }
    return CLEAVE_OK;
}

cleave_status clv_path_print(char *into, size_t size, cleave_error *err,
                             const char *format, ...)
{
    va_list args;
    int length;

    va_start(args, format);
    length = vsnprintf(into, size, format, args);
    va_end(args);
    if (length < 0 || (size_t)length >= size) {
        return clv_fail(err, CLEAVE_LIMIT, NULL,
                        "A path is longer than %zu characters.", size - 1);
    }
    return CLEAVE_OK;
}

const char *clv_path_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash != NULL ? slash + 1 : path;
}

void clv_path_whole(const char *path, char into[CLV_PATH_MAX])
{
    char *whole = path != NULL ? realpath(path, NULL) : NULL;
    char *here = path != NULL && path[0] != '/' && path[0] != '\0'
                     ? getcwd(NULL, 0)
                     : NULL;

    if (whole != NULL) {
        snprintf(into, CLV_PATH_MAX, "%s", whole);
    } else {
        snprintf(into, CLV_PATH_MAX, "%s%s%s", here != NULL ? here : "",
                 here != NULL ? "/" : "", path != NULL ? path : "");
    }
    free(here);
    free(whole);
}

int clv_path_ends(const char *path, const char *suffix)
{
    size_t length = strlen(path);
    size_t tail = strlen(suffix);

    return length >= tail && strcasecmp(path + length - tail, suffix) == 0;
}
