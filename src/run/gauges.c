/*
 * gauges.c - reading what Linux tells of load and memory.
 *
 * Every file is small text that may be missing, cut short or nonsense (a
 * container shows what its host thinks fit), so each is read into a bounded
 * buffer and each number is asked whether it is one. Nothing is kept open:
 * files of /proc and of cgroups come and go with their mounts.
 *
 * Processor time is counted in ticks of 10 ms, too coarse for a tenth of a
 * second; so a reading compares with one half a second old.
 *
 * Leaves out what other processes are: only how much they take.
 */
#include "run/gauges.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/decimal.h"
#include "base/fail.h"
#include "profile/costs.h"

#define FILE_BYTES 16384 /* of a file are looked at */
#define READINGS 8
#define WINDOW_NS 500000000
#define MOST_CORES 65536
#define MOST_PAGES 1e12 /* of a process */
#define DEEPEST 32      /* cgroups around each other */

/* Processor time so far, in ticks of all processors together. */
struct reading {
    int64_t at_ns;
    double busy;
    double all;
    double own;
};

struct clv_gauges {
    char root[CLV_PATH_MAX]; /* "": none */
    double ticks_per_s;
    double cores;
    int is_made_up; /* proc/stat is the folder's */
    struct reading readings[READINGS];
    size_t count;
    size_t next;
    char text[FILE_BYTES];
};

/* -- Files -- */

static int read_all(int file, char into[FILE_BYTES])
{
    size_t have = 0;
    ssize_t n;

    while (have < FILE_BYTES - 1 &&
           (n = read(file, into + have, FILE_BYTES - 1 - have)) > 0) {
        have += (size_t)n;
    }
    into[have] = '\0';
    return have > 0;
}

/* Reads the folder's file, else the machine's, into `text`; 0 if there is
   none. A file of zero bytes is none. */
static int read_file(struct clv_gauges *g, const char *path, int *ret_made_up)
{
    char full[2 * CLV_PATH_MAX];
    int file = -1;
    int is_read;

    snprintf(full, sizeof full, "%s%s", g->root, path);
    if (g->root[0] != '\0') {
        file = open(full, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    }
    if (ret_made_up != NULL) {
        *ret_made_up = file >= 0;
    }
    if (file < 0) {
        file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    }
    if (file < 0) {
        return 0;
    }
    is_read = read_all(file, g->text);
    close(file);
    return is_read;
}

/* The number after `key` at the beginning of a line; CLV_UNKNOWN without. */
static double number_after(const char *text, const char *key)
{
    size_t length = strlen(key);
    double value;

    while (text != NULL && strncmp(text, key, length) != 0) {
        text = strchr(text, '\n');
        text = text != NULL ? text + 1 : NULL;
    }
    if (text == NULL) {
        return CLV_UNKNOWN;
    }
    text += length;
    text += strspn(text, " \t");
    return clv_decimal_read(text, &value) != NULL ? value : CLV_UNKNOWN;
}

/* The only number of a file. */
static double number_in(struct clv_gauges *g, const char *folder,
                        const char *name)
{
    char path[CLV_PATH_MAX + 64];

    snprintf(path, sizeof path, "%s/%s", folder, name);
    return read_file(g, path, NULL) ? number_after(g->text, "") : CLV_UNKNOWN;
}

/* -- Processors -- */

/* "cpu  user nice system idle iowait irq softirq steal ..": guests' time is in
   user's. */
static int parse_ticks(const char *text, struct reading *r)
{
    enum { USER, NICE, SYSTEM, IDLE, IOWAIT, IRQ, SOFTIRQ, STEAL, FIELDS };
    double ticks[FIELDS] = {0};
    int count = 0;

    if (strncmp(text, "cpu ", 4) != 0) {
        return 0;
    }
    text += 4;
    while (count < FIELDS) {
        const char *after;
        text += strspn(text, " ");
        after = clv_decimal_read(text, &ticks[count]);
        if (after == NULL) {
            break;
        }
        text = after;
        count++;
    }
    r->all = 0;
    for (int i = 0; i < count; i++) {
        r->all += ticks[i];
    }
    r->busy = r->all - ticks[IDLE] - ticks[IOWAIT];
    return count > IDLE;
}

/* Lines "cpu0", "cpu1", .. */
static double count_cores(const char *text)
{
    double cores = 0;

    for (const char *at = strchr(text, '\n'); at != NULL && cores < MOST_CORES;
         at = strchr(at + 1, '\n')) {
        if (strncmp(at, "\ncpu", 4) != 0 || at[4] < '0' || at[4] > '9') {
            break;
        }
        cores++;
    }
    return cores;
}

static double own_ticks(const struct clv_gauges *g)
{
    struct rusage used;

    if (g->is_made_up || getrusage(RUSAGE_SELF, &used) != 0) {
        return 0;
    }
    return g->ticks_per_s *
           ((double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
            1e-6 * (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec));
}

/* What to compare with: the youngest that is half a second old, else the
   oldest. */
static const struct reading *earlier(const struct clv_gauges *g, int64_t now_ns)
{
    const struct reading *found = NULL;

    for (size_t i = 1; i <= g->count; i++) { /* the youngest first */
        found = &g->readings[(g->next + READINGS - i) % READINGS];
        if (now_ns - found->at_ns >= WINDOW_NS) {
            break;
        }
    }
    return found;
}

static void keep(struct clv_gauges *g, const struct reading *r)
{
    g->readings[g->next] = *r;
    g->next = (g->next + 1) % READINGS;
    g->count += g->count < READINGS;
}

static double within(double value, double most)
{
    return value < 0 ? 0 : value > most ? most : value;
}

static void read_load(struct clv_gauges *g, int64_t now_ns,
                      struct clv_pressure *p)
{
    struct reading r = {.at_ns = now_ns};
    const struct reading *before;
    double elapsed;

    if (!read_file(g, "/proc/stat", &g->is_made_up) ||
        !parse_ticks(g->text, &r)) {
        g->count = 0;
        return;
    }
    r.own = own_ticks(g);
    g->cores = count_cores(g->text);
    p->cores = g->cores > 0 ? g->cores : CLV_UNKNOWN;
    before = earlier(g, now_ns);
    elapsed =
        before != NULL && g->cores > 0 ? (r.all - before->all) / g->cores : 0;
    if (elapsed > 0 && r.busy >= before->busy && r.own >= before->own) {
        p->own_cores = within((r.own - before->own) / elapsed, g->cores);
        p->others_cores =
            within((r.busy - before->busy) / elapsed - p->own_cores, g->cores);
    } else if (before != NULL &&
               (r.all < before->all || r.busy < before->busy)) {
        g->count = 0; /* counters began anew */
    }
    keep(g, &r);
}

/* -- Memory -- */

/* "some avg10=1.23 avg60=..": a share of time. */
static double pressure_of(const char *text)
{
    double percent = number_after(text, "some avg10=");

    return percent >= 0 && percent <= 100 ? percent / 100 : CLV_UNKNOWN;
}

static double machine_used(struct clv_gauges *g)
{
    double all;
    double available;

    if (!read_file(g, "/proc/meminfo", NULL)) {
        return CLV_UNKNOWN;
    }
    all = number_after(g->text, "MemTotal:");
    available = number_after(g->text, "MemAvailable:");
    return all > 0 && available >= 0 && available <= all ? 1 - available / all
                                                         : CLV_UNKNOWN;
}

/* One hierarchy of cgroups that tells of memory. */
struct hierarchy {
    const char *controller; /* in /proc/self/cgroup; "": version 2 */
    const char *mounts[2];
    const char *usage;
    const char *limit;
    const char *idle_cache; /* in memory.stat: given back when asked for */
};

static const struct hierarchy hierarchies[] = {
    {"",
     {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"},
     "memory.current",
     "memory.max",
     "inactive_file"},
    {"memory",
     {"/sys/fs/cgroup/memory", NULL},
     "memory.usage_in_bytes",
     "memory.limit_in_bytes",
     "total_inactive_file"},
};

/* True if the line "id:controllers:path" is of this hierarchy. */
static int has_controller(const char *line, const char *controller)
{
    size_t length = strlen(controller);
    const char *at = strchr(line, ':');
    const char *end = at != NULL ? strchr(at + 1, ':') : NULL;

    if (end == NULL) {
        return 0;
    }
    at++;
    if (length == 0) {
        return at == end;
    }
    while (at < end) {
        size_t part = strcspn(at, ",:");
        if (part == length && strncmp(at, controller, length) == 0) {
            return 1;
        }
        at += part + 1;
    }
    return 0;
}

/* The path of this process's cgroup, "" for the outermost one; 0 if the file
   has no line of this hierarchy, or one that points outside. */
static int find_cgroup(const char *text, const char *controller,
                       char into[CLV_PATH_MAX])
{
    while (text != NULL && *text != '\0') {
        size_t length = strcspn(text, "\n");
        char line[CLV_PATH_MAX];
        if (length < sizeof line) {
            memcpy(line, text, length);
            line[length] = '\0';
            if (has_controller(line, controller)) {
                const char *path = strchr(strchr(line, ':') + 1, ':') + 1;
                if (path[0] != '/' || strstr(path, "..") != NULL) {
                    return 0;
                }
                snprintf(into, CLV_PATH_MAX, "%s",
                         strcmp(path, "/") == 0 ? "" : path);
                return 1;
            }
        }
        text += length;
        text += *text == '\n';
    }
    return 0;
}

/* The share of its limit that one cgroup uses. */
static double used_of(struct clv_gauges *g, const struct hierarchy *h,
                      const char *folder)
{
    char path[CLV_PATH_MAX + 64];
    double limit = number_in(g, folder, h->limit); /* "max" is no number */
    double usage = limit > 0 ? number_in(g, folder, h->usage) : CLV_UNKNOWN;
    double idle = 0;

    if (usage < 0) {
        return CLV_UNKNOWN;
    }
    snprintf(path, sizeof path, "%s/memory.stat", folder);
    if (read_file(g, path, NULL)) {
        char key[64];
        snprintf(key, sizeof key, "%s ", h->idle_cache);
        idle = number_after(g->text, key);
    }
    usage -= within(idle, usage);
    return within(usage / limit, 1);
}

static void note_more(double *most, double value)
{
    *most = value > *most ? value : *most;
}

/* This cgroup and all those around it: any limit may be the one that counts.
   A path that the mount does not have is that of another namespace; then the
   mount's own top is this process's cgroup, or the nearest to it there is. */
static void read_cgroups(struct clv_gauges *g, const struct hierarchy *h,
                         const char *mount, const char *cgroup,
                         struct clv_pressure *p)
{
    char folder[CLV_PATH_MAX];
    size_t top = strlen(mount);

    if (clv_path_print(folder, sizeof folder, NULL, "%s%s", mount, cgroup) !=
        CLEAVE_OK) {
        return;
    }
    for (int depth = 0; depth < DEEPEST; depth++) {
        char path[CLV_PATH_MAX + 64];
        note_more(&p->memory_used, used_of(g, h, folder));
        snprintf(path, sizeof path, "%s/memory.pressure", folder);
        if (p->memory_share < 0 && read_file(g, path, NULL)) {
            p->memory_share = pressure_of(g->text);
        }
        if (strlen(folder) <= top) {
            break;
        }
        *strrchr(folder, '/') = '\0';
    }
}

static void read_memory(struct clv_gauges *g, struct clv_pressure *p)
{
    for (size_t i = 0; i < sizeof hierarchies / sizeof hierarchies[0]; i++) {
        const struct hierarchy *h = &hierarchies[i];
        char cgroup[CLV_PATH_MAX] = "";
        if (read_file(g, "/proc/self/cgroup", NULL) &&
            !find_cgroup(g->text, h->controller, cgroup)) {
            cgroup[0] = '\0';
        }
        for (size_t k = 0; k < 2 && h->mounts[k] != NULL; k++) {
            read_cgroups(g, h, h->mounts[k], cgroup, p);
        }
    }
    if (p->memory_share < 0 && read_file(g, "/proc/pressure/memory", NULL)) {
        p->memory_share = pressure_of(g->text);
    }
    note_more(&p->memory_used, machine_used(g));
}

/* "size resident shared ..", in pages. */
static double resident_bytes(struct clv_gauges *g)
{
    const char *after;
    double pages;

    if (!read_file(g, "/proc/self/statm", NULL)) {
        return CLV_UNKNOWN;
    }
    after = clv_decimal_read(g->text, &pages);
    if (after == NULL || *after != ' ' ||
        clv_decimal_read(after + 1, &pages) == NULL || pages > MOST_PAGES) {
        return CLV_UNKNOWN;
    }
    return pages * (double)sysconf(_SC_PAGESIZE);
}

/* -- Life -- */

/* A name that was mistyped would go unnoticed: files may be missing. */
static cleave_status check_root(const char *root, cleave_error *err)
{
    struct stat s;

    return root == NULL || (stat(root, &s) == 0 && S_ISDIR(s.st_mode))
               ? CLEAVE_OK
               : clv_fail(err, CLEAVE_NOT_FOUND, root,
                          "There is no such folder to stand for this machine's "
                          "files; make it, with for instance "
                          "proc/pressure/memory in it.");
}

cleave_status clv_gauges_open(const char *root, struct clv_gauges **ret_gauges,
                              cleave_error *err)
{
    struct clv_gauges *g;
    long ticks = sysconf(_SC_CLK_TCK);
    cleave_status status = check_root(root, err);

    if (status != CLEAVE_OK) {
        return status;
    }
    g = calloc(1, sizeof *g);
    if (g == NULL) {
        return clv_fail_memory(err, "gauges", sizeof *g);
    }
    g->ticks_per_s = ticks > 0 ? (double)ticks : 100;
    status = clv_path_print(g->root, sizeof g->root, err, "%s",
                            root != NULL ? root : "");
    if (status != CLEAVE_OK) {
        free(g);
        return status;
    }
    *ret_gauges = g;
    return CLEAVE_OK;
}

void clv_gauges_close(struct clv_gauges *gauges)
{
    free(gauges);
}

void clv_gauges_read(struct clv_gauges *g, int64_t now_ns,
                     struct clv_pressure *ret_pressure)
{
    *ret_pressure = (struct clv_pressure){
        .at_ns = now_ns,
        .cores = CLV_UNKNOWN,
        .others_cores = CLV_UNKNOWN,
        .own_cores = CLV_UNKNOWN,
        .memory_share = CLV_UNKNOWN,
        .memory_used = CLV_UNKNOWN,
        .resident_bytes = CLV_UNKNOWN,
    };
    read_load(g, now_ns, ret_pressure);
    read_memory(g, ret_pressure);
    ret_pressure->resident_bytes = resident_bytes(g);
}
