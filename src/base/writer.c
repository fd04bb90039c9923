/*
 * writer.c - a file that appears whole or not at all.
 */
#include "base/writer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fail.h"

cleave_status clv_writer_open(struct clv_writer *w, const char *path,
                              cleave_error *err)
{
    cleave_status status;
    struct stat there;
    int fd;

    w->file = NULL;
    w->written = 0;
    w->error = 0;
    w->lazy = 0;
    status = clv_path_print(w->path, sizeof w->path, err, "%s", path);
    if (status == CLEAVE_OK) {
        status = clv_path_print(w->temporary, sizeof w->temporary, err,
                                "%s.XXXXXX", path);
    }
    if (status != CLEAVE_OK) {
        return status;
    }
    /* Renaming onto /dev/null, as root, would put a file in its place. */
    if (stat(path, &there) == 0 && !S_ISREG(there.st_mode) &&
        !S_ISDIR(there.st_mode)) { /* onto a folder, renaming fails */
        return clv_fail(err, CLEAVE_INVALID, path,
                        "There is something here that is not a file; it is "
                        "not overwritten. Name another place.");
    }
    fd = mkostemp(w->temporary, O_CLOEXEC);
    if (fd >= 0) {
        w->file = fdopen(fd, "wb");
    }
    if (w->file == NULL) {
        status = clv_fail_errno(err, CLEAVE_IO, path, "Creating the file");
        if (fd >= 0) {
            close(fd);
            unlink(w->temporary);
        }
    }
    return status;
}

void clv_writer_put(struct clv_writer *w, const void *data, size_t size)
{
    if (w->error != 0 || size == 0) {
        return;
    }
    errno = 0;
    if (fwrite(data, 1, size, w->file) != size) {
        w->error = errno != 0 ? errno : EIO;
        return;
    }
    w->written += size;
}

void clv_writer_align(struct clv_writer *w, size_t alignment)
{
    static const uint8_t zeroes[64] = {0};

    while (w->error == 0 && w->written % alignment != 0) {
        size_t gap = alignment - (size_t)(w->written % alignment);
        clv_writer_put(w, zeroes, gap < sizeof zeroes ? gap : sizeof zeroes);
    }
}

cleave_status clv_writer_flush(struct clv_writer *w, cleave_error *err)
{
    if (w->error == 0 && fflush(w->file) != 0) {
        w->error = errno;
    }
    if (w->error == 0) {
        return CLEAVE_OK;
    }
    errno = w->error;
    return clv_fail_errno(err, CLEAVE_IO, w->path, "Writing the file");
}

static int settle(struct clv_writer *w)
{
    if (w->error == 0 &&
        (fflush(w->file) != 0 || fchmod(fileno(w->file), 0644) != 0 ||
         (!w->lazy && fsync(fileno(w->file)) != 0))) {
        w->error = errno;
    }
    if (fclose(w->file) != 0 && w->error == 0) {
        w->error = errno;
    }
    w->file = NULL;
    if (w->error == 0 && rename(w->temporary, w->path) != 0) {
        w->error = errno;
    }
    return w->error == 0;
}

cleave_status clv_writer_commit(struct clv_writer *w, cleave_error *err)
{
    if (settle(w)) {
        return CLEAVE_OK;
    }
    unlink(w->temporary);
    errno = w->error;
    return clv_fail_errno(err, CLEAVE_IO, w->path, "Writing the file");
}

void clv_writer_abandon(struct clv_writer *w)
{
    fclose(w->file);
    w->file = NULL;
    unlink(w->temporary);
}
