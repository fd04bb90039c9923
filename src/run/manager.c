/*
 * manager.c - signs become a state, the state a design.
 *
 * Each part of the state (a processor's load, memory, a link) is looked at by
 * itself: what it seems to be now, with a little inertia against noise, and
 * how long it has seemed so. Parts do not wait for each other, so that a link
 * that flickers does not hide a load.
 *
 * Leaves out where signs come from, and what a design is.
 */
#include "run/manager.h"

#include <math.h>
#include <string.h>

#define INERTIA 0.15      /* of the way to the next level, beyond its middle */
#define FULL 0.9          /* of the cores: then nobody gets all he wants */
#define MOST_CROWDED 4    /* a slow-down beyond that has other reasons */
#define TROUBLE_CORES 0.5 /* of others, where no level was measured */
#define TROUBLE_SLOW 1.5
#define SHORT_SHARE 0.1 /* of time lost to want of memory */
#define CALM_SHARE 0.02
#define SHORT_USED 0.95 /* of what may be used */
#define CALM_USED 0.9
#define LINK_INERTIA 0.8

/* -- What seems to be -- */

/* How many threads others would keep busy if they got what they want. */
static double others_wish(const struct clv_manager_signs *signs)
{
    const struct clv_pressure *p = &signs->pressure;
    double busy = p->others_cores + fmax(p->own_cores, 0);

    if (p->cores <= 0 || busy < FULL * p->cores) {
        return p->others_cores;
    }
    return p->others_cores *
           fmin(fmax(signs->conditions.slowdown, 1), MOST_CROWDED);
}

static uint8_t nearest_level(const struct clv_switching *t, size_t processor,
                             double hogs)
{
    uint8_t best = 0;

    for (uint8_t i = 1; i < t->levels[processor]; i++) {
        if (fabs(t->hogs[i] - hogs) < fabs(t->hogs[best] - hogs)) {
            best = i;
        }
    }
    return best;
}

static int has_hogs(const struct clv_switching *t, size_t processor)
{
    return t->levels[processor] > 1 &&
           strcmp(t->names[processor], "cpu") == 0 && t->hogs[1] > 0;
}

/* Only what inferences feel tells of a processor that nobody measured. */
static uint8_t see_trouble(const struct clv_manager_signs *signs, uint8_t now)
{
    if (signs->pressure.others_cores < TROUBLE_CORES) {
        return 0;
    }
    return now > 0 || signs->slowdown >= TROUBLE_SLOW;
}

static uint8_t see_load(const struct clv_manager *m, size_t processor,
                        const struct clv_manager_signs *signs)
{
    const struct clv_switching *t = m->switching;
    uint8_t now = m->state.load[processor];
    double wish;
    double inertia;
    uint8_t level;

    if (t->levels[processor] < 2 || signs->pressure.others_cores < 0 ||
        strcmp(t->names[processor], "cpu") != 0) {
        return now;
    }
    if (!has_hogs(t, processor)) {
        return see_trouble(signs, now);
    }
    wish = others_wish(signs);
    level = nearest_level(t, processor, wish);
    if (level == now) {
        return now;
    }
    inertia = INERTIA * fabs((double)t->hogs[level] - t->hogs[now]);
    return nearest_level(t, processor,
                         level > now ? wish - inertia : wish + inertia);
}

static uint8_t see_memory(const struct clv_manager *m,
                          const struct clv_pressure *p)
{
    if (p->memory_share < 0 && p->memory_used < 0) {
        return m->state.memory;
    }
    if (p->memory_share >= SHORT_SHARE || p->memory_used >= SHORT_USED) {
        return 1;
    }
    if (p->memory_share < CALM_SHARE && p->memory_used < CALM_USED) {
        return 0;
    }
    return m->state.memory;
}

/* The class that the link would have, were it so many times as fast. */
static uint8_t class_if(const struct clv_reach *reach, double factor)
{
    struct clv_reach other = *reach;

    other.up_bps *= factor;
    other.down_bps *= factor;
    other.rtt_ns /= factor;
    return (uint8_t)clv_link_class_of(&other);
}

static uint8_t see_link(const struct clv_manager *m, size_t server,
                        const struct clv_manager_signs *signs)
{
    const struct clv_reach *reach = &signs->conditions.reach[server];
    uint8_t now = m->state.link[server];
    uint8_t seen = (uint8_t)clv_link_class_of(reach);

    if (seen == CLV_LINK_AWAY || now == CLV_LINK_AWAY || seen == now) {
        return seen;
    }
    if (seen > now) {
        uint8_t surely = class_if(reach, LINK_INERTIA);
        return surely > now ? surely : now;
    }
    seen = class_if(reach, 1 / LINK_INERTIA);
    return seen < now ? seen : now;
}

/* -- What counts -- */

/* On which side of what counts it seems to be: worse, better or neither. */
static int side_of(uint8_t seen, uint8_t counts)
{
    return (seen > counts) - (seen < counts);
}

/* How long a part of the state has seemed to be on this side of what counts:
   what wavers between two better levels is better all the while. */
static int64_t sight(struct clv_sighting *s, uint8_t seen, uint8_t counts,
                     int64_t now_ns)
{
    if (s->since_ns < 0 || now_ns < s->since_ns ||
        side_of(s->seen, counts) != side_of(seen, counts)) {
        s->since_ns = now_ns;
    }
    s->seen = seen;
    return now_ns - s->since_ns;
}

/* Returns the reason if this part of the state counts as another from now on,
   which is worse if `is_worse`; else NULL. */
static const char *settle(uint8_t *counts, struct clv_sighting *s, uint8_t seen,
                          int is_worse, int64_t better_ns, int64_t now_ns,
                          const char *worse, const char *better)
{
    int64_t lasted_ns = sight(s, seen, *counts, now_ns);

    if (seen == *counts ||
        lasted_ns < (is_worse ? CLV_MANAGER_WORSE_NS : better_ns)) {
        return NULL;
    }
    *counts = seen;
    return is_worse ? worse : better;
}

static const char *look_at_loads(struct clv_manager *m,
                                 const struct clv_manager_signs *signs)
{
    const char *reason = NULL;

    for (size_t i = 0; i < m->switching->processors; i++) {
        uint8_t seen = see_load(m, i, signs);
        const char *why = settle(&m->state.load[i], &m->load[i], seen,
                                 seen > m->state.load[i], CLV_MANAGER_BETTER_NS,
                                 signs->now_ns, "others keep a processor busy",
                                 "others leave a processor in peace");
        reason = why != NULL ? why : reason;
    }
    return reason;
}

static const char *look_at_links(struct clv_manager *m,
                                 const struct clv_manager_signs *signs)
{
    const char *reason = NULL;

    for (size_t i = 0; i < m->switching->servers; i++) {
        uint8_t before = m->state.link[i];
        uint8_t seen = see_link(m, i, signs);
        const char *why;
        if ((seen == CLV_LINK_AWAY) != (m->link[i].seen == CLV_LINK_AWAY)) {
            m->link[i].since_ns = -1; /* gone is no worse a link, but none */
        }
        why = settle(
            &m->state.link[i], &m->link[i], seen, seen < before,
            CLV_MANAGER_BETTER_NS, signs->now_ns,
            seen == CLV_LINK_AWAY ? "a server is away" : "a link is slower",
            before == CLV_LINK_AWAY ? "a server is there" : "a link is faster");
        reason = why != NULL ? why : reason;
    }
    return reason;
}

/* Calm that did not last has to last longer the next time. */
static void note_short(struct clv_manager *m, int64_t now_ns)
{
    int64_t twice_ns = 2 * m->calm_ns;

    if (m->calm_since_ns < 0 ||
        now_ns - m->calm_since_ns >= CLV_MANAGER_LASTING_NS) {
        m->calm_ns = CLV_MANAGER_CALM_NS;
    } else {
        m->calm_ns = twice_ns < CLV_MANAGER_CALM_MOST_NS
                         ? twice_ns
                         : CLV_MANAGER_CALM_MOST_NS;
    }
    m->calm_since_ns = -1;
}

static const char *look_at_memory(struct clv_manager *m,
                                  const struct clv_manager_signs *signs)
{
    uint8_t seen = see_memory(m, &signs->pressure);
    const char *reason = settle(
        &m->state.memory, &m->memory, seen, seen > m->state.memory, m->calm_ns,
        signs->now_ns, "memory is short", "memory is not short any more");

    if (reason != NULL && m->state.memory > 0) {
        note_short(m, signs->now_ns);
    } else if (reason != NULL) {
        m->calm_since_ns = signs->now_ns;
    }
    return reason;
}

void clv_manager_look(struct clv_manager *m,
                      const struct clv_manager_signs *signs,
                      struct clv_manager_change *ret_change)
{
    size_t before = clv_state_number(m->switching, &m->state);
    const char *links = look_at_links(m, signs);
    const char *loads = look_at_loads(m, signs);
    const char *memory = look_at_memory(m, signs);
    size_t after = clv_state_number(m->switching, &m->state);

    *ret_change =
        (struct clv_manager_change){.from = m->design, .to = m->design};
    if (after != before) { /* some tables tell fewer classes apart */
        m->design = clv_switching_find(m->switching, after);
        ret_change->is_one = 1;
        ret_change->to = m->design;
        ret_change->reason = memory != NULL  ? memory
                             : loads != NULL ? loads
                                             : links;
    }
}

struct clv_state clv_manager_calm(const struct clv_switching *switching)
{
    struct clv_state calm = {.memory = 0};

    for (size_t i = 0; i < switching->servers; i++) {
        calm.link[i] = CLV_LINK_FAST;
    }
    return calm;
}

void clv_manager_init(struct clv_manager *m,
                      const struct clv_switching *switching,
                      const struct clv_state *state)
{
    *m = (struct clv_manager){
        .switching = switching,
        .state = *state,
        .memory = {.since_ns = -1},
        .calm_ns = CLV_MANAGER_CALM_NS,
        .calm_since_ns = -1,
        .design =
            clv_switching_find(switching, clv_state_number(switching, state)),
    };
    for (size_t i = 0; i < CLV_PROCESSORS; i++) {
        m->load[i].since_ns = -1;
    }
    for (size_t i = 0; i < CLV_SERVERS; i++) {
        m->link[i].since_ns = -1;
    }
}
