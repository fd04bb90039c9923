/*
 * test_energy.c - counters and sensors, in a folder that stands for /sys.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "nearly.h"
#include "profile/costs.h"
#include "profile/energy.h"
#include "scratch_folder.h"

static int64_t tell_time(void *self)
{
    return *(const int64_t *)self;
}

/* Writes a file and the folders above it. */
static void set(struct scratch *s, const char *name, const char *text)
{
    char folder[CLV_PATH_MAX];
    const char *path = scratch_path(s, name);

    snprintf(folder, sizeof folder, "%.*s", (int)(strrchr(path, '/') - path),
             path);
    assert_int_equal(clv_folder_make(folder, NULL), CLEAVE_OK);
    scratch_write(path, text, strlen(text));
}

static void nothing_is_made_up(void **state)
{
    struct scratch *s = *state;
    int64_t now = 0;
    struct clv_energy e;

    clv_energy_init(&e, s->folder, (struct clv_clock){tell_time, &now});
    assert_null(clv_energy_source(&e));
    clv_energy_begin(&e);
    assert_true(clv_energy_end(&e) == CLV_UNKNOWN);
    set(s, "class/power_supply/BAT0/status", "Charging\n");
    set(s, "class/power_supply/BAT0/power_now", "7000000\n");
    set(s, "class/powercap/intel-rapl:0/energy_uj", "none of your business");
    clv_energy_init(&e, s->folder, (struct clv_clock){tell_time, &now});
    assert_null(clv_energy_source(&e));
}

static void packages_are_summed_and_wrap(void **state)
{
    struct scratch *s = *state;
    int64_t now = 0;
    struct clv_energy e;

    set(s, "class/powercap/intel-rapl:0/energy_uj", "1000000\n");
    set(s, "class/powercap/intel-rapl:0/max_energy_range_uj", "9000000\n");
    set(s, "class/powercap/intel-rapl:1/energy_uj", "8500000\n");
    set(s, "class/powercap/intel-rapl:1/max_energy_range_uj", "9000000\n");
    set(s, "class/powercap/intel-rapl:0:0/energy_uj", "5\n"); /* a part */
    set(s, "class/powercap/intel-rapl:0/name", "package-0\n");
    /* the first once more, and the machine with all that is in it */
    set(s, "class/powercap/intel-rapl-mmio:0/energy_uj", "0\n");
    set(s, "class/powercap/intel-rapl:2/name", "psys\n");
    set(s, "class/powercap/intel-rapl:2/energy_uj", "0\n");
    clv_energy_init(&e, s->folder, (struct clv_clock){tell_time, &now});
    assert_string_equal(clv_energy_source(&e), "powercap");
    clv_energy_begin(&e);
    set(s, "class/powercap/intel-rapl:0/energy_uj", "1500000\n");
    set(s, "class/powercap/intel-rapl:1/energy_uj", "250000\n");
    set(s, "class/powercap/intel-rapl:0:0/energy_uj", "4000000\n");
    set(s, "class/powercap/intel-rapl-mmio:0/energy_uj", "500000\n");
    set(s, "class/powercap/intel-rapl:2/energy_uj", "3000000\n");
    assert_nearly(clv_energy_end(&e), 0.5 + 0.75, 1e-9);
    assert_true(clv_energy_end(&e) == CLV_UNKNOWN); /* not begun again */
    clv_energy_begin(&e);
    remove(scratch_path(s, "class/powercap/intel-rapl:0/energy_uj"));
    assert_true(clv_energy_end(&e) == CLV_UNKNOWN);
}

static void a_sensor_is_averaged_over_time(void **state)
{
    struct scratch *s = *state;
    int64_t now = 0;
    struct clv_energy e;

    set(s, "class/hwmon/hwmon0/temp1_input", "40000\n");
    set(s, "class/hwmon/hwmon1/power1_average", "4000000\n");
    clv_energy_init(&e, s->folder, (struct clv_clock){tell_time, &now});
    assert_string_equal(clv_energy_source(&e), "hwmon");
    clv_energy_begin(&e);
    now = 500000000;
    set(s, "class/hwmon/hwmon1/power1_average", "6000000\n");
    assert_nearly(clv_energy_end(&e), 2.5, 1e-9);
}

static void a_battery_counts_while_it_empties(void **state)
{
    struct scratch *s = *state;
    int64_t now = 0;
    struct clv_energy e;

    set(s, "class/power_supply/AC/online", "0\n");
    set(s, "class/power_supply/BAT0/status", "Discharging\n");
    set(s, "class/power_supply/BAT0/power_now", "8000000\n");
    clv_energy_init(&e, s->folder, (struct clv_clock){tell_time, &now});
    assert_string_equal(clv_energy_source(&e), "battery");
    clv_energy_begin(&e);
    now = 250000000;
    assert_nearly(clv_energy_end(&e), 2, 1e-9);
}

static void a_counter_goes_before_a_sensor(void **state)
{
    struct scratch *s = *state;
    int64_t now = 0;
    struct clv_energy e;

    set(s, "class/hwmon/hwmon0/power1_input", "4000000\n");
    set(s, "class/hwmon/hwmon1/energy1_input", "100\n");
    clv_energy_init(&e, s->folder, (struct clv_clock){tell_time, &now});
    clv_energy_begin(&e);
    set(s, "class/hwmon/hwmon1/energy1_input", "1000100\n");
    assert_nearly(clv_energy_end(&e), 1, 1e-9);
}

#define IN_SCRATCH(test) \
    cmocka_unit_test_setup_teardown(test, scratch_begin, scratch_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_SCRATCH(nothing_is_made_up),
        IN_SCRATCH(packages_are_summed_and_wrap),
        IN_SCRATCH(a_sensor_is_averaged_over_time),
        IN_SCRATCH(a_battery_counts_while_it_empties),
        IN_SCRATCH(a_counter_goes_before_a_sensor),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
