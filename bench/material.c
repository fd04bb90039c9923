/*
 * material.c - trained networks and their data, made ready to be used.
 *
 * Files of the test data are linked to, with the folders of data beside the
 * one with models, as cards name their classes' files by these places.
 */
#include "bench/material.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/child.h"
#include "bench/stage.h"
#include "media/npy.h"
#include "media/source.h"

/* A record of key words: the class, then the features of 49 moments. */
#define MOMENTS 49
#define FEATURES 10
#define RECORD (1 + MOMENTS * FEATURES)
#define FEATURE_ZERO 83
#define FEATURE_SCALE 0.5847029
#define FILE_MAX ((size_t)64 << 20)

#define PICTURE_CARD(task, name, steps, channels, scale, mean, std, out)    \
    "task: " task "\ninput:\n  - name: " name "\n    kind: image\n"         \
    "    prepare: " steps "\n    channels: " channels "\n    scale: " scale \
    "\n    mean: [" mean "]\n    std: [" std "]\noutput:\n  - {name: " out  \
    "}\n"
#define UNIT "0.00392156862745098"

static const char words_card[] =
    "task: classification\nmetric: top1\ninput:\n  - name: input\n"
    "    kind: array\n    dtype: float32\n    shape: [1, 1, 49, 10]\n"
    "output:\n  - name: logits\n    labels: ../kws-1000/classes.txt\n";
static const char persons_card[] =
    PICTURE_CARD("classification", "input", "[{resize: 96}]", "rgb", UNIT, "0",
                 "1", "logits");
static const char faces_card[] =
    PICTURE_CARD("detection", "input", "[{resize: 320x240}]", "rgb", "1", "127",
                 "128", "scores");
static const char objects_card[] =
    PICTURE_CARD("detection", "'input.1'", "[{resize: 352}]", "bgr", UNIT, "0",
                 "1", "'758'");

/* What a network is used with. */
enum inputs { PICTURES, SENTENCES, WORDS, PERSONS, DETECTIONS };

struct place {
    const char *name;
    const char *folder; /* below the test data; NULL: made .. */
    const char *from;   /* .. from this one */
    const char *card;   /* NULL: the test data has it */
    enum inputs inputs;
};

static const struct place places[] = {
    {"mobilenet_v1_1.0_224_fp32", "models-imagenet", NULL, NULL, PICTURES},
    {"mobilenet_v1_1.0_224_int8", "models-imagenet", NULL, NULL, PICTURES},
    {"mobilenet_v1_0.75_192_fp32", "models-imagenet", NULL, NULL, PICTURES},
    {"mobilenet_v1_0.75_192_int8", "models-imagenet", NULL, NULL, PICTURES},
    {"mobilenet_v1_0.5_160_fp32", "models-imagenet", NULL, NULL, PICTURES},
    {"mobilenet_v1_0.5_160_int8", "models-imagenet", NULL, NULL, PICTURES},
    {"mobilenet_v1_0.25_128_fp32", "models-imagenet", NULL, NULL, PICTURES},
    {"mobilenet_v1_0.25_128_int8", "models-imagenet", NULL, NULL, PICTURES},
    {"mobilenet_v2_fp32", "models-imagenet", NULL, NULL, PICTURES},
    {"mobilenet_v2_int8", "models-imagenet", NULL, NULL, PICTURES},
    {"squeezenet1_1_fp32", "models-imagenet", NULL, NULL, PICTURES},
    {"text_s_fp32", "models-text", NULL, NULL, SENTENCES},
    {"text_s_int8", "models-text", NULL, NULL, SENTENCES},
    {"text_m_fp32", "models-text", NULL, NULL, SENTENCES},
    {"text_m_int8", "models-text", NULL, NULL, SENTENCES},
    {"text_l_fp32", "models-text", NULL, NULL, SENTENCES},
    {"text_l_int8", "models-text", NULL, NULL, SENTENCES},
    {"kws_ds_cnn_fp32", "models-small", NULL, words_card, WORDS},
    {"kws_ds_cnn_int8", "models-small", NULL, words_card, WORDS},
    {"vww_96_fp32", "models-small", NULL, persons_card, PERSONS},
    {"vww_96_int8", NULL, "vww_96_fp32", persons_card, PERSONS},
    {"ultraface_rfb320", "models-small", NULL, faces_card, DETECTIONS},
    {"ultraface_rfb320_int8", NULL, "ultraface_rfb320", faces_card, DETECTIONS},
    {"fastestdet_coco", "models-small", NULL, objects_card, DETECTIONS},
    {"fastestdet_coco_int8", NULL, "fastestdet_coco", objects_card, DETECTIONS},
};

static const struct place *find(const char *name)
{
    size_t i = 0;

    while (i < sizeof places / sizeof places[0] &&
           strcmp(places[i].name, name) != 0) {
        i++;
    }
    stage_must(i < sizeof places / sizeof places[0] ? CLEAVE_OK
                                                    : CLEAVE_NOT_FOUND,
               NULL, name);
    return &places[i];
}

static void join(char into[CLV_PATH_MAX], const char *folder, const char *name,
                 const char *ending)
{
    stage_must(clv_path_print(into, CLV_PATH_MAX, NULL, "%s/%s%s", folder, name,
                              ending),
               NULL, name);
}

/* Links to DATA/FOLDER/NAME as INTO/NAME. */
static void link_one(const struct material *m, const char *folder,
                     const char *name, const char *into)
{
    char from[CLV_PATH_MAX];
    char to[CLV_PATH_MAX];

    join(from, m->data, folder, "/");
    strncat(from, name, sizeof from - strlen(from) - 1);
    join(to, into, name, "");
    stage_link(from, to);
}

void material_open(struct material *m, const char *data)
{
    static const char *const folders[] = {"imagenet-500", "text-500",
                                          "kws-1000"};
    cleave_error err = CLEAVE_ERROR_INIT;
    char cache[CLV_PATH_MAX];

    *m = (struct material){.data = data};
    stage_cache(cache);
    join(m->folder, cache, "carin", "");
    join(m->models, m->folder, "models", "");
    stage_must(clv_folder_make(m->models, &err), &err, m->models);
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
        link_one(m, ".", folders[i], m->folder);
    }
}

/* -- Key words -- */

static void write_file(const char *path, const struct clv_buffer *content)
{
    cleave_error err = CLEAVE_ERROR_INIT;

    stage_must(clv_buffer_status(content), NULL, path);
    stage_must(clv_file_write(path, clv_buffer_bytes(content), &err), &err,
               path);
}

static void write_classes(const char *path, clv_bytes records)
{
    struct clv_buffer csv;

    clv_buffer_init(&csv, FILE_MAX);
    clv_buffer_printf(&csv, "row,class_index\n");
    for (size_t i = 0; i < records.size / RECORD; i++) {
        clv_buffer_printf(&csv, "%zu,%u\n", i, records.data[i * RECORD]);
    }
    write_file(path, &csv);
    clv_buffer_fini(&csv);
}

static void write_features(const char *path, clv_bytes records)
{
    cleave_error err = CLEAVE_ERROR_INIT;
    size_t count = records.size / RECORD;
    size_t each = RECORD - 1;
    float *values = calloc(count * each + 1, sizeof *values);
    struct clv_buffer npy;
    cleave_tensor stack = {
        .info = {.type = CLEAVE_TYPE_F32,
                 .rank = 4,
                 .shape = {(int64_t)count, 1, MOMENTS, FEATURES}},
        .data = values,
        .bytes = count * each * sizeof *values,
    };

    stage_must(values != NULL ? CLEAVE_OK : CLEAVE_MEMORY, NULL, path);
    for (size_t i = 0; i < count * each; i++) {
        int q = (int8_t)records.data[i / each * RECORD + 1 + i % each];
        values[i] = (float)((q - FEATURE_ZERO) * FEATURE_SCALE);
    }
    clv_buffer_init(&npy, FILE_MAX);
    stage_must(clv_npy_write(&stack, &npy, &err), &err, path);
    write_file(path, &npy);
    clv_buffer_fini(&npy);
    free(values);
}

static void make_words(const struct material *m, const char *inputs,
                       const char *labels)
{
    cleave_error err = CLEAVE_ERROR_INIT;
    char path[CLV_PATH_MAX];
    struct clv_map map;

    join(path, m->data, "kws-1000/kws01_1000.bin", "");
    stage_must(clv_map_open(path, &map, &err), &err, path);
    stage_must(map.bytes.size % RECORD == 0 && map.bytes.size < FILE_MAX / 8
                   ? CLEAVE_OK
                   : CLEAVE_CORRUPT,
               NULL, path);
    write_classes(labels, map.bytes);
    write_features(inputs, map.bytes);
    clv_map_close(&map);
}

/* -- Persons -- */

static size_t greatest(const cleave_tensor *answer)
{
    const float *values = answer->data;
    size_t best = 0;

    for (size_t i = 1; i < answer->bytes / sizeof *values; i++) {
        best = values[i] > values[best] ? i : best;
    }
    return best;
}

/* What the network says of each input. */
static void write_answers(struct runner *r, const struct clv_source *source,
                          struct clv_buffer *csv)
{
    cleave_error err = CLEAVE_ERROR_INIT;
    struct clv_sample sample;
    size_t count;

    clv_sample_init(&sample);
    clv_buffer_printf(csv, "file,class_index\n");
    for (uint64_t i = 0; i < clv_source_count(source); i++) {
        stage_must(clv_source_load(source, i, &sample, &err), &err, "input");
        r->inputs[0] = sample.tensors[0];
        runner_run(r, NULL);
        clv_buffer_printf(csv, "%s,%zu\n",
                          clv_path_name(clv_source_file(source, i)),
                          greatest(clv_outputs_tensors(r->outputs, &count)));
    }
    clv_sample_fini(&sample);
}

static void make_persons(const struct material *m, const char *inputs,
                         const char *labels)
{
    static const char name[] = "vww_96_fp32";
    cleave_error err = CLEAVE_ERROR_INIT;
    char path[CLV_PATH_MAX];
    struct stage stage;
    struct subject subject;
    struct runner runner;
    struct clv_card *card;
    struct clv_source *source;
    struct clv_buffer csv;

    (void)material_model(m, name, path);
    stage_open(&stage, "cpu", m->folder);
    subject_open(&subject, &stage, path);
    runner_open(&runner, &subject, CLV_PART_WHOLE, NULL, NULL);
    join(path, m->models, name, ".yaml");
    stage_must(clv_card_read(path, &card, &err), &err, path);
    stage_must(clv_source_new(card, &subject.inputs[0].info, 1, &inputs, 1,
                              &source, &err),
               &err, inputs);
    clv_buffer_init(&csv, FILE_MAX);
    write_answers(&runner, source, &csv);
    write_file(labels, &csv);
    clv_buffer_fini(&csv);
    clv_source_free(source);
    clv_card_free(card);
    runner_close(&runner);
    subject_close(&subject);
    stage_close(&stage);
}

/* -- Inputs -- */

void material_inputs(const struct material *m, const char *name,
                     char inputs[CLV_PATH_MAX], char labels[CLV_PATH_MAX])
{
    enum inputs kind = find(name)->inputs;

    labels[0] = '\0';
    join(inputs, m->folder, kind == SENTENCES ? "text-500" : "imagenet-500",
         "");
    if (kind == PICTURES || kind == SENTENCES) {
        join(labels, inputs, "labels.csv", "");
    } else if (kind == WORDS) {
        join(inputs, m->folder, "words.npy", "");
        join(labels, m->folder, "words.csv", "");
        if (access(inputs, R_OK) != 0) {
            make_words(m, inputs, labels);
        }
    } else if (kind == PERSONS) {
        join(labels, m->folder, "persons.csv", "");
        if (access(labels, R_OK) != 0) {
            make_persons(m, inputs, labels);
        }
    }
}

/* -- Networks -- */

static void write_card(const struct material *m, const struct place *place)
{
    cleave_error err = CLEAVE_ERROR_INIT;
    char file[CLV_PATH_MAX];
    char path[CLV_PATH_MAX];
    clv_bytes text = {(const uint8_t *)place->card,
                      place->card != NULL ? strlen(place->card) : 0};

    if (place->card == NULL) {
        snprintf(file, sizeof file, "%s.yaml", place->name);
        link_one(m, "cards", file, m->models);
        return;
    }
    join(path, m->models, place->name, ".yaml");
    stage_must(clv_file_write(path, text, &err), &err, path);
}

/* Whether there is an int8 variant of the network now. What fails leaves
   nothing under the variant's name. */
static int quantize(const struct material *m, const struct place *place,
                    const char *path)
{
    struct child program;
    char from[CLV_PATH_MAX];
    char made[CLV_PATH_MAX];
    char inputs[CLV_PATH_MAX];
    char labels[CLV_PATH_MAX];
    char log[CLV_PATH_MAX];
    const char *args[] = {"quantize", from, "--data",  inputs,
                          "-o",       made, "--quiet", NULL};

    (void)material_model(m, place->from, from);
    material_inputs(m, place->from, inputs, labels);
    join(made, m->folder, "made.onnx", "");
    join(log, m->folder, "quantize.log", "");
    printf("quantizing %s\n", place->from);
    (void)unlink(made);
    child_start(&program, args, log);
    if (child_wait(&program) != 0 || rename(made, path) != 0) {
        printf("%s could not be quantized; see %s\n", place->from, log);
        return 0;
    }
    return 1;
}

int material_model(const struct material *m, const char *name,
                   char into[CLV_PATH_MAX])
{
    const struct place *place = find(name);
    char file[CLV_PATH_MAX];

    join(into, m->models, name, ".onnx");
    if (place->folder != NULL) {
        snprintf(file, sizeof file, "%s.onnx", name);
        link_one(m, place->folder, file, m->models);
    } else if (access(into, R_OK) != 0 && !quantize(m, place, into)) {
        return 0;
    }
    write_card(m, place);
    return 1;
}
