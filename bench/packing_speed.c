/*
 * packing_speed.c - nanoseconds an element, warm, on one core.
 *
 * Ours is the whole way: a tensor quantised, coded and framed, and a frame
 * read, decoded and dequantised, calibrated, at a step of one standard
 * deviation. General compressors get the symbols ready made, a byte each,
 * and give them back; memcpy copies the tensor. All take turns within a
 * round. What is measured is the thread's processor time, for the machine
 * may be shared; the value is the least of five medians, each of the rounds
 * of one stretch.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench/coded.h"
#include "bench/packing_sections.h"
#include "bench/rivals.h"
#include "bench/tally.h"

#define SIZES 3
#define STRETCHES 5
#define TURN_NS 200000
#define MOST_CONTENDERS 24
#define STEP_SD 1.0

/* Nanoseconds an element. */
#define DENSE_BAR (1 / 0.3)
#define FAST_ENCODE_BAR (1 / 2.0)
#define FAST_DECODE_BAR (1 / 4.0)

static const uint64_t wanted_elements[SIZES] = {8000, 50000, 200000};
static const char *const size_names[SIZES] = {"8k", "50k", "200k"};

/* The tensor nearest to one of the sizes. */
struct choice {
    const struct exhibit_place *place;
    char cut[128];
    uint64_t elements;
};

/* Something that is run again and again. */
struct contender {
    char name[48]; /* "dense-encode" */
    void (*run)(struct contender *c);
    double bar;
    struct clv_codec *codec;
    struct clv_packing packing;
    struct clv_buffer message;
    enum rival rival;
    uint8_t *bytes; /* what a rival made, or makes */
    size_t size;
    struct arena *arena;
    size_t batch; /* runs in a turn */
    struct tally stretches[STRETCHES];
    struct tally all;
};

/* What all contenders share. */
struct arena {
    const struct effort *effort;
    const char *size_name;
    const struct clv_calibration *calibration;
    cleave_tensor tensor; /* its data is ours */
    float *back;
    const uint8_t *symbols;
    uint8_t *symbols_back;
    struct rivals *rivals;
    struct contender contenders[MOST_CONTENDERS];
    size_t count;
    char described[256];
};

static void *must_alloc(size_t size)
{
    void *memory = malloc(size + 64);

    stage_must(memory != NULL ? CLEAVE_OK : CLEAVE_MEMORY, NULL, "memory");
    return memory;
}

/* -- What contenders do -- */

static void run_encode(struct contender *c)
{
    clv_buffer_reset(&c->message);
    stage_must(clv_codec_pack(c->codec, &c->packing, &c->arena->tensor, 1,
                              &c->message, NULL),
               NULL, c->name);
}

static void run_decode(struct contender *c)
{
    struct clv_frame frame;

    stage_must(clv_frame_read(clv_buffer_bytes(&c->message),
                              c->arena->calibration, &frame, NULL),
               NULL, c->name);
    stage_must(clv_codec_unpack(c->codec, &frame, c->arena->back,
                                c->arena->tensor.bytes, NULL),
               NULL, c->name);
}

static void run_memcpy(struct contender *c)
{
    memcpy(c->arena->back, c->arena->tensor.data, c->arena->tensor.bytes);
    __asm__ volatile("" : : "r"(c->arena->back) : "memory");
}

static size_t symbol_count(const struct arena *a)
{
    return a->tensor.bytes / sizeof(float);
}

static void run_compress(struct contender *c)
{
    size_t count = symbol_count(c->arena);

    c->size = rival_compress(c->arena->rivals, c->rival, c->arena->symbols,
                             count, c->bytes, rival_room(count));
    stage_must(c->size > 0 ? CLEAVE_OK : CLEAVE_INVALID, NULL, c->name);
}

static void run_decompress(struct contender *c)
{
    stage_must(rival_decompress(c->arena->rivals, c->rival, c->bytes, c->size,
                                c->arena->symbols_back, symbol_count(c->arena))
                   ? CLEAVE_OK
                   : CLEAVE_CORRUPT,
               NULL, c->name);
}

/* -- Who takes part -- */

static struct contender *join(struct arena *a, const char *name,
                              void (*run)(struct contender *c), double bar)
{
    struct contender *c = &a->contenders[a->count++];

    stage_must(a->count <= MOST_CONTENDERS ? CLEAVE_OK : CLEAVE_LIMIT, NULL,
               name);
    snprintf(c->name, sizeof c->name, "%s", name);
    c->run = run;
    c->bar = bar;
    c->arena = a;
    clv_buffer_init(&c->message, SIZE_MAX / 2);
    return c;
}

static void skip(const struct arena *a, const char *name, const char *why)
{
    char id[96];

    snprintf(id, sizeof id, "packing.speed.%s.%s", name, a->size_name);
    tally_skip(id, "time of an element on one core", why);
}

/* Why the packing is no way to send the tensor, NULL if it is one. */
static const char *try_out(struct contender *c)
{
    struct clv_frame frame;
    cleave_status status = clv_codec_pack(
        c->codec, &c->packing, &c->arena->tensor, 1, &c->message, NULL);

    if (status == CLEAVE_OK) {
        status = clv_frame_read(clv_buffer_bytes(&c->message),
                                c->arena->calibration, &frame, NULL);
    }
    if (status != CLEAVE_OK) {
        return cleave_status_text(status);
    }
    return frame.coder == c->packing.coder ? NULL : "the tensor went raw";
}

/* One direction of one of our coders on one path. */
static void join_coder(struct arena *a, enum clv_coder coder,
                       const char *path_name, enum clv_path path, int decodes,
                       double bar)
{
    char name[48];
    const char *why;
    struct contender *c;

    snprintf(name, sizeof name, "%s-%s%s", clv_coder_name(coder),
             decodes ? "decode" : "encode", path_name);
    if (!clv_processor_has(path)) {
        skip(a, name, "this processor lacks the path");
        return;
    }
    c = join(a, name, decodes ? run_decode : run_encode, bar);
    c->packing =
        (struct clv_packing){.coder = coder, .step = STEP_SD, .step_in_sd = 1};
    stage_must(clv_codec_new(a->calibration, &c->codec), NULL, name);
    clv_codec_take(c->codec, path);
    why = try_out(c);
    if (why != NULL) {
        clv_buffer_fini(&c->message);
        clv_codec_free(c->codec);
        *c = (struct contender){0};
        a->count--;
        skip(a, name, why);
    }
}

static void join_coders(struct arena *a)
{
    enum clv_path best = clv_processor_best();

    for (int decodes = 0; decodes < 2; decodes++) {
        double fast = decodes ? FAST_DECODE_BAR : FAST_ENCODE_BAR;
        join_coder(a, CLV_CODER_DENSE, "", best, decodes, DENSE_BAR);
        join_coder(a, CLV_CODER_DENSE, "-avx2", CLV_PATH_AVX2, decodes,
                   DENSE_BAR);
        join_coder(a, CLV_CODER_FAST, "", best, decodes, fast);
        join_coder(a, CLV_CODER_LZ, "", best, decodes, 0);
    }
}

static void join_rival(struct arena *a, enum rival rival)
{
    struct contender *c;
    char name[48];

    snprintf(name, sizeof name, "%s-encode", rival_name(rival));
    if (!rival_is_here(rival)) {
        skip(a, name,
             "built without libzstd and c-blosc; scripts/setup.sh bench "
             "installs them");
        return;
    }
    c = join(a, name, run_compress, 0);
    c->rival = rival;
    c->bytes = must_alloc(rival_room(symbol_count(a)));
    run_compress(c);
    snprintf(name, sizeof name, "%s-decode", rival_name(rival));
    c = join(a, name, run_decompress, 0);
    c->rival = rival;
    c->bytes = must_alloc(rival_room(symbol_count(a)));
    run_compress(c);
}

static void leave(struct contender *c)
{
    clv_buffer_fini(&c->message);
    clv_codec_free(c->codec);
    free(c->bytes);
    tally_fini(&c->all);
    for (size_t i = 0; i < STRETCHES; i++) {
        tally_fini(&c->stretches[i]);
    }
}

/* -- Measuring -- */

static int64_t spent_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* Nanoseconds of one run. */
static double take_turn(struct contender *c)
{
    int64_t before = spent_ns();

    for (size_t i = 0; i < c->batch; i++) {
        c->run(c);
    }
    return (double)(spent_ns() - before) / (double)c->batch;
}

/* Runs warm up, too, while the size of a turn is found. */
static void warm_up(struct contender *c, size_t rounds)
{
    c->batch = 1;
    while (take_turn(c) * (double)c->batch < TURN_NS && c->batch < 1u << 20) {
        c->batch *= 2;
    }
    tally_init(&c->all, STRETCHES * rounds);
    for (size_t i = 0; i < STRETCHES; i++) {
        tally_init(&c->stretches[i], rounds);
    }
}

static void measure(struct arena *a)
{
    double elements = (double)symbol_count(a);

    for (size_t i = 0; i < a->count; i++) {
        warm_up(&a->contenders[i], a->effort->rounds);
    }
    for (size_t s = 0; s < STRETCHES; s++) {
        for (size_t round = 0; round < a->effort->rounds; round++) {
            for (size_t i = 0; i < a->count; i++) {
                struct contender *c = &a->contenders[i];
                double ns = take_turn(c) / elements;
                tally_add(&c->stretches[s], ns);
                tally_add(&c->all, ns);
            }
        }
    }
}

static void print(struct contender *c)
{
    json_t *context = tally_context();
    double least = INFINITY;
    char id[96];

    for (size_t i = 0; i < STRETCHES; i++) {
        double median = tally_median(&c->stretches[i]);
        least = median < least ? median : least;
    }
    tally_describe(context, "ns", &c->all);
    json_object_update_new(
        context,
        json_pack("{s:s, s:I, s:s, s:f, s:b}", "tensor", c->arena->described,
                  "elements", (json_int_t)symbol_count(c->arena), "time",
                  "processor time of the thread, least of five medians",
                  "gigaelements_per_s", 1 / least, "quick",
                  c->arena->effort->quick));
    snprintf(id, sizeof id, "packing.speed.%s.%s", c->name,
             c->arena->size_name);
    tally_row(id, "time of an element on one core", least, "ns", c->bar,
              context);
}

/* -- Tensors -- */

static void choose_among(struct choice choices[SIZES],
                         const struct exhibit_place *place,
                         const struct clv_cut *cuts, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        double elements = (double)exhibit_elements(&cuts[i]);
        for (size_t s = 0; s < SIZES && elements > 0; s++) {
            struct choice *c = &choices[s];
            double wanted = (double)wanted_elements[s];
            if (c->place == NULL ||
                fabs(log(elements / wanted)) <
                    fabs(log((double)c->elements / wanted))) {
                c->place = place;
                c->elements = (uint64_t)elements;
                snprintf(c->cut, sizeof c->cut, "%s", cuts[i].name);
            }
        }
    }
}

/* The first of the nearest, in the order of networks and of cuts. */
static void choose(const char *data, const struct effort *effort,
                   struct choice choices[SIZES])
{
    cleave_error err = CLEAVE_ERROR_INIT;
    struct exhibit e;
    const struct clv_cut *cuts;
    size_t count;

    for (size_t i = 0; i < EXHIBIT_KNOWN; i++) {
        exhibit_open(&e, data, exhibit_known(i), effort, 1);
        stage_must(clv_network_all_cuts(e.network, &cuts, &count, &err), &err,
                   e.name);
        choose_among(choices, exhibit_known(i), cuts, count);
        exhibit_close(&e);
    }
}

static void race(void *self, const cleave_tensor *tensor)
{
    struct arena *a = self;
    struct coded coded;

    a->tensor = *tensor;
    a->tensor.data = must_alloc(tensor->bytes);
    memcpy(a->tensor.data, tensor->data, tensor->bytes);
    a->back = must_alloc(tensor->bytes);
    a->symbols_back = must_alloc(symbol_count(a));
    coded_init(&coded, a->calibration);
    stage_must(coded_make(&coded, tensor, STEP_SD) && coded.symbols != NULL
                   ? CLEAVE_OK
                   : CLEAVE_UNSUPPORTED,
               NULL, tensor->info.name);
    a->symbols = coded.symbols;
    a->rivals = rivals_new();
    join_coders(a);
    join(a, "memcpy", run_memcpy, 0);
    for (int i = RIVAL_FIRST_FAST; i < RIVAL_COUNT; i++) {
        join_rival(a, (enum rival)i);
    }
    measure(a);
    for (size_t i = 0; i < a->count; i++) {
        print(&a->contenders[i]);
        leave(&a->contenders[i]);
    }
    rivals_free(a->rivals);
    coded_fini(&coded);
    free(a->tensor.data);
    free(a->back);
    free(a->symbols_back);
}

static void race_at(const char *data, const struct effort *effort, size_t size,
                    const struct choice *choice)
{
    struct arena *arena = calloc(1, sizeof *arena);
    struct clv_calibration *calibration;
    struct exhibit e;

    stage_must(arena != NULL ? CLEAVE_OK : CLEAVE_MEMORY, NULL, "arena");
    exhibit_open(&e, data, choice->place, effort, 1);
    calibration = exhibit_calibrate(&e, choice->cut);
    arena->effort = effort;
    arena->size_name = size_names[size];
    arena->calibration = calibration;
    snprintf(arena->described, sizeof arena->described, "%s %s",
             choice->place->name, choice->cut);
    printf("speed: %s has %llu elements\n", arena->described,
           (unsigned long long)choice->elements);
    exhibit_show(&e, choice->cut, 1, race, arena);
    clv_calibration_free(calibration);
    exhibit_close(&e);
    free(arena);
}

void section_speed(const char *data, const struct effort *effort)
{
    struct choice choices[SIZES] = {0};

    choose(data, effort, choices);
    for (size_t i = 0; i < SIZES; i++) {
        race_at(data, effort, i, &choices[i]);
    }
}
