/*
 * test_network.c - cut networks equal the whole.
 *
 * For every network of the data folder (CLEAVE_DATA, or shared/data beside
 * the checkout; a notice where it is absent): every offered cut, head then
 * tail, gives what the whole network gives, bit for bit or within 1e-5 of
 * the largest output.
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

#include "base/file.h"
#include "network/network.h"
#include "store/store.h"

#define MOST_ENDS 16

static const char *data_folder(void)
{
    const char *folder = getenv("CLEAVE_DATA");

    return folder != NULL ? folder : TEST_SOURCE_DIR "/../shared/data";
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
        if (clv_path_ends(entry->d_name, ".onnx")) {
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_offered_cut_equals_the_whole,
                                        open_fixture, close_fixture),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
