/*
 * network_bed.h - a folder with a store, an engine and one network, for the
 * tests of network/.
 */
#ifndef NETWORK_BED_H
#define NETWORK_BED_H

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "graph_runner.h"
#include "graph_samples.h"
#include "network/network.h"
#include "store/store.h"

struct bed {
    char folder[64]; /* the store is the folder `store` in it */
    char path[128];  /* of the model */
    struct clv_store *store;
    struct clv_engine *engine;
    struct clv_network *n;
};

/* Opens the store in the folder. */
static inline int bed_store(struct bed *b)
{
    char path[128];

    snprintf(path, sizeof path, "%s/store", b->folder);
    return clv_store_open(path, &b->store, NULL) == CLEAVE_OK ? 0 : -1;
}

static inline int bed_begin(void **state)
{
    struct bed *b = calloc(1, sizeof *b);

    if (b == NULL) {
        return -1;
    }
    *state = b;
    strcpy(b->folder, "/tmp/cleave-network-XXXXXX");
    if (mkdtemp(b->folder) == NULL) {
        return -1;
    }
    snprintf(b->path, sizeof b->path, "%s/model.onnx", b->folder);
    return bed_store(b);
}

static inline int bed_end(void **state)
{
    struct bed *b = *state;

    clv_network_close(b->n);
    clv_engine_close(b->engine);
    clv_store_work_end(b->store, b->folder);
    clv_store_close(b->store);
    free(b);
    return 0;
}

static inline void bed_write(struct bed *b, void (*make)(struct maker *))
{
    struct maker *m = maker_new();

    make(m);
    maker_write(m, b->path);
    maker_free(m);
}

/* Opens (anew) the network of the file, and the engine the first time. */
static inline struct clv_network *bed_open(struct bed *b)
{
    cleave_error err = CLEAVE_ERROR_INIT;

    clv_network_close(b->n);
    b->n = NULL;
    if ((b->engine == NULL &&
         clv_engine_open("cpu:threads=1", &b->engine, &err) != CLEAVE_OK) ||
        clv_network_open(b->path, b->engine, b->store, &b->n, &err) !=
            CLEAVE_OK) {
        fprintf(stderr, "%s: %s\n", err.where, err.text);
        abort();
    }
    return b->n;
}

static inline struct clv_network *bed_make(struct bed *b,
                                           void (*make)(struct maker *))
{
    bed_write(b, make);
    return bed_open(b);
}

/* Calls for every file of the store whose name ends so; returns how many. */
static inline int bed_each_entry(struct bed *b, const char *below,
                                 const char *ending,
                                 void (*call)(const char *path, void *self),
                                 void *self)
{
    char folder[128];
    char path[512];
    struct dirent *entry;
    int count = 0;
    DIR *dir;

    snprintf(folder, sizeof folder, "%s/store/%s", b->folder, below);
    dir = opendir(folder);
    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        if (entry->d_type == DT_REG && clv_path_ends(entry->d_name, ending)) {
            snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
            if (call != NULL) {
                call(path, self);
            }
            count++;
        }
    }
    if (dir != NULL) {
        closedir(dir);
    }
    return count;
}

/*
 * Runs head, then tail, and compares every output with the whole's. 0 if all
 * is well; says what is not.
 */
static inline int bed_check_cut(struct clv_network *n, const char *cut)
{
    static const enum clv_part_kind kinds[] = {CLV_PART_WHOLE, CLV_PART_HEAD,
                                               CLV_PART_TAIL};
    cleave_error err = CLEAVE_ERROR_INIT;
    struct clv_part *part[3] = {NULL};
    struct run r[3] = {{0}};
    cleave_tensor known[3 * RUN_ENDS];
    size_t known_count = 0;
    int bad = 0;

    for (int i = 0; i < 3 && !bad; i++) {
        bad = clv_network_load(n, kinds[i], cut, &part[i], &err) != CLEAVE_OK ||
              run_begin(clv_part_session(part[i]), known, known_count, &r[i],
                        &err) != CLEAVE_OK;
        for (size_t j = 0; i == 0 && j < r[0].input_count; j++) {
            known[known_count++] = r[0].inputs[j];
        }
        for (size_t j = 0; i > 0 && j < r[i].out_count; j++) {
            known[known_count++] = r[i].out[j];
        }
    }
    for (size_t i = 0; !bad && i < r[0].out_count; i++) {
        const cleave_tensor *t =
            run_find(known, known_count, r[0].out[i].info.name);
        bad = t == NULL || !run_same(&r[0].out[i], t, 1e-5);
    }
    if (bad) {
        fprintf(stderr, "cut %s: %s: %s\n", cut, err.where, err.text);
    }
    for (int i = 0; i < 3; i++) {
        run_end(&r[i]);
        clv_part_release(part[i]);
    }
    return bad;
}

#endif
