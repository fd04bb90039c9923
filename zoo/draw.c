/*
 * draw.c - cleave-draw: labelled pictures out of nothing but a seed.
 *
 * The demo and the tests need pictures with known answers, and must not need a
 * download for them. This program draws as many as one likes, sixteen classes
 * in turn, either as a data folder
 *
 *     DIR/classes.txt          one class name a line
 *     DIR/labels.csv           file,class_index,class_name
 *     DIR/grounds.txt          the same about what the ground is covered
 *     DIR/grounds.csv          with, the second question one may ask
 *     DIR/images/00000.jpg     and so on
 *
 * or, for training, as one stream of pixels (--raw):
 *
 *     "CLVRAW01"  count (u32)  side (u32)   little-endian
 *     count pictures of side * side * 3 bytes, R G B, rows from the top
 *
 * where --grounds FILE writes the second answer, a byte a picture.
 *
 * Picture i is of class i mod 16. The stream's pixels have been through JPEG
 * as well, because what is learnt from it must hold for the folder.
 *
 * The same options give the same pixels on every machine. Left out: threads
 * (start several with different --first), and any other format.
 */
#include "scene.h"
#include "figures.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <turbojpeg.h>

enum { PATH_BYTES = 4096, COUNT_MAX = 10000000 };

struct settings {
    const char *out;
    const char *raw;
    const char *grounds;
    long count;
    long first;
    long seed;
    long size;
    long quality;
    long hard;
};

/* One row makes a flag, its check and its line of --help. */
struct flag {
    const char *name, *value, *help;
    size_t offset;
    int is_text;
    long low, high;
};

#define TEXT(name, value, field, help) \
    {name, value, help, offsetof(struct settings, field), 1, 0, 0}
#define NUMBER(name, field, low, high, help) \
    {name, "N", help, offsetof(struct settings, field), 0, low, high}

static const struct flag flags[] = {
    TEXT("--out", "DIR", out, "write a data folder: images and labels"),
    TEXT("--raw", "FILE", raw, "write one stream of pixels; - is stdout"),
    TEXT("--grounds", "FILE", grounds, "with --raw: each ground, a byte"),
    NUMBER("--count", count, 1, COUNT_MAX, "how many pictures"),
    NUMBER("--seed", seed, 0, 2000000000, "which pictures (default 1)"),
    NUMBER("--first", first, 0, COUNT_MAX, "number of the first (default 0)"),
    NUMBER("--size", size, CLV_SCENE_SIZE_MIN, CLV_SCENE_SIZE_MAX,
           "pixels a side (default 256)"),
    NUMBER("--quality", quality, 0, 100,
           "of JPEG (default 92); 0, with --raw only: without JPEG"),
    NUMBER("--hard", hard, 0, 100, "how hard, 0-100 (default 100)"),
};

enum { FLAGS = sizeof flags / sizeof flags[0] };

/* Everything one run needs; pixels and JPEG buffers are made once. */
struct drawer {
    struct settings set;
    struct clv_scene *scene;
    tjhandle packer, unpacker;
    uint8_t *rgb;
    uint8_t *grounds; /* of each picture */
    unsigned char *jpeg;
    unsigned long jpeg_room, jpeg_bytes;
};

/* --- options ------------------------------------------------------------ */

static void print_help(void)
{
    printf("usage: cleave-draw (--out DIR | --raw FILE) --count N [options]\n"
           "Draws labelled pictures of sixteen classes.\n\n");
    for (int i = 0; i < FLAGS; i++)
        printf("  %-10s%-6s%s\n", flags[i].name, flags[i].value, flags[i].help);
    printf("  --help          this text\n");
}

static int read_number(const struct flag *flag, const char *text, long *ret)
{
    char *end;
    errno = 0;
    long value = strtol(text, &end, 10);
    if (errno || end == text || *end || value < flag->low ||
        value > flag->high) {
        fprintf(stderr, "cleave-draw: %s %s: give a whole number, %ld to %ld\n",
                flag->name, text, flag->low, flag->high);
        return -1;
    }
    *ret = value;
    return 0;
}

static int read_flag(struct settings *set, const char *name, const char *text)
{
    for (int i = 0; i < FLAGS; i++) {
        char *field = (char *)set + flags[i].offset;
        if (strcmp(flags[i].name, name))
            continue;
        if (text == NULL) {
            fprintf(stderr, "cleave-draw: %s: add %s after it\n", name,
                    flags[i].value);
            return -1;
        }
        if (!flags[i].is_text)
            return read_number(&flags[i], text, (long *)(void *)field);
        *(const char **)(void *)field = text;
        return 0;
    }
    fprintf(stderr, "cleave-draw: %s: unknown; --help lists the options\n",
            name);
    return -1;
}

static int read_settings(struct settings *set, int argc, char **argv)
{
    for (int i = 1; i < argc; i += 2) {
        if (read_flag(set, argv[i], i + 1 < argc ? argv[i + 1] : NULL))
            return -1;
    }
    if ((set->out != NULL) == (set->raw != NULL)) {
        fprintf(stderr, "cleave-draw: give either --out DIR or --raw FILE\n");
        return -1;
    }
    if (set->count == 0) {
        fprintf(stderr, "cleave-draw: say how many: --count N\n");
        return -1;
    }
    if (set->out && set->grounds) {
        fprintf(stderr, "cleave-draw: --grounds is for --raw; a folder has "
                        "grounds.csv\n");
        return -1;
    }
    if (set->out && set->quality == 0) {
        fprintf(stderr, "cleave-draw: --quality 0 is for --raw; give 1-100\n");
        return -1;
    }
    return 0;
}

/* --- one picture -------------------------------------------------------- */

static int jpeg_failed(tjhandle handle)
{
    fprintf(stderr, "cleave-draw: TurboJPEG: %s\n", tjGetErrorStr2(handle));
    return -1;
}

static int pack_picture(struct drawer *drawer)
{
    int side = (int)drawer->set.size;
    drawer->jpeg_bytes = drawer->jpeg_room;
    if (tjCompress2(drawer->packer, drawer->rgb, side, 0, side, TJPF_RGB,
                    &drawer->jpeg, &drawer->jpeg_bytes, TJSAMP_420,
                    (int)drawer->set.quality,
                    TJFLAG_NOREALLOC | TJFLAG_ACCURATEDCT))
        return jpeg_failed(drawer->packer);
    return 0;
}

static int unpack_picture(struct drawer *drawer)
{
    int side = (int)drawer->set.size;
    if (tjDecompress2(drawer->unpacker, drawer->jpeg, drawer->jpeg_bytes,
                      drawer->rgb, side, 0, side, TJPF_RGB, TJFLAG_ACCURATEDCT))
        return jpeg_failed(drawer->unpacker);
    return 0;
}

static int class_of(long number)
{
    return (int)(number % CLV_SHAPE_CLASSES);
}

static int draw_picture(struct drawer *drawer, long number)
{
    clv_scene_draw(drawer->scene, (uint64_t)drawer->set.seed, (uint64_t)number,
                   class_of(number), (int)drawer->set.hard, drawer->rgb);
    drawer->grounds[number - drawer->set.first] =
        (uint8_t)clv_scene_ground(drawer->scene);
    return drawer->set.quality ? pack_picture(drawer) : 0;
}

/* --- writing ------------------------------------------------------------ */

static int write_failed(const char *path)
{
    fprintf(stderr, "cleave-draw: %s: %s; make it writable, or free space\n",
            path, strerror(errno));
    return -1;
}

static int make_folder(const char *path)
{
    if (mkdir(path, 0777) == 0 || errno == EEXIST)
        return 0;
    fprintf(stderr, "cleave-draw: %s: %s; its parent must exist\n", path,
            strerror(errno));
    return -1;
}

/* errno of the first failure is what the user should read. */
static int close_written(FILE *file, const char *path, int failed)
{
    int why = errno;
    failed |= ferror(file) != 0;
    if (fclose(file) && !failed)
        return write_failed(path);
    errno = why;
    return failed ? write_failed(path) : 0;
}

static int write_jpeg(const struct drawer *drawer, long number)
{
    char path[PATH_BYTES + 32];
    snprintf(path, sizeof path, "%s/images/%05ld.jpg", drawer->set.out, number);
    FILE *file = fopen(path, "wb");
    if (file == NULL)
        return write_failed(path);
    size_t done = fwrite(drawer->jpeg, 1, drawer->jpeg_bytes, file);
    return close_written(file, path, done != drawer->jpeg_bytes);
}

typedef const char *name_of(int index);

static const char *name_of_class(int index)
{
    return clv_shape_of_class(index)->name;
}

static const char *name_of_ground(int index)
{
    return clv_ground_name((enum clv_ground)index);
}

/* DIR/FILE, one name a line. */
static int write_names(const char *out, const char *file_name, name_of *name,
                       int count)
{
    char path[PATH_BYTES + 32];
    snprintf(path, sizeof path, "%s/%s", out, file_name);
    FILE *file = fopen(path, "wb");
    if (file == NULL)
        return write_failed(path);
    int failed = 0;
    for (int i = 0; i < count; i++)
        failed |= fprintf(file, "%s\n", name(i)) < 0;
    return close_written(file, path, failed);
}

/* DIR/FILE; `grounds` is NULL where the answer is the class. */
static int write_labels(const struct settings *set, const char *file_name,
                        name_of *name, const uint8_t *grounds)
{
    char path[PATH_BYTES + 32];
    snprintf(path, sizeof path, "%s/%s", set->out, file_name);
    FILE *file = fopen(path, "wb");
    if (file == NULL)
        return write_failed(path);
    int failed = fprintf(file, "file,class_index,class_name\n") < 0;
    for (long i = 0; i < set->count; i++) {
        long number = set->first + i;
        int answer = grounds ? grounds[i] : class_of(number);
        failed |= fprintf(file, "images/%05ld.jpg,%d,%s\n", number, answer,
                          name(answer)) < 0;
    }
    return close_written(file, path, failed);
}

/* Labels come last: a folder that has them is whole. */
static int write_folder(struct drawer *drawer)
{
    const struct settings *set = &drawer->set;
    char path[PATH_BYTES + 32];
    if (strlen(set->out) >= PATH_BYTES) {
        fprintf(stderr, "cleave-draw: --out: too long; give a shorter path\n");
        return -1;
    }
    snprintf(path, sizeof path, "%s/images", set->out);
    if (make_folder(set->out) || make_folder(path))
        return -1;
    for (long i = set->first; i < set->first + set->count; i++) {
        if (draw_picture(drawer, i) || write_jpeg(drawer, i))
            return -1;
    }
    if (write_names(set->out, "classes.txt", name_of_class,
                    CLV_SHAPE_CLASSES) ||
        write_names(set->out, "grounds.txt", name_of_ground, CLV_GROUNDS) ||
        write_labels(set, "grounds.csv", name_of_ground, drawer->grounds) ||
        write_labels(set, "labels.csv", name_of_class, NULL))
        return -1;
    return 0;
}

static int write_u32(FILE *file, uint32_t value)
{
    unsigned char bytes[4];
    for (int i = 0; i < 4; i++)
        bytes[i] = (unsigned char)(value >> (8 * i));
    return fwrite(bytes, 1, 4, file) != 4;
}

static int write_pixels(struct drawer *drawer, FILE *file, const char *path)
{
    const struct settings *set = &drawer->set;
    size_t bytes = (size_t)set->size * (size_t)set->size * 3;
    if (fwrite("CLVRAW01", 1, 8, file) != 8 ||
        write_u32(file, (uint32_t)set->count) ||
        write_u32(file, (uint32_t)set->size))
        return write_failed(path);
    for (long i = set->first; i < set->first + set->count; i++) {
        if (draw_picture(drawer, i))
            return -1;
        if (set->quality && unpack_picture(drawer))
            return -1;
        if (fwrite(drawer->rgb, 1, bytes, file) != bytes)
            return write_failed(path);
    }
    return 0;
}

static int write_grounds(const struct drawer *drawer)
{
    const char *path = drawer->set.grounds;
    size_t count = (size_t)drawer->set.count;
    FILE *file = path ? fopen(path, "wb") : NULL;
    if (path == NULL)
        return 0;
    if (file == NULL)
        return write_failed(path);
    return close_written(file, path,
                         fwrite(drawer->grounds, 1, count, file) != count);
}

static int write_raw(struct drawer *drawer)
{
    const char *path = drawer->set.raw;
    if (strcmp(path, "-") == 0) {
        if (write_pixels(drawer, stdout, "standard output"))
            return -1;
        return fflush(stdout) ? write_failed("standard output")
                              : write_grounds(drawer);
    }
    FILE *file = fopen(path, "wb");
    if (file == NULL)
        return write_failed(path);
    if (write_pixels(drawer, file, path)) {
        fclose(file);
        return -1;
    }
    return close_written(file, path, 0) ? -1 : write_grounds(drawer);
}

/* --- the whole ---------------------------------------------------------- */

static int drawer_init(struct drawer *drawer)
{
    int side = (int)drawer->set.size;
    clv_shapes_init();
    drawer->scene = clv_scene_new(side);
    drawer->packer = tjInitCompress();
    drawer->unpacker = tjInitDecompress();
    drawer->rgb = malloc((size_t)side * (size_t)side * 3);
    drawer->grounds = calloc((size_t)drawer->set.count, 1);
    drawer->jpeg_room = tjBufSize(side, side, TJSAMP_420);
    drawer->jpeg = malloc(drawer->jpeg_room);
    if (drawer->scene && drawer->packer && drawer->unpacker && drawer->rgb &&
        drawer->grounds && drawer->jpeg)
        return 0;
    fprintf(stderr, "cleave-draw: out of memory; try a smaller --size\n");
    return -1;
}

static void drawer_fini(struct drawer *drawer)
{
    clv_scene_free(drawer->scene);
    if (drawer->packer)
        tjDestroy(drawer->packer);
    if (drawer->unpacker)
        tjDestroy(drawer->unpacker);
    free(drawer->rgb);
    free(drawer->grounds);
    free(drawer->jpeg);
}

int main(int argc, char **argv)
{
    struct drawer drawer = {
        .set = {.seed = 1, .size = 256, .quality = 92, .hard = 100}};
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0) {
            print_help();
            return 0;
        }
    }
    if (read_settings(&drawer.set, argc, argv))
        return 2;
    int failed = drawer_init(&drawer);
    if (!failed)
        failed = drawer.set.raw ? write_raw(&drawer) : write_folder(&drawer);
    drawer_fini(&drawer);
    return failed ? 1 : 0;
}
