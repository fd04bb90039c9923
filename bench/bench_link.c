/*
 * bench_link.c - the emulated link against the kernel's own, and against
 * arithmetic.
 *
 *     adapt.link.vs_tc       the same requests through the relay, and between
 * two network namespaces whose link `tc tbf` limits adapt.link.arithmetic  the
 * relay with a delay, against bytes over rate plus delays
 *
 * Requests of 4 KB to 1 MB with answers of 64 bytes, over one connection that
 * stays open, in turns over both links, medians per size and rate. Both links
 * have a bucket of 1600 bytes and are four times as fast down as up. Time on
 * the wire counts headers, as tc does.
 *
 * The first needs root, `ip`, `tc` and the kernel's tbf, and is skipped
 * without them.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <math.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/stage.h"
#include "bench/tally.h"
#include "link/relay.h"

#define VS_TC "adapt.link.vs_tc"
#define ARITHMETIC "adapt.link.arithmetic"
#define BAR_PERCENT 5
#define PORT 8799
#define ANSWER 64
#define BURST 1600
#define DELAY_NS 25000000
#define LONGEST_S 2.5 /* a request that would take longer is left out */
#define NEAR_ADDRESS "10.213.77.1"
#define FAR_ADDRESS "10.213.77.2"

static const double rates_mbps[] = {0.5, 1.6, 5, 12.4, 50};
static const size_t sizes[] = {4096, 16384, 65536, 262144, 1048576};

#define RATES (sizeof rates_mbps / sizeof rates_mbps[0])
#define SIZES (sizeof sizes / sizeof sizes[0])

static void must_be(int good, const char *doing)
{
    stage_must(good ? CLEAVE_OK : CLEAVE_IO, NULL, doing);
}

/* -- A target: reads requests, answers each -- */

static int receive_all(int fd, char *data, size_t size)
{
    while (size > 0) {
        ssize_t n = recv(fd, data, size, 0);
        if (n <= 0) {
            return 0;
        }
        data += n;
        size -= (size_t)n;
    }
    return 1;
}

static void send_all(int fd, const char *data, size_t size)
{
    while (size > 0) {
        ssize_t n = send(fd, data, size, MSG_NOSIGNAL);
        must_be(n > 0, "send");
        data += n;
        size -= (size_t)n;
    }
}

static void no_delay(int fd)
{
    int on = 1;

    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

static void answer_all(int fd)
{
    static char data[1 << 20];
    uint32_t size;

    no_delay(fd);
    while (receive_all(fd, (char *)&size, sizeof size) && size <= sizeof data &&
           receive_all(fd, data, size - sizeof size)) {
        send_all(fd, data, ANSWER);
    }
    close(fd);
}

static int listen_on(const char *host)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons(PORT)};
    int yes = 1;
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    inet_pton(AF_INET, host, &address.sin_addr);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    must_be(bind(fd, (struct sockaddr *)&address, sizeof address) == 0 &&
                listen(fd, 4) == 0,
            "listen");
    return fd;
}

/* A process in the namespace (NULL: in ours); it ends with this one. */
static pid_t start_target(const char *space, const char *host)
{
    int ready[2];
    char byte;
    pid_t pid;

    must_be(pipe(ready) == 0, "pipe");
    pid = fork();
    must_be(pid >= 0, "fork");
    if (pid == 0) {
        char path[128];
        int fd;
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (space != NULL) {
            snprintf(path, sizeof path, "/run/netns/%s", space);
            fd = open(path, O_RDONLY);
            must_be(fd >= 0 && setns(fd, CLONE_NEWNET) == 0, "setns");
        }
        fd = listen_on(host);
        must_be(write(ready[1], "", 1) == 1, "write");
        for (;;) {
            answer_all(accept(fd, NULL, NULL));
        }
    }
    close(ready[1]);
    must_be(read(ready[0], &byte, 1) == 1, "starting a target");
    close(ready[0]);
    return pid;
}

static void stop_target(pid_t pid)
{
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

/* -- A sender -- */

static int dial(const char *host, uint16_t port)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons(port)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    inet_pton(AF_INET, host, &address.sin_addr);
    must_be(connect(fd, (struct sockaddr *)&address, sizeof address) == 0,
            "connect");
    no_delay(fd);
    return fd;
}

static double ask(int fd, size_t size)
{
    static char data[1 << 20];
    uint32_t length = (uint32_t)size;
    int64_t began_ns = tally_now_ns();

    memcpy(data, &length, sizeof length);
    send_all(fd, data, size);
    must_be(receive_all(fd, data, ANSWER), "an answer");
    return (double)(tally_now_ns() - began_ns);
}

/* -- Two namespaces and the wire between -- */

__attribute__((format(printf, 1, 2))) static int run(const char *format, ...)
{
    char command[512];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(command, sizeof command, format, arguments);
    va_end(arguments);
    return system(command) == 0;
}

static void take_down(const char *space)
{
    run("ip link del clvbench0 2>/dev/null");
    run("ip netns del %s 2>/dev/null", space);
}

static int limit(const char *space, double bps)
{
    return run("tc qdisc replace dev clvbench0 root tbf rate %.0fbit "
               "burst %d limit 4000000 2>/dev/null",
               bps, BURST) &&
           run("tc -n %s qdisc replace dev clvbench1 root tbf rate %.0fbit "
               "burst %d limit 4000000 2>/dev/null",
               space, 4 * bps, BURST);
}

/* Returns why not, or NULL. */
static const char *set_up(const char *space)
{
    if (geteuid() != 0) {
        return "network namespaces need root";
    }
    if (!run("ip netns add %s 2>/dev/null", space)) {
        return "`ip netns add` fails: iproute2 or the kernel's namespaces are "
               "missing";
    }
    if (!run("ip link add clvbench0 type veth peer name clvbench1 netns %s && "
             "ip addr add " NEAR_ADDRESS "/30 dev clvbench0 && "
             "ip link set clvbench0 up && "
             "ip -n %s addr add " FAR_ADDRESS "/30 dev clvbench1 && "
             "ip -n %s link set clvbench1 up",
             space, space, space)) {
        return "the kernel makes no veth pair";
    }
    return limit(space, 1e6) ? NULL : "the kernel has no tbf (sch_tbf)";
}

/* -- Measuring -- */

/* Bytes on the wire, as tc and the relay count them. */
static double counted(size_t size)
{
    size_t segments = (size + CLV_SHAPER_SEGMENT - 1) / CLV_SHAPER_SEGMENT;

    return (double)(size + segments * CLV_SHAPER_HEADERS);
}

static struct clv_relay *open_relay(double bps, int64_t delay_ns,
                                    uint64_t burst)
{
    struct clv_relay_options options = {.to = "127.0.0.1:8799",
                                        .up_bps = bps,
                                        .delay_ns = delay_ns,
                                        .burst_bytes = burst};
    struct clv_relay *relay;
    cleave_error err = CLEAVE_ERROR_INIT;

    stage_must(clv_relay_open(&options, &relay, &err), &err, "relay");
    return relay;
}

static int repeats(double seconds)
{
    double n = 1.5 / seconds;

    return n < 5 ? 5 : n > 31 ? 31 : (int)n;
}

/* What was found at all rates and sizes. */
struct found {
    double worst; /* percent */
    double sum;
    int count;
    json_t *points;
};

static void note(struct found *f, double mbps, size_t size, double ours,
                 double theirs)
{
    double percent = (ours / theirs - 1) * 100;

    f->worst = fabs(percent) > f->worst ? fabs(percent) : f->worst;
    f->sum += fabs(percent);
    f->count++;
    json_array_append_new(
        f->points, json_pack("{s:f, s:I, s:f, s:f, s:f}", "mbit_per_s", mbps,
                             "bytes", (json_int_t)size, "relay_ms", ours / 1e6,
                             "other_ms", theirs / 1e6, "percent", percent));
    printf("%5.1f Mbit/s %8zu bytes: relay %9.3f ms, other %9.3f ms, %+.2f "
           "%%\n",
           mbps, size, ours / 1e6, theirs / 1e6, percent);
}

static void print(const struct found *f, const char *id, const char *what)
{
    json_t *context = tally_context();

    json_object_set_new(context, "mean_percent",
                        json_real(f->sum / (f->count > 0 ? f->count : 1)));
    json_object_set_new(context, "points", f->points);
    tally_row(id, what, f->worst, "%", BAR_PERCENT, context);
}

/* One size over two connections in turns; the second may be -1: arithmetic. */
static void compare(struct found *f, double mbps, size_t size, int relay,
                    int other, double expected_ns)
{
    double seconds = 8 * counted(size) / (mbps * 1e6);
    int n = repeats(seconds);
    struct tally ours;
    struct tally theirs;

    if (seconds > LONGEST_S) {
        return;
    }
    tally_init(&ours, (size_t)n);
    tally_init(&theirs, (size_t)n);
    for (int i = 0; i <= n; i++) {
        double a = ask(relay, size);
        double b = other >= 0 ? ask(other, size) : expected_ns;
        if (i > 0) { /* the first warms up */
            tally_add(&ours, a);
            tally_add(&theirs, b);
        }
    }
    note(f, mbps, size, tally_median(&ours), tally_median(&theirs));
    tally_fini(&ours);
    tally_fini(&theirs);
}

static void against_tc(const char *space)
{
    struct found f = {.points = json_array()};
    pid_t far = start_target(space, FAR_ADDRESS);

    for (size_t r = 0; r < RATES; r++) {
        struct clv_relay *relay = open_relay(rates_mbps[r] * 1e6, 0, BURST);
        int a = dial("127.0.0.1", clv_relay_port(relay));
        int b;
        must_be(limit(space, rates_mbps[r] * 1e6), "tc");
        b = dial(FAR_ADDRESS, PORT);
        for (size_t s = 0; s < SIZES; s++) {
            compare(&f, rates_mbps[r], sizes[s], a, b, 0);
        }
        close(a);
        close(b);
        clv_relay_close(relay);
    }
    stop_target(far);
    print(&f, VS_TC,
          "the greatest difference between a transfer through the "
          "relay and through tc tbf");
}

static void section_vs_tc(void)
{
    char space[64];
    const char *why;

    snprintf(space, sizeof space, "clvbench%d", (int)getpid());
    why = set_up(space);
    if (why != NULL) {
        tally_skip(VS_TC, "the relay against tc tbf", why);
    } else {
        against_tc(space);
    }
    take_down(space);
}

static void section_arithmetic(void)
{
    struct found f = {.points = json_array()};

    for (size_t r = 0; r < RATES; r++) {
        double bps = rates_mbps[r] * 1e6;
        struct clv_relay *relay = open_relay(bps, DELAY_NS, 0);
        int a = dial("127.0.0.1", clv_relay_port(relay));
        for (size_t s = 0; s < SIZES; s++) {
            double bytes = counted(sizes[s]) + counted(ANSWER) / 4;
            compare(&f, rates_mbps[r], sizes[s], a, -1,
                    8e9 * bytes / bps + 2.0 * DELAY_NS);
        }
        close(a);
        clv_relay_close(relay);
    }
    print(&f, ARITHMETIC,
          "the greatest difference between a transfer through "
          "the relay and bytes over rate plus delays");
}

int main(void)
{
    pid_t near = start_target(NULL, "127.0.0.1");

    section_vs_tc();
    section_arithmetic();
    stop_target(near);
    return 0;
}
