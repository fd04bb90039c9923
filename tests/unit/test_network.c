/*
 * test_network.c - cut networks equal the whole, and the whole is right.
 *
 * For every network of the data folder (CLEAVE_DATA, or shared/data beside
 * the checkout; a notice where it is absent): every offered cut, head then
 * tail, gives what the whole network gives, bit for bit or within 1e-5 of
 * the largest output; and the stored inputs give the stored outputs. Then,
 * on small networks: parts are shared, and cuts are known by their tensors.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <pthread.h>

#include "base/file.h"
#include "media/card.h"
#include "media/prepare.h"
#include "network_bed.h"
#include "resident_memory.h"
#include "tensor/rank.h"

/* The thread sanitizer looks at every byte of half a gigabyte of weights. */
#if defined(__SANITIZE_THREAD__)
#define IS_SLOW 1
#else
#define IS_SLOW 0
#endif

#define MOST_ENDS 16

static const char *data_folder(void)
{
    const char *folder = getenv("CLEAVE_DATA");

    return folder != NULL && folder[0] != '\0' ? folder
                                               : TEST_SOURCE_DIR
               "/../shared/data";
}

struct fixture {
    char folder[CLV_PATH_MAX];
    struct clv_store *store;
    struct clv_engine *engine;
};

static int open_fixture(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    cleave_error err = CLEAVE_ERROR_INIT;

    strcpy(f->folder, "/tmp/cleave-network-XXXXXX");
    if (mkdtemp(f->folder) == NULL ||
        clv_store_open(f->folder, &f->store, &err) != CLEAVE_OK ||
        clv_engine_open("cpu:threads=1", &f->engine, &err) != CLEAVE_OK) {
        fprintf(stderr, "%s: %s\n", err.where, err.text);
        return -1;
    }
    *state = f;
    return 0;
}

static int close_fixture(void **state)
{
    struct fixture *f = *state;

    clv_engine_close(f->engine);
    clv_store_work_end(f->store, f->folder);
    clv_store_close(f->store);
    free(f);
    return 0;
}

/* Reproducible inputs: small numbers for floats, small ids for integers. */
static void fill_input(cleave_tensor *t, uint32_t *seed)
{
    uint64_t elements;
    uint64_t bytes;

    for (uint32_t d = 0; d < t->info.rank; d++) {
        t->info.shape[d] = t->info.shape[d] < 0 ? 1 : t->info.shape[d];
    }
    assert_int_equal(cleave_tensor_count(&t->info, &elements, &bytes), 0);
    t->bytes = (size_t)bytes;
    t->data = calloc(1, t->bytes);
    for (uint64_t i = 0; i < elements; i++) {
        *seed = *seed * 1664525u + 1013904223u;
        if (t->info.type == CLEAVE_TYPE_F32) {
            ((float *)t->data)[i] = (float)(*seed >> 8) / 8388608.0f - 1.0f;
        } else if (t->info.type == CLEAVE_TYPE_I64) {
            ((int64_t *)t->data)[i] = (*seed >> 16) & 1;
        } else if (t->info.type == CLEAVE_TYPE_F16) {
            ((uint16_t *)t->data)[i] =
                (uint16_t)(0x3000 + ((*seed >> 16) & 0xbff));
        }
    }
}

struct answer {
    struct clv_part *part;
    struct clv_outputs *outputs;
};

static void run_part(struct clv_network *n, enum clv_part_kind kind,
                     const char *cut, const cleave_tensor *given,
                     size_t given_count, struct answer *a)
{
    cleave_error err = CLEAVE_ERROR_INIT;
    cleave_tensor inputs[MOST_ENDS];
    size_t count;
    const cleave_tensor_info *infos;

    if (clv_network_load(n, kind, cut, &a->part, &err) != CLEAVE_OK) {
        fail_msg("%s: %s: %s", cut, err.where, err.text);
    }
    infos = clv_session_inputs(clv_part_session(a->part), &count);
    for (size_t i = 0; i < count; i++) {
        size_t j = 0;
        while (j < given_count &&
               strcmp(given[j].info.name, infos[i].name) != 0) {
            j++;
        }
        if (j == given_count) {
            fail_msg("%s: nobody gives %s", cut, infos[i].name);
        }
        inputs[i] = given[j];
    }
    assert_int_equal(
        clv_outputs_new(clv_part_session(a->part), &a->outputs, &err), 0);
    if (clv_session_run(clv_part_session(a->part), inputs, count, a->outputs,
                        &err) != CLEAVE_OK) {
        fail_msg("%s: %s: %s", cut, err.where, err.text);
    }
}

static void drop_answer(struct answer *a)
{
    clv_outputs_free(a->outputs);
    clv_part_release(a->part);
}

static double largest(const cleave_tensor *t)
{
    double most = 0;

    for (size_t i = 0; t->info.type == CLEAVE_TYPE_F32 && i < t->bytes / 4;
         i++) {
        most = fmax(most, fabs((double)((float *)t->data)[i]));
    }
    return most;
}

static void assert_same(const char *cut, const cleave_tensor *a,
                        const cleave_tensor *b)
{
    double bound = 1e-5 * largest(a);

    assert_int_equal(a->bytes, b->bytes);
    if (memcmp(a->data, b->data, a->bytes) == 0) {
        return;
    }
    assert_int_equal(a->info.type, CLEAVE_TYPE_F32);
    for (size_t i = 0; i < a->bytes / 4; i++) {
        double x = ((float *)a->data)[i];
        double y = ((float *)b->data)[i];
        if (!(fabs(x - y) <= bound)) {
            fail_msg("cut %s: output %s[%zu] is %g, not %g", cut, a->info.name,
                     i, y, x);
        }
    }
}

static void check_cut(struct clv_network *n, const struct clv_cut *cut,
                      const cleave_tensor *inputs, size_t input_count,
                      const struct answer *whole)
{
    struct answer head;
    struct answer tail;
    cleave_tensor known[2 * MOST_ENDS];
    size_t known_count = 0;
    size_t count;
    const cleave_tensor *got;

    run_part(n, CLV_PART_HEAD, cut->name, inputs, input_count, &head);
    got = clv_outputs_tensors(head.outputs, &count);
    for (size_t i = 0; i < count; i++) {
        known[known_count++] = got[i];
    }
    for (size_t i = 0; i < input_count; i++) {
        known[known_count++] = inputs[i];
    }
    run_part(n, CLV_PART_TAIL, cut->name, known, known_count, &tail);
    got = clv_outputs_tensors(tail.outputs, &count);
    for (size_t i = 0; i < count; i++) {
        known[known_count++] = got[i];
    }
    got = clv_outputs_tensors(whole->outputs, &count);
    for (size_t i = 0; i < count; i++) {
        size_t j = 0;
        while (j < known_count &&
               strcmp(known[j].info.name, got[i].info.name) != 0) {
            j++;
        }
        assert_in_range(j, 0, known_count - 1);
        assert_same(cut->name, &got[i], &known[j]);
    }
    drop_answer(&tail);
    drop_answer(&head);
}

static void check_model(struct fixture *f, const char *path)
{
    struct clv_network *n;
    cleave_error err = CLEAVE_ERROR_INIT;
    const struct clv_cut *cuts;
    size_t cut_count;
    cleave_tensor inputs[MOST_ENDS] = {0};
    size_t input_count;
    const cleave_tensor_info *infos;
    struct answer whole;
    uint32_t seed = 1;

    if (clv_network_open(path, f->engine, f->store, &n, &err) != CLEAVE_OK ||
        clv_network_cuts(n, &cuts, &cut_count, &err) != CLEAVE_OK) {
        fail_msg("%s: %s", err.where, err.text);
    }
    infos = clv_network_inputs(n, &input_count);
    for (size_t i = 0; i < input_count; i++) {
        inputs[i].info = infos[i];
        fill_input(&inputs[i], &seed);
    }
    run_part(n, CLV_PART_WHOLE, "", inputs, input_count, &whole);
    for (size_t i = 0; i < cut_count; i++) {
        check_cut(n, &cuts[i], inputs, input_count, &whole);
    }
    print_message("%s: %zu cuts\n", clv_path_name(path), cut_count);
    drop_answer(&whole);
    assert_int_equal(clv_network_bytes(n), 0);
    for (size_t i = 0; i < input_count; i++) {
        free(inputs[i].data);
    }
    clv_network_close(n);
}

static int is_left_out(const char *name)
{
    static const char *const slow[] = {"light_resnet50", "light_vgg19",
                                       "light_bvlc_alexnet"};

    for (size_t i = 0; IS_SLOW && i < sizeof slow / sizeof slow[0]; i++) {
        if (strncmp(name, slow[i], strlen(slow[i])) == 0) {
            return 1;
        }
    }
    return 0;
}

static size_t check_folder(struct fixture *f, const char *name)
{
    char folder[CLV_PATH_MAX];
    char path[2 * CLV_PATH_MAX];
    size_t checked = 0;
    struct dirent *entry;
    DIR *dir;

    snprintf(folder, sizeof folder, "%s/%s", data_folder(), name);
    dir = opendir(folder);
    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        if (clv_path_ends(entry->d_name, ".onnx") &&
            is_left_out(entry->d_name)) {
            print_message("%s: left out, too slow under a sanitizer\n",
                          entry->d_name);
        } else if (clv_path_ends(entry->d_name, ".onnx")) {
            snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
            check_model(f, path);
            checked++;
        }
    }
    if (dir != NULL) {
        closedir(dir);
    }
    return checked;
}

static void every_offered_cut_equals_the_whole(void **state)
{
    static const char *const folders[] = {"models-imagenet", "models-cifar10",
                                          "models-small", "models-text",
                                          "models-topology-only"};
    size_t checked = 0;

    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
        checked += check_folder(*state, folders[i]);
    }
    if (checked == 0) {
        print_message("no networks in %s: nothing checked\n", data_folder());
    }
}

/* -- The stored answers -- */

/* The rows of expected outputs, and where their inputs come from. */
struct reference {
    const char *data;
    char model[CLV_PATH_MAX];
    struct clv_network *n;
    struct clv_card *card;
    struct clv_card_input input; /* the card's, for pictures already cropped */
    struct clv_preparer preparer;
    struct clv_map want;
    size_t row_bytes;
};

/* Record `row` of the CIFAR-10 file, whose planes become pixels. */
static void read_record(const struct reference *r, size_t row,
                        struct clv_image *image)
{
    char path[CLV_PATH_MAX];
    struct clv_map map;

    snprintf(path, sizeof path, "%s/cifar10-1000/test_batch_1000.bin", r->data);
    assert_int_equal(clv_map_open(path, &map, NULL), CLEAVE_OK);
    assert_int_equal(clv_image_shape(image, 32, 32, 0, "record", NULL), 0);
    assert_true(map.bytes.size >= (row + 1) * 3073);
    for (size_t i = 0; i < 1024; i++) {
        for (size_t c = 0; c < 3; c++) {
            image->pixels[3 * i + c] =
                map.bytes.data[row * 3073 + 1 + c * 1024 + i];
        }
    }
    clv_map_close(&map);
}

/* The picture that ORDER.csv has in this row. */
static void read_picture(const struct reference *r, size_t row, int64_t side,
                         struct clv_image *image)
{
    char path[CLV_PATH_MAX];
    char line[200];
    char name[100] = "";
    struct clv_map map;
    cleave_error err = CLEAVE_ERROR_INIT;
    FILE *file;

    snprintf(path, sizeof path, "%s/reference/inputs/ORDER.csv", r->data);
    file = fopen(path, "r");
    assert_non_null(file);
    for (size_t i = 0; i < row + 2; i++) {
        assert_non_null(fgets(line, sizeof line, file));
    }
    fclose(file);
    assert_int_equal(sscanf(line, "%*[^,],%*[^,],%99[^\r\n]", name), 1);
    snprintf(path, sizeof path, "%s/reference/inputs/%d/%s.ppm", r->data,
             (int)side, name);
    assert_int_equal(clv_map_open(path, &map, NULL), CLEAVE_OK);
    if (clv_image_decode(map.bytes, 0, path, image, &err) != CLEAVE_OK) {
        fail_msg("%s: %s", err.where, err.text);
    }
    clv_map_close(&map);
}

/* Within a thousandth of the largest output, whatever the type. */
static void assert_same_row(const struct reference *r, size_t row,
                            const cleave_tensor *got, const float *want)
{
    size_t count = r->row_bytes / sizeof *want;
    double most = 0;

    assert_int_equal(got->bytes / cleave_type_bytes(got->info.type), count);
    for (size_t i = 0; i < count; i++) {
        most = fmax(most, fabs((double)want[i]));
    }
    for (size_t i = 0; i < count; i++) {
        double x = clv_rank_score(got, i);
        if (!(fabs(x - (double)want[i]) <= 1e-3 * most)) {
            fail_msg("%s: row %zu, output %zu is %g, not %g", r->model, row, i,
                     x, (double)want[i]);
        }
    }
}

static void check_row(struct reference *r, size_t row)
{
    size_t count;
    const cleave_tensor_info *want = clv_network_inputs(r->n, &count);
    cleave_tensor input = {.data = NULL};
    struct clv_image image;
    cleave_error err = CLEAVE_ERROR_INIT;
    struct answer whole;
    uint64_t elements;
    uint64_t bytes = 0;

    clv_image_init(&image);
    if (strstr(r->model, "cifar10") != NULL) {
        read_record(r, row, &image);
    } else {
        read_picture(r, row, want[0].shape[2], &image);
    }
    if (clv_prepare_form(&r->input, image.width, image.height, want, "row",
                         &input.info, &err) != CLEAVE_OK) {
        fail_msg("%s: %s", err.where, err.text);
    }
    cleave_tensor_count(&input.info, &elements, &bytes);
    input.bytes = (size_t)bytes;
    input.data = malloc(input.bytes);
    assert_int_equal(
        clv_prepare(&r->preparer, &r->input, &image, "row", &input, NULL), 0);
    run_part(r->n, CLV_PART_WHOLE, "", &input, 1, &whole);
    assert_same_row(
        r, row, clv_outputs_tensors(whole.outputs, &count),
        (const float *)(const void *)(r->want.bytes.data + row * r->row_bytes));
    drop_answer(&whole);
    free(input.data);
    clv_image_fini(&image);
}

/* `name` is that of the .f32 file. */
static void check_reference(struct fixture *f, const char *name)
{
    struct reference r = {.data = data_folder()};
    int stem = (int)(strlen(name) - strlen(".f32"));
    int cifar = strstr(name, "cifar10") != NULL;
    size_t rows = cifar ? 16 : 8;
    char path[CLV_PATH_MAX];
    cleave_error err = CLEAVE_ERROR_INIT;

    snprintf(r.model, sizeof r.model, "%s/%s/%.*s.onnx", r.data,
             cifar ? "models-cifar10" : "models-imagenet", stem, name);
    snprintf(path, sizeof path, "%s/cards/%.*s.yaml", r.data, stem, name);
    if (clv_network_open(r.model, f->engine, f->store, &r.n, &err) !=
            CLEAVE_OK ||
        clv_card_read(path, &r.card, &err) != CLEAVE_OK) {
        fail_msg("%s: %s", err.where, err.text);
    }
    r.input = r.card->inputs[0];
    r.input.step_count = 0;
    snprintf(path, sizeof path, "%s/reference/%s", r.data, name);
    assert_int_equal(clv_map_open(path, &r.want, NULL), CLEAVE_OK);
    assert_int_equal(r.want.bytes.size % rows, 0);
    r.row_bytes = r.want.bytes.size / rows;
    clv_preparer_init(&r.preparer, 0);
    for (size_t row = 0; row < rows; row++) {
        check_row(&r, row);
    }
    clv_preparer_fini(&r.preparer);
    clv_map_close(&r.want);
    clv_card_free(r.card);
    clv_network_close(r.n);
}

static void stored_inputs_give_the_stored_outputs(void **state)
{
    char folder[CLV_PATH_MAX];
    struct dirent *entry;
    int checked = 0;
    DIR *dir;

    snprintf(folder, sizeof folder, "%s/reference", data_folder());
    dir = opendir(folder);
    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        if (clv_path_ends(entry->d_name, ".f32")) {
            check_reference(*state, entry->d_name);
            checked++;
        }
    }
    if (dir != NULL) {
        closedir(dir);
    }
    print_message("%d reference outputs%s\n", checked,
                  checked == 0 ? ": nothing checked" : "");
}

/* -- Parts -- */

/* 16 MB of weights, which its kernel packs. */
static void sample_heavy(struct maker *m)
{
    maker_input(m, "x f32 1x2048");
    maker_raw_floats(m, "w f32 2048x2048");
    maker_node(m, "MatMul", "x,w", "y");
    maker_output(m, "y f32 1x2048");
}

static size_t grown(size_t from)
{
    size_t now = resident_bytes();

    return now > from ? now - from : 0;
}

/* Weights are there once, packed, while the part is loaded, and not at all
   before and after. */
static void only_what_is_loaded_takes_memory(void **state)
{
    struct clv_network *n = bed_make(*state, sample_heavy);
    struct clv_part *part;
    size_t before;
    struct run r = {.owns_session = 0};

    if (!RESIDENT_MEMORY) {
        print_message("a sanitizer keeps what is freed: left out\n");
        skip();
    }
    assert_int_equal(clv_network_load(n, CLV_PART_WHOLE, "", &part, NULL), 0);
    clv_part_release(part); /* what optimising took is not what is asked */
    clv_engines_give_back();
    before = resident_bytes();
    n = bed_open(*state);
    assert_true(grown(before) < 4 * RESIDENT_MB);
    assert_int_equal(clv_network_load(n, CLV_PART_WHOLE, "", &part, NULL), 0);
    assert_int_equal(run_begin(clv_part_session(part), NULL, 0, &r, NULL),
                     CLEAVE_OK);
    assert_true(grown(before) > 12 * RESIDENT_MB);
    assert_true(grown(before) < 24 * RESIDENT_MB);
    run_end(&r);
    clv_part_release(part);
    clv_engines_give_back();
    assert_true(grown(before) < 4 * RESIDENT_MB);
}

static void a_part_loaded_twice_is_one(void **state)
{
    struct clv_network *n = bed_make(*state, sample_residual);
    struct clv_part *a;
    struct clv_part *b;
    uint64_t bytes;

    assert_int_equal(clv_network_load(n, CLV_PART_TAIL, "r2", &a, NULL), 0);
    bytes = clv_network_bytes(n);
    assert_true(bytes > 0);
    assert_int_equal(clv_part_bytes(a), bytes);
    assert_int_equal(clv_network_load(n, CLV_PART_TAIL, "r2", &b, NULL), 0);
    assert_ptr_equal(clv_part_session(a), clv_part_session(b));
    assert_int_equal(clv_network_bytes(n), bytes);
    clv_part_release(a);
    assert_int_equal(clv_network_bytes(n), bytes);
    clv_part_release(b);
    assert_int_equal(clv_network_bytes(n), 0);
    clv_part_release(NULL);
}

struct loading {
    struct clv_network *n;
    struct clv_part *part;
    cleave_status status;
};

static void *load_tail(void *arg)
{
    struct loading *l = arg;

    l->status = clv_network_load(l->n, CLV_PART_TAIL, "r2", &l->part, NULL);
    return NULL;
}

static void threads_that_load_the_same_get_the_same(void **state)
{
    enum { THREADS = 4 };
    struct bed *b = *state;

    for (int round = 0; round < 6; round++) {
        struct loading l[THREADS];
        pthread_t thread[THREADS];
        if (round % 2 == 0) { /* made, or only opened */
            clv_store_work_end(b->store, b->folder);
            assert_int_equal(mkdir(b->folder, 0700), 0);
            clv_store_close(b->store);
            bed_store(b);
        }
        bed_make(b, sample_residual);
        for (int i = 0; i < THREADS; i++) {
            l[i] = (struct loading){b->n, NULL, CLEAVE_ENGINE};
            assert_int_equal(pthread_create(&thread[i], NULL, load_tail, &l[i]),
                             0);
        }
        for (int i = 0; i < THREADS; i++) {
            pthread_join(thread[i], NULL);
            assert_int_equal(l[i].status, CLEAVE_OK);
            assert_ptr_equal(l[i].part, l[0].part);
        }
        for (int i = 0; i < THREADS; i++) {
            clv_part_release(l[i].part);
        }
        assert_int_equal(clv_network_bytes(b->n), 0);
    }
}

static void *load_and_run_all(void *arg)
{
    static const char *const cuts[] = {"r2", "c1", "row", "r1"};
    struct loading *l = arg;

    for (int i = 0; i < 8; i++) {
        if (bed_check_cut(l->n, cuts[i % 4]) != 0) {
            l->status = CLEAVE_ENGINE;
        }
    }
    return NULL;
}

static void threads_use_many_parts_at_once(void **state)
{
    struct clv_network *n = bed_make(*state, sample_residual);
    struct loading l[3];
    pthread_t thread[3];

    for (int i = 0; i < 3; i++) {
        l[i] = (struct loading){n, NULL, CLEAVE_OK};
        assert_int_equal(
            pthread_create(&thread[i], NULL, load_and_run_all, &l[i]), 0);
    }
    for (int i = 0; i < 3; i++) {
        pthread_join(thread[i], NULL);
        assert_int_equal(l[i].status, CLEAVE_OK);
    }
    assert_int_equal(clv_network_bytes(n), 0);
}

/* Every thread gets its own error for a part that cannot be. */
static void *load_nothing(void *arg)
{
    struct loading *l = arg;

    l->status = clv_network_load(l->n, CLV_PART_HEAD, "c2", &l->part, NULL);
    return NULL;
}

static void threads_that_fail_fail_each(void **state)
{
    struct clv_network *n = bed_make(*state, sample_residual);
    struct loading l[4];
    pthread_t thread[4];

    for (int i = 0; i < 4; i++) {
        l[i] = (struct loading){n, NULL, CLEAVE_OK};
        assert_int_equal(pthread_create(&thread[i], NULL, load_nothing, &l[i]),
                         0);
    }
    for (int i = 0; i < 4; i++) {
        pthread_join(thread[i], NULL);
        assert_int_equal(l[i].status, CLEAVE_NOT_FOUND);
    }
}

/* -- Names of cuts -- */

static void assert_cut_of(struct clv_network *n, const char *const *tensors,
                          size_t count, cleave_status status, const char *want)
{
    cleave_error err = CLEAVE_ERROR_INIT;
    char name[100] = "";

    assert_int_equal(
        clv_network_cut_of(n, tensors, count, name, sizeof name, &err), status);
    assert_string_equal(status == CLEAVE_OK ? name : "", want);
    assert_true((status == CLEAVE_OK) == (err.text[0] == '\0'));
}

static void a_cut_is_known_by_its_tensors_in_any_order(void **state)
{
    struct clv_network *n = bed_make(*state, sample_mask);
    cleave_tensor_info tensors[CLV_CUT_TENSORS];
    size_t count = 0;

    assert_cut_of(n, (const char *const[]){"deep", "mask"}, 2, CLEAVE_OK,
                  "mask+deep");
    assert_cut_of(n, (const char *const[]){"mask", "deep"}, 2, CLEAVE_OK,
                  "mask+deep");
    assert_cut_of(n, (const char *const[]){"mask", "ids"}, 2, CLEAVE_OK,
                  CLV_CUT_INPUT);
    assert_cut_of(n, (const char *const[]){"ids", "mask"}, 2, CLEAVE_OK,
                  CLV_CUT_INPUT);
    assert_cut_of(n, (const char *const[]){"dep"}, 1, CLEAVE_NOT_FOUND, "");
    assert_cut_of(n, (const char *const[]){"deep", "deep"}, 2, CLEAVE_INVALID,
                  "");
    assert_int_equal(
        clv_network_cut_tensors(n, "deep+mask", tensors, &count, NULL), 0);
    assert_int_equal(count, 2);
    assert_string_equal(tensors[0].name, "mask");
    assert_string_equal(tensors[1].name, "deep");
    assert_int_equal(tensors[1].type, CLEAVE_TYPE_F32);
    assert_int_equal(tensors[1].shape[1], 4);
}

static void the_order_of_tensors_is_no_other_part(void **state)
{
    struct clv_network *n = bed_make(*state, sample_mask);
    struct clv_part *a;
    struct clv_part *b;

    assert_int_equal(clv_network_load(n, CLV_PART_TAIL, "mask+deep", &a, NULL),
                     CLEAVE_OK);
    assert_int_equal(clv_network_load(n, CLV_PART_TAIL, "deep+mask", &b, NULL),
                     CLEAVE_OK);
    assert_ptr_equal(a, b);
    clv_part_release(a);
    clv_part_release(b);
}

static void unknown_cuts_name_what_is_near(void **state)
{
    struct clv_network *n = bed_make(*state, sample_mask);
    struct clv_part *part = NULL;
    cleave_error err = CLEAVE_ERROR_INIT;

    assert_int_equal(clv_network_load(n, CLV_PART_HEAD, "deap", &part, &err),
                     CLEAVE_NOT_FOUND);
    assert_non_null(strstr(err.text, "'deep'"));
    err = (cleave_error)CLEAVE_ERROR_INIT;
    assert_int_equal(clv_network_load(n, CLV_PART_HEAD, "deep", &part, &err),
                     CLEAVE_NOT_FOUND);
    assert_non_null(strstr(err.text, "also depends on 'mask'"));
    assert_null(part);
    assert_int_equal(clv_network_bytes(n), 0);
}

static void bad_files_are_refused(void **state)
{
    struct bed *b = *state;
    cleave_error err = CLEAVE_ERROR_INIT;

    bed_make(b, sample_chain);
    assert_int_equal(strlen(clv_network_sha256(b->n)), 64);
    clv_network_close(b->n);
    b->n = NULL;
    assert_int_equal(truncate(b->path, 20), 0);
    assert_int_equal(
        clv_network_open(b->path, b->engine, b->store, &b->n, &err),
        CLEAVE_CORRUPT);
    assert_string_equal(err.where, b->path);
    assert_int_equal(unlink(b->path), 0);
    assert_int_equal(
        clv_network_open(b->path, b->engine, b->store, &b->n, NULL),
        CLEAVE_NOT_FOUND);
    clv_network_close(NULL);
}

int main(void)
{
#define IN_BED(test) cmocka_unit_test_setup_teardown(test, bed_begin, bed_end)
    const struct CMUnitTest tests[] = {
        IN_BED(only_what_is_loaded_takes_memory),
        IN_BED(a_part_loaded_twice_is_one),
        IN_BED(threads_that_load_the_same_get_the_same),
        IN_BED(threads_use_many_parts_at_once),
        IN_BED(threads_that_fail_fail_each),
        IN_BED(a_cut_is_known_by_its_tensors_in_any_order),
        IN_BED(the_order_of_tensors_is_no_other_part),
        IN_BED(unknown_cuts_name_what_is_near),
        IN_BED(bad_files_are_refused),
        cmocka_unit_test_setup_teardown(stored_inputs_give_the_stored_outputs,
                                        open_fixture, close_fixture),
        cmocka_unit_test_setup_teardown(every_offered_cut_equals_the_whole,
                                        open_fixture, close_fixture),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
