/*
 * runner_bed.h - a runner, a server of its own in another process, and an
 * emulated link between them, for tests that kill, stop and cut.
 *
 * The network is the tiny chain on an engine that is emulated as slow, so
 * that the server is worth its link. Costs are written by hand. The server
 * is this very program, called with "serve": runner_bed_serves() must be the
 * first thing in main. It listens behind a relay (link/relay.h), so that its
 * address stays the same whatever becomes of it.
 */
#ifndef RUNNER_BED_H
#define RUNNER_BED_H

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "cleave/server.h"
#include "link/relay.h"
#include "run/adaptive.h"
#include "tiny_server.h"

#define BED_ENGINE "cpu:threads=1,slow=100"
#define BED_PATIENCE_NS ((int64_t)120 * 1000000000)

struct runner_bed {
    struct tiny_server there; /* its folders only */
    char model[128];
    char cache[128];
    char served[128]; /* what the server keeps */
    char url[64];
    uint16_t port; /* of the server itself */
    pid_t server;
    struct clv_relay *relay;

    struct clv_application application;
    struct clv_app_task task;
    struct clv_app_variant variant;
    struct clv_app_server server_row;
    char *engines[1];
    struct clv_designs designs;
    cleave_runner *runner;

    pthread_mutex_t lock; /* guards the counts */
    pthread_cond_t told;
    int events[CLEAVE_EVENT_COUNT];

    float data[TINY_SIZE];
    cleave_tensor input;
};

/* -- The server's process -- */

/* In the child: serves until it is killed. Never returns if this is it. */
static inline void runner_bed_serves(int argc, char **argv)
{
    cleave_server_options o = CLEAVE_SERVER_OPTIONS_INIT;
    cleave_server *server = NULL;
    char port[16];
    char listen[32];

    if (argc != 5 || strcmp(argv[1], "serve") != 0) {
        return;
    }
    snprintf(listen, sizeof listen, "127.0.0.1:%s", argv[4]);
    o.models = argv[2];
    o.cache = argv[3];
    o.listen = listen;
    o.workers = 2;
    if (cleave_server_open(&o, &server, NULL) != CLEAVE_OK) {
        _exit(1);
    }
    snprintf(port, sizeof port, "%u\n", cleave_server_port(server));
    if (write(STDOUT_FILENO, port, strlen(port)) < 0) {
        _exit(1);
    }
    for (;;) {
        pause();
    }
}

/* Starts it; on a free port the first time, on the same one afterwards. */
static inline void runner_bed_start_server(struct runner_bed *b)
{
    int ends[2];
    char said[16] = "";
    char port[16];
    size_t have = 0;

    snprintf(port, sizeof port, "%u", b->port);
    assert_int_equal(pipe(ends), 0);
    b->server = fork();
    assert_true(b->server >= 0);
    if (b->server == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL); /* a test that crashes ends */
        dup2(ends[1], STDOUT_FILENO);
        close(ends[0]);
        close(ends[1]);
        execl("/proc/self/exe", "server", "serve", b->there.models, b->served,
              port, (char *)NULL);
        _exit(127);
    }
    close(ends[1]);
    while (have < sizeof said - 1 && strchr(said, '\n') == NULL) {
        ssize_t n = read(ends[0], said + have, sizeof said - 1 - have);
        if (n <= 0) {
            fail_msg("The server did not start.");
        }
        have += (size_t)n;
    }
    close(ends[0]);
    b->port = (uint16_t)atoi(said);
}

static inline void runner_bed_kill_server(struct runner_bed *b)
{
    if (b->server > 0) {
        kill(b->server, SIGKILL);
        waitpid(b->server, NULL, 0);
        b->server = 0;
    }
}

/* -- What there is to choose from -- */

static inline struct clv_spread runner_bed_time(double ns)
{
    double values[3] = {0.9 * ns, ns, 1.1 * ns};

    return clv_spread_of(values, 3);
}

static inline void runner_bed_pack(struct runner_bed *b, uint32_t cut,
                                   const char *text, double bytes)
{
    struct clv_cost_pack row = {.cut = cut,
                                .pack_ns = runner_bed_time(1e5),
                                .unpack_ns = runner_bed_time(2e4),
                                .bytes_up = runner_bed_time(bytes),
                                .huffman_bytes = CLV_UNKNOWN,
                                .bytes_down = 16700};

    assert_int_equal(clv_packing_parse(text, &row.packing, NULL), CLEAVE_OK);
    assert_int_equal(clv_costs_pack(&b->designs.costs, &row, NULL), CLEAVE_OK);
}

/* Head and tail of a cut: so many of the chain's three steps are here. */
static inline void runner_bed_cut(struct runner_bed *b, const char *name,
                                  int steps)
{
    struct clv_costs *costs = &b->designs.costs;
    struct clv_cost_cut cut = {.tensors = 1,
                               .name = (char *)(uintptr_t)name,
                               .head_share = steps / 3.0,
                               .raw_bytes = sizeof b->data};
    struct clv_cost_head head = {.time_ns = runner_bed_time(1.5e6 * steps),
                                 .finish_ns =
                                     runner_bed_time(1.5e6 * (3 - steps)),
                                 .memory_bytes = 1e6,
                                 .energy_j = CLV_UNKNOWN};
    struct clv_cost_tail tail = {.time_ns = runner_bed_time(2e4)};

    assert_int_equal(clv_costs_cut(costs, &cut, &head.cut, NULL), CLEAVE_OK);
    tail.cut = head.cut;
    assert_int_equal(clv_costs_head(costs, &head, NULL), CLEAVE_OK);
    if (steps < 3) {
        assert_int_equal(clv_costs_tail(costs, &tail, NULL), CLEAVE_OK);
        runner_bed_pack(b, head.cut, "f32", sizeof b->data + 200);
    }
}

static inline void runner_bed_fill(struct runner_bed *b)
{
    struct clv_costs *costs = &b->designs.costs;
    struct clv_cost_variant v = {.name = b->variant.name,
                                 .metric = (char *)(uintptr_t)"cosine",
                                 .score = 1,
                                 .score_low = 1,
                                 .score_high = 1};
    uint32_t at;

    clv_costs_init(costs);
    assert_int_equal(clv_costs_engine(costs, BED_ENGINE, &at, NULL), CLEAVE_OK);
    assert_int_equal(clv_costs_server(costs, b->url, &at, NULL), CLEAVE_OK);
    assert_int_equal(clv_costs_variant(costs, &v, &at, NULL), CLEAVE_OK);
    runner_bed_cut(b, "input", 0);
    runner_bed_cut(b, "a", 1);
    runner_bed_cut(b, "b", 2);
    runner_bed_cut(b, "output", 3);
}

static inline void runner_bed_design(struct runner_bed *b)
{
    struct clv_power power = {CLV_UNKNOWN, CLV_UNKNOWN, CLV_UNKNOWN};

    assert_int_equal(
        clv_space_init(&b->designs.space, &b->designs.costs, &power, NULL),
        CLEAVE_OK);
}

/* -- The bed -- */

static inline void runner_bed_told(void *self, const cleave_event *event)
{
    struct runner_bed *b = self;

    pthread_mutex_lock(&b->lock);
    b->events[event->kind]++;
    pthread_cond_broadcast(&b->told);
    pthread_mutex_unlock(&b->lock);
    if (getenv("BED_TALKS") != NULL) {
        fprintf(stderr, "%9.3f s %-9s %s | %s -> %s\n",
                (double)event->at_ns / 1e9, cleave_event_name(event->kind),
                event->reason != NULL ? event->reason : "",
                event->from != NULL ? event->from : "",
                event->to != NULL ? event->to : "");
    }
}

static inline int runner_bed_events(struct runner_bed *b,
                                    cleave_event_kind kind)
{
    int count;

    pthread_mutex_lock(&b->lock);
    count = b->events[kind];
    pthread_mutex_unlock(&b->lock);
    return count;
}

/* Waits until so many events of a kind were told. */
static inline void runner_bed_await(struct runner_bed *b,
                                    cleave_event_kind kind, int count)
{
    pthread_mutex_lock(&b->lock);
    while (b->events[kind] < count) {
        pthread_cond_wait(&b->told, &b->lock);
    }
    pthread_mutex_unlock(&b->lock);
}

/* Folders, server, relay and costs; the test may add to the costs, and calls
   runner_bed_open. */
static inline struct runner_bed *runner_bed_new(void)
{
    struct runner_bed *b = calloc(1, sizeof *b);
    struct clv_relay_options relay = CLV_RELAY_OPTIONS_INIT;
    char to[32];

    tiny_folder_make(&b->there);
    snprintf(b->model, sizeof b->model, "%s/chain.onnx", b->there.models);
    snprintf(b->cache, sizeof b->cache, "%s/device", b->there.folder);
    snprintf(b->served, sizeof b->served, "%s/served", b->there.folder);
    runner_bed_start_server(b);
    snprintf(to, sizeof to, "127.0.0.1:%u", b->port);
    relay.to = to;
    assert_int_equal(clv_relay_open(&relay, &b->relay, NULL), CLEAVE_OK);
    snprintf(b->url, sizeof b->url, "http://127.0.0.1:%u",
             clv_relay_port(b->relay));
    pthread_mutex_init(&b->lock, NULL);
    pthread_cond_init(&b->told, NULL);
    for (int i = 0; i < TINY_SIZE; i++) {
        b->data[i] = (float)(i % 7) - 3;
    }
    b->input = (cleave_tensor){
        .info = {NULL, CLEAVE_TYPE_F32, 2, {1, TINY_SIZE}},
        .data = b->data,
        .bytes = sizeof b->data,
    };
    b->variant = (struct clv_app_variant){.name = (char *)(uintptr_t)"chain",
                                          .path = b->model};
    b->task = (struct clv_app_task){.name = (char *)(uintptr_t)"test",
                                    .variants = &b->variant,
                                    .variant_count = 1,
                                    .slo = clv_slo_default(),
                                    .guard = 0};
    b->server_row =
        (struct clv_app_server){.url = b->url, .name = b->url, .priority = 1};
    b->engines[0] = (char *)(uintptr_t)BED_ENGINE;
    b->application = (struct clv_application){.tasks = &b->task,
                                              .task_count = 1,
                                              .engines = b->engines,
                                              .engine_count = 1,
                                              .servers = &b->server_row,
                                              .server_count = 1};
    b->designs.application = &b->application;
    b->designs.task = &b->task;
    runner_bed_fill(b);
    return b;
}

static inline void runner_bed_open(struct runner_bed *b, const char *policy,
                                   uint32_t in_flight)
{
    cleave_runner_options o = CLEAVE_RUNNER_OPTIONS_INIT;
    cleave_error err = CLEAVE_ERROR_INIT;

    runner_bed_design(b);
    o.cache = b->cache;
    o.policy = policy;
    o.in_flight = in_flight;
    o.on_event = runner_bed_told;
    o.event_self = b;
    if (clv_runner_open(&b->designs, &o, &b->runner, &err) != CLEAVE_OK) {
        fail_msg("%s: %s", err.where, err.text);
    }
}

static inline void runner_bed_free(struct runner_bed *b)
{
    cleave_runner_close(b->runner);
    clv_relay_close(b->relay);
    runner_bed_kill_server(b);
    clv_space_fini(&b->designs.space);
    clv_costs_fini(&b->designs.costs);
    pthread_cond_destroy(&b->told);
    pthread_mutex_destroy(&b->lock);
    tiny_folder_remove(&b->there);
    free(b);
}

/* -- Inferences -- */

/* y = relu(relu(x) + 1), within `reach`. */
static inline void runner_bed_check(const struct runner_bed *b,
                                    const cleave_result *r, float reach)
{
    const float *y = r->outputs[0].data;

    assert_int_equal(r->outputs[0].bytes, sizeof b->data);
    for (int i = 0; i < TINY_SIZE; i++) {
        float want = (b->data[i] > 0 ? b->data[i] : 0) + 1;
        assert_true(y[i] - want <= reach && want - y[i] <= reach);
    }
}

/* One inference that must be answered, and rightly. Says where: 0 here, 1 on
   the server, -1 finished here. */
static inline int runner_bed_infer(struct runner_bed *b)
{
    cleave_error err = CLEAVE_ERROR_INIT;
    cleave_result *r = NULL;
    int where;

    if (cleave_runner_infer(b->runner, &b->input, 1, &r, &err) != CLEAVE_OK) {
        fail_msg("%s: %s", err.where, err.text);
    }
    runner_bed_check(b, r, 0.3f);
    where = r->finish_ns > 0 ? -1 : r->tail_ns > 0;
    cleave_result_free(r);
    return where;
}

/* Infers until an answer comes from there; fails if none ever does. */
static inline void runner_bed_until(struct runner_bed *b, int where)
{
    int64_t end = clv_clock_now_ns(clv_clock_machine()) + BED_PATIENCE_NS;

    while (runner_bed_infer(b) != where) {
        if (clv_clock_now_ns(clv_clock_machine()) > end) {
            fail_msg("No answer from %d, whatever the patience.", where);
        }
    }
}

#endif
