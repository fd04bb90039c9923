/*
 * cardcopy.c - a model's card for a variant of the model.
 *
 * A card is copied as text, so that its comments stay. Only the paths of label
 * files may have to change, since they count from the card's own folder.
 */
#include "cardcopy.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fail.h"

#define CARD_BYTES ((size_t)1 << 20)

static const char key[] = "labels:";

/* The folder of a path, in full. */
static int find_folder(const char *path, char into[PATH_MAX])
{
    const char *name = clv_path_name(path);
    char folder[CLV_PATH_MAX];

    return clv_path_print(folder, sizeof folder, NULL, "%.*s.",
                          (int)(name - path), path) == CLEAVE_OK &&
           realpath(folder, into) != NULL;
}

static int is_same_folder(const char *a, const char *b)
{
    char first[PATH_MAX];
    char second[PATH_MAX];

    return find_folder(a, first) && find_folder(b, second) &&
           strcmp(first, second) == 0;
}

/* The labels' file that the text names behind its key, or NULL. */
static const char *named_at(const struct clv_card *card, const char *text)
{
    for (size_t i = 0; i < card->output_count; i++) {
        const char *named = card->outputs[i].labels_path;
        if (named != NULL && named[0] != '/' &&
            strncmp(text, named, strlen(named)) == 0) {
            return named;
        }
    }
    return NULL;
}

static cleave_status put_in_full(struct clv_buffer *out, const char *path,
                                 const char *named, cleave_error *err)
{
    char folder[PATH_MAX];
    char full[PATH_MAX];
    char joined[CLV_PATH_MAX];
    cleave_status status = CLEAVE_OK;

    if (!find_folder(path, folder)) {
        return clv_fail_errno(err, CLEAVE_IO, path, "Finding its folder");
    }
    status = clv_path_print(joined, sizeof joined, err, "%s/%s", folder, named);
    if (status == CLEAVE_OK && realpath(joined, full) == NULL) {
        return clv_fail_errno(err, CLEAVE_IO, joined, "Finding the labels");
    }
    return status == CLEAVE_OK ? clv_buffer_append(out, full, strlen(full))
                               : status;
}

static cleave_status rewrite(const struct clv_card *card, const char *path,
                             const char *text, struct clv_buffer *out,
                             cleave_error *err)
{
    cleave_status status = CLEAVE_OK;

    while (status == CLEAVE_OK && *text != '\0') {
        const char *at = strstr(text, key);
        const char *named;
        if (at == NULL) {
            return clv_buffer_append(out, text, strlen(text));
        }
        at += sizeof key - 1;
        at += strspn(at, " \"'");
        status = clv_buffer_append(out, text, (size_t)(at - text));
        named = named_at(card, at);
        if (status == CLEAVE_OK && named != NULL) {
            status = put_in_full(out, path, named, err);
            at += strlen(named);
        }
        text = at;
    }
    return status;
}

static cleave_status copy(const struct clv_card *card, const char *path,
                          const char *to, cleave_error *err)
{
    struct clv_buffer text;
    struct clv_buffer out;
    cleave_status status;

    clv_buffer_init(&text, CARD_BYTES + 1);
    clv_buffer_init(&out, 2 * CARD_BYTES);
    status = clv_file_read(path, CARD_BYTES, &text, err);
    if (status == CLEAVE_OK && is_same_folder(path, to)) {
        status = clv_file_write(to, clv_buffer_bytes(&text), err);
    } else if (status == CLEAVE_OK) {
        status = clv_buffer_append(&text, "", 1);
        if (status == CLEAVE_OK) {
            status = rewrite(card, path, (const char *)text.data, &out, err);
        }
        if (status == CLEAVE_OK) {
            status = clv_file_write(to, clv_buffer_bytes(&out), err);
        }
    }
    clv_buffer_fini(&text);
    clv_buffer_fini(&out);
    return status;
}

cleave_status cardcopy_make(const struct clv_card *card, const char *path,
                            const char *variant, enum cardcopy *ret_done,
                            char ret_path[CLV_PATH_MAX], cleave_error *err)
{
    cleave_status status;

    ret_path[0] = '\0';
    *ret_done = CARDCOPY_NONE;
    if (card == NULL) {
        return CLEAVE_OK;
    }
    status = clv_card_default_path(variant, ret_path, err);
    if (status == CLEAVE_OK && access(ret_path, F_OK) == 0) {
        *ret_done = CARDCOPY_KEPT;
        return CLEAVE_OK;
    }
    if (status == CLEAVE_OK) {
        status = copy(card, path, ret_path, err);
    }
    if (status == CLEAVE_OK) {
        *ret_done = CARDCOPY_WRITTEN;
    }
    return status;
}
