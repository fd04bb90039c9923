/*
 * usecase.h - applications of one and of several tasks, profiled.
 *
 * Four use cases after those of the paper (Panopoulos et al., CARIn, ACM TECS
 * 2024), of the networks in the test data, and one with a server:
 *
 *     pictures     what is it: the MobileNetV1 ladder, MobileNetV2, SqueezeNet
 *     sentences    what is wanted: three transformers
 *     awake        key words, and is there anybody: two small tasks
 *     camera       scene, faces and objects at once
 *     helped       what is it, with a server
 *
 * Profiles are made when first wanted, by `cleave profile`, as users do; they
 * are kept below the benchmarks' cache, and a later run finds them there.
 * `elsewhere` is another device: this one with a single core, emulated by
 * keeping the program that profiles on that core.
 *
 * Everything here ends the program with a message if it fails. One thread.
 */
#ifndef CLV_USECASE_H
#define CLV_USECASE_H

#include <jansson.h>

#include "bench/child.h"
#include "bench/material.h"
#include "run/blueprint.h"

#define USECASE_TASKS 3
#define USECASE_VARIANTS 12

struct usecase_task {
    const char *name;
    const char *variants[USECASE_VARIANTS]; /* networks; NULL at the end */
    const char *wishes; /* lines of the task, indented by four */
};

struct usecase {
    const char *name;
    struct usecase_task tasks[USECASE_TASKS];
    size_t task_count;
    const char *wishes; /* lines of the application, or "" */
    int has_server;
};

/* Those of the paper come first. */
#define USECASE_PAPER 4
size_t usecase_count(void);
const struct usecase *usecase_at(size_t index);
const struct usecase *usecase_find(const char *name);

enum usecase_device { USECASE_HERE, USECASE_ELSEWHERE };

/* A use case with its profile. */
struct usecase_world {
    const struct usecase *usecase;
    struct material material;
    char app[CLV_PATH_MAX];
    char database[CLV_PATH_MAX];
    char cache[CLV_PATH_MAX];
    struct clv_application *application;
    struct clv_blueprint *blueprint;
};

void usecase_open(struct usecase_world *w, const char *data,
                  const struct usecase *usecase, enum usecase_device device);
void usecase_close(struct usecase_world *w);

/*
 * Wants more: writes the application file anew as `path`, with lines of its
 * own for each task after the use case's (its list of constraints goes on),
 * and loads it by the same profile.
 */
void usecase_refine(struct usecase_world *w, const char *path,
                    const char *const *more);

/* A design in words, task by task; and what it is worth in each objective. */
json_t *usecase_design(const struct clv_product *product,
                       const uint32_t *choice);
json_t *usecase_objectives(const struct clv_product *product,
                           const uint32_t *choice);

#endif
