/*
 * gather.c - from the paths a user names to groups of samples.
 *
 * A file is taken for what its first bytes say. In a folder names decide,
 * because there may be much else in it (labels, notes), and the first of
 * these that holds anything is the folder's content:
 *
 *     1. INPUT.npy for every input     3. pictures in its folder images/
 *     2. pictures in the folder        4. .npy files in the folder
 *
 * Pictures next to .npy files of another name are refused: which of them was
 * meant is not ours to guess.
 */
#include "media/gather.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fail.h"
#include "media/folder.h"

#define FIRST_GROUPS 64
#define ARRAY_MAGIC "\x93NUMPY"

static const char *const picture_suffixes[] = {".jpg", ".jpeg", ".png", ".ppm",
                                               ".webp"};
static const char *const array_suffixes[] = {".npy"};

void clv_group_fini(const struct clv_source *source, struct clv_group *group)
{
    for (size_t i = 0; group->stacks != NULL && i < source->input_count; i++) {
        clv_stack_close(&group->stacks[i]);
    }
    free(group->stacks);
    free(group->path);
}

/* Takes the group over if it succeeds. */
static cleave_status append(struct clv_source *s, struct clv_group *group,
                            cleave_error *err)
{
    size_t arrays = group->stacks != NULL ? s->input_count : 0;

    if (s->group_count == CLV_SOURCE_FILES ||
        s->array_count + arrays > CLV_SOURCE_ARRAYS) {
        return clv_fail(err, CLEAVE_LIMIT, group->path,
                        "At most %zu pictures and %zu arrays make one run; "
                        "stack the arrays into one file.",
                        CLV_SOURCE_FILES, CLV_SOURCE_ARRAYS);
    }
    if (s->group_count == s->group_capacity) {
        size_t capacity =
            s->group_capacity > 0 ? s->group_capacity * 2 : FIRST_GROUPS;
        struct clv_group *groups =
            realloc(s->groups, capacity * sizeof *groups);
        if (groups == NULL) {
            return clv_fail_memory(err, group->path, capacity * sizeof *groups);
        }
        s->groups = groups;
        s->group_capacity = capacity;
    }
    group->first = s->samples;
    s->groups[s->group_count++] = *group;
    s->array_count += arrays;
    s->samples += group->rows;
    return CLEAVE_OK;
}

/* Whether this model can take pictures at all, and if not, what to do. */
static cleave_status check_takes_pictures(const struct clv_source *s,
                                          const char *path, cleave_error *err)
{
    if (s->input_count > 1) {
        return clv_fail(err, CLEAVE_MISMATCH, path,
                        "The model has %zu inputs and pictures serve models "
                        "with one; name a folder with %s.npy, %s.npy and so "
                        "on.",
                        s->input_count, s->inputs[0].name, s->inputs[1].name);
    }
    if (s->card == NULL) {
        return clv_fail(err, CLEAVE_MISMATCH, path,
                        "Without a model card nobody knows how to prepare a "
                        "picture for this model; write one beside the model "
                        "(docs/card.md) or name a .npy file.");
    }
    if (clv_card_input(s->card, s->inputs[0].name)->kind != CLV_KIND_IMAGE) {
        return clv_fail(err, CLEAVE_MISMATCH, path,
                        "This is a picture, but by the card input %s is an "
                        "array; name a .npy file.",
                        s->inputs[0].name);
    }
    return CLEAVE_OK;
}

static cleave_status add_picture(struct clv_source *s, const char *path,
                                 cleave_error *err)
{
    struct clv_group group = {.rows = 1};
    cleave_status status = check_takes_pictures(s, path, err);

    if (status != CLEAVE_OK) {
        return status;
    }
    group.path = strdup(path);
    if (group.path == NULL) {
        return clv_fail_memory(err, path, strlen(path));
    }
    status = append(s, &group, err);
    if (status != CLEAVE_OK) {
        clv_group_fini(s, &group);
    }
    return status;
}

/* DIR/INPUT.npy */
static cleave_status stack_path(const char *folder, const char *input,
                                char into[CLV_PATH_MAX], cleave_error *err)
{
    size_t start = strlen(folder) + 1;
    cleave_status status =
        clv_path_print(into, CLV_PATH_MAX, err, "%s/%s.npy", folder, input);

    if (status == CLEAVE_OK) {
        for (char *p = into + start; *p != '\0'; p++) {
            *p = *p == '/' ? '_' : *p;
        }
    }
    return status;
}

static cleave_status open_stacks(const struct clv_source *s, const char *path,
                                 int is_folder, struct clv_group *group,
                                 cleave_error *err)
{
    char file[CLV_PATH_MAX];

    for (size_t i = 0; i < s->input_count; i++) {
        cleave_status status =
            is_folder ? stack_path(path, s->inputs[i].name, file, err)
                      : clv_path_print(file, sizeof file, err, "%s", path);
        if (status == CLEAVE_OK) {
            status =
                clv_stack_open(file, &s->inputs[i], &group->stacks[i], err);
        }
        if (status != CLEAVE_OK) {
            return status;
        }
        if (i == 0) {
            group->rows = group->stacks[0].rows;
            group->path = strdup(file);
        }
        if (group->path == NULL) {
            return clv_fail_memory(err, file, strlen(file));
        }
        if (group->stacks[i].rows != group->rows) {
            return clv_fail(err, CLEAVE_MISMATCH, file,
                            "There are %llu rows here and %llu in %s.npy; "
                            "every input needs the same number.",
                            (unsigned long long)group->stacks[i].rows,
                            (unsigned long long)group->rows, s->inputs[0].name);
        }
    }
    return CLEAVE_OK;
}

/* A .npy file of a one-input model, or a folder with one for each input. */
static cleave_status add_arrays(struct clv_source *s, const char *path,
                                int is_folder, cleave_error *err)
{
    struct clv_group group = {0};
    cleave_status status;

    if (!is_folder && s->input_count > 1) {
        return clv_fail(err, CLEAVE_MISMATCH, path,
                        "The model has %zu inputs, this is one array; name a "
                        "folder with %s.npy, %s.npy and so on.",
                        s->input_count, s->inputs[0].name, s->inputs[1].name);
    }
    group.stacks = calloc(s->input_count, sizeof *group.stacks);
    if (group.stacks == NULL) {
        return clv_fail_memory(err, path, sizeof *group.stacks);
    }
    status = open_stacks(s, path, is_folder, &group, err);
    if (status == CLEAVE_OK) {
        status = append(s, &group, err);
    }
    if (status != CLEAVE_OK) {
        clv_group_fini(s, &group);
    }
    return status;
}

static cleave_status add_file(struct clv_source *s, const char *path,
                              cleave_error *err)
{
    size_t length = sizeof ARRAY_MAGIC - 1;
    struct clv_map map;
    cleave_status status = clv_map_open(path, &map, err);
    int is_array;
    enum clv_image_kind kind;

    if (status != CLEAVE_OK) {
        return status;
    }
    is_array = map.bytes.size >= length &&
               memcmp(map.bytes.data, ARRAY_MAGIC, length) == 0;
    kind = clv_image_kind_of(map.bytes);
    clv_map_close(&map);
    if (is_array) {
        return add_arrays(s, path, 0, err);
    }
    if (kind != CLV_IMAGE_UNKNOWN) {
        return add_picture(s, path, err);
    }
    return clv_fail(err, CLEAVE_UNSUPPORTED, path,
                    "This is neither a picture (JPEG, PNG, binary PPM) nor a "
                    ".npy array.");
}

/* Adds the listed files of one folder. */
static cleave_status add_listed(struct clv_source *s, const char *path,
                                const struct clv_folder *files, int is_arrays,
                                cleave_error *err)
{
    cleave_status status = CLEAVE_OK;
    char file[CLV_PATH_MAX];

    for (size_t i = 0; status == CLEAVE_OK && i < files->count; i++) {
        status = clv_path_print(file, sizeof file, err, "%s/%s", path,
                                files->names[i]);
        if (status != CLEAVE_OK) {
            break;
        }
        status =
            is_arrays ? add_arrays(s, file, 0, err) : add_picture(s, file, err);
    }
    return status;
}

/* How many of the inputs have their file in the folder; the first without. */
static size_t count_stacks(const struct clv_source *s, const char *path,
                           const char **ret_missing)
{
    char file[CLV_PATH_MAX];
    size_t found = 0;

    *ret_missing = NULL;
    for (size_t i = 0; i < s->input_count; i++) {
        if (stack_path(path, s->inputs[i].name, file, NULL) == CLEAVE_OK &&
            access(file, F_OK) == 0) {
            found++;
        } else if (*ret_missing == NULL) {
            *ret_missing = s->inputs[i].name;
        }
    }
    return found;
}

static cleave_status list_pictures(const char *path, struct clv_folder *files,
                                   cleave_error *err)
{
    return clv_folder_init(files, path, picture_suffixes,
                           sizeof picture_suffixes / sizeof picture_suffixes[0],
                           err);
}

static int is_folder(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* Adds the pictures of the folder's own folder images/, if there is one. */
static cleave_status add_images_below(struct clv_source *s, const char *path,
                                      cleave_error *err)
{
    struct clv_folder pictures = {0};
    char below[CLV_PATH_MAX];
    cleave_status status =
        clv_path_print(below, sizeof below, err, "%s/images", path);

    if (status == CLEAVE_OK && is_folder(below)) {
        status = list_pictures(below, &pictures, err);
    }
    if (status == CLEAVE_OK) {
        status = add_listed(s, below, &pictures, 0, err);
    }
    clv_folder_fini(&pictures);
    return status;
}

/* Two listings of one folder: its content is one of them, or is below it. */
static cleave_status add_content(struct clv_source *s, const char *path,
                                 const struct clv_folder *pictures,
                                 const struct clv_folder *arrays,
                                 cleave_error *err)
{
    uint64_t before = s->samples;
    cleave_status status;

    if (pictures->count > 0 && arrays->count > 0) {
        return clv_fail(err, CLEAVE_MISMATCH, path,
                        "There are pictures (%s) and arrays (%s) in this "
                        "folder; name those you mean, or move the others.",
                        pictures->names[0], arrays->names[0]);
    }
    if (pictures->count > 0) {
        return add_listed(s, path, pictures, 0, err);
    }
    status = add_images_below(s, path, err);
    if (status != CLEAVE_OK || s->samples > before) {
        return status;
    }
    if (arrays->count == 0) {
        return clv_fail(err, CLEAVE_NOT_FOUND, path,
                        "There is no picture (.jpg, .jpeg, .png, .ppm, .webp) "
                        "and no .npy file in this folder, and no picture in "
                        "images/ below it.");
    }
    return add_listed(s, path, arrays, 1, err);
}

static cleave_status add_folder(struct clv_source *s, const char *path,
                                cleave_error *err)
{
    struct clv_folder pictures = {0};
    struct clv_folder arrays = {0};
    const char *missing;
    size_t stacks = count_stacks(s, path, &missing);
    cleave_status status;

    if (missing == NULL) {
        return add_arrays(s, path, 1, err);
    }
    if (s->input_count > 1) {
        return clv_fail(err, CLEAVE_NOT_FOUND, path,
                        "The model has %zu inputs and this folder has arrays "
                        "for %zu of them; %s.npy is missing.",
                        s->input_count, stacks, missing);
    }
    status = list_pictures(path, &pictures, err);
    if (status == CLEAVE_OK) {
        status = clv_folder_init(&arrays, path, array_suffixes, 1, err);
    }
    if (status == CLEAVE_OK) {
        status = add_content(s, path, &pictures, &arrays, err);
    }
    clv_folder_fini(&pictures);
    clv_folder_fini(&arrays);
    return status;
}

/* The path without slashes at its end, which would double in file names. */
static cleave_status trim(const char *path, char into[CLV_PATH_MAX],
                          cleave_error *err)
{
    size_t length = strlen(path);

    while (length > 1 && path[length - 1] == '/') {
        length--;
    }
    return clv_path_print(into, CLV_PATH_MAX, err, "%.*s", (int)length, path);
}

cleave_status clv_gather(struct clv_source *source, const char *path,
                         cleave_error *err)
{
    char folder[CLV_PATH_MAX];
    cleave_status status;

    if (!is_folder(path)) {
        return add_file(source, path, err);
    }
    status = trim(path, folder, err);
    if (status == CLEAVE_OK) {
        status = add_folder(source, folder, err);
    }
    return status;
}
