/* Faults in words: what is understood, each mistake with its answer, and what becomes of a world. */
#include "sim/fault.h"

#include "base/base.h"
#include "sim/fault_words.h"
#include "sim/measure.h"
#include "tests/lib/tap.h"

#include <string.h>

#define NODES 10u

static struct bw_fault parsed(const char *text) {
    struct bw_fault fault;
    char why[512] = "";
    CU_ASSERT(bw_fault_parse(text, NODES, &fault, why, sizeof why));
    if (why[0] != '\0')
        tap_note("%s: %s", text, why);
    return fault;
}

static void times_have_units(void) {
    static const struct {
        const char *text;
        int64_t us;
    } good[] = {{"0", 0},
                {"30s", 30000000},
                {"500ms", 500000},
                {"1.5m", 90000000},
                {"2h", INT64_C(7200000000)},
                {"100us", 100},
                {".5s", 500000},
                {"1d", INT64_C(86400000000)},
                {"0s", 0},
                {"1m30s", 90000000},
                {"1h0.5m2ms", INT64_C(3630002000)}};
    static const char *const bad[] = {"",     "s",    "5",   "-5s",  "+5s",  "5 s",   "5x",   "1.s",   "1..2s",
                                      "1e3s", "500d", "5sm", "0x1s", "1m30", "30s1m", "1s1s", "1m-30s"};
    int64_t us;
    for (size_t i = 0; i < BW_COUNT(good); i++) {
        CU_ASSERT(bw_time_parse(good[i].text, &us));
        CU_ASSERT_EQUAL(us, good[i].us);
    }
    for (size_t i = 0; i < BW_COUNT(bad); i++)
        CU_ASSERT_FALSE(bw_time_parse(bad[i], &us));
}

static void times_are_said_shortly(void) {
    static const struct {
        int64_t us;
        const char *text;
    } times[] = {{0, "0"}, {1, "1us"}, {1500, "1500us"}, {250000, "250ms"}, {90000000, "90s"}, {-60000000, "-1m"}};
    char text[32];
    for (size_t i = 0; i < BW_COUNT(times); i++) {
        bw_time_text(times[i].us, text, sizeof text);
        CU_ASSERT_STRING_EQUAL(text, times[i].text);
    }
}

static void shares_and_rates_are_read(void) {
    uint32_t ppm;
    int64_t rate;
    CU_ASSERT(bw_percent_parse("20%", &ppm) && ppm == 200000);
    CU_ASSERT(bw_percent_parse("0.5", &ppm) && ppm == 5000);
    CU_ASSERT(bw_percent_parse("100%", &ppm) && ppm == 1000000);
    CU_ASSERT_FALSE(bw_percent_parse("101%", &ppm));
    CU_ASSERT_FALSE(bw_percent_parse("-1%", &ppm));
    CU_ASSERT_FALSE(bw_percent_parse("%", &ppm));
    CU_ASSERT(bw_rate_parse("10Mbit/s", &rate) && rate == 1250000);
    CU_ASSERT(bw_rate_parse("64kB/s", &rate) && rate == 64000);
    CU_ASSERT(bw_rate_parse("8bit/s", &rate) && rate == 1);
    CU_ASSERT_FALSE(bw_rate_parse("0kbit/s", &rate));
    CU_ASSERT_FALSE(bw_rate_parse("10", &rate));
}

static void a_crash_is_understood(void) {
    struct bw_fault fault = parsed("crash:n7@30s");
    CU_ASSERT_EQUAL(fault.kind, BW_FAULT_CRASH);
    CU_ASSERT_EQUAL(fault.shape, BW_SHAPE_HOSTS);
    CU_ASSERT_EQUAL(fault.who.ranges[0].first, 7);
    CU_ASSERT_EQUAL(fault.from_us, 30000000);
    CU_ASSERT_EQUAL(fault.until_us, BW_FAULT_FOR_EVER);
    CU_ASSERT(bw_fault_removes(&fault) && bw_fault_disturbs(&fault));
    fault = parsed("crash:n1,n3..n5@1s-2s");
    CU_ASSERT(bw_who_lists(&fault.who, 1) && !bw_who_lists(&fault.who, 2) && bw_who_lists(&fault.who, 3));
    CU_ASSERT(bw_who_lists(&fault.who, 5) && !bw_who_lists(&fault.who, 6));
    CU_ASSERT_EQUAL(fault.until_us, 2000000);
}

static void hosts_are_named_in_many_ways(void) {
    CU_ASSERT_EQUAL(parsed("stop:leader@1s").who.kind, BW_WHO_LEADER);
    CU_ASSERT_EQUAL(parsed("stop:all@1s").who.kind, BW_WHO_ALL);
    CU_ASSERT_EQUAL(parsed("stop:any@1s").who.count, 1);
    CU_ASSERT_EQUAL(parsed("stop:any10@1s").who.count, 10);
}

static void links_have_ways(void) {
    struct bw_fault fault = parsed("cut:n1-n2@1s");
    CU_ASSERT_EQUAL(fault.shape, BW_SHAPE_LINK);
    CU_ASSERT_EQUAL(fault.other.ranges[0].first, 2);
    CU_ASSERT_FALSE(bw_fault_disturbs(&fault));
    fault = parsed("loss:n1,n2>all:80%@1s");
    CU_ASSERT_EQUAL(fault.shape, BW_SHAPE_ONE_WAY);
    CU_ASSERT_EQUAL(fault.other.kind, BW_WHO_ALL);
    CU_ASSERT_EQUAL(fault.value, 800000);
    fault = parsed("loss:n1:80%@1s");
    CU_ASSERT(bw_fault_disturbs(&fault));
    fault = parsed("loss:all:80%@1s");
    CU_ASSERT_FALSE(bw_fault_disturbs(&fault));
}

static void partitions_have_parts(void) {
    struct bw_fault fault = parsed("partition:50/50@60s-120s");
    CU_ASSERT_EQUAL(fault.shape, BW_SHAPE_PARTS);
    CU_ASSERT_EQUAL(fault.part_count, 2);
    CU_ASSERT_EQUAL(fault.weights[1], 50);
    fault = parsed("partition:n0,n1/n2..n4/leader@60s");
    CU_ASSERT_EQUAL(fault.part_count, 3);
    fault = parsed("partition:n0>n1..n9@60s");
    CU_ASSERT_EQUAL(fault.shape, BW_SHAPE_ONE_WAY);
}

static void values_are_understood(void) {
    CU_ASSERT_EQUAL(parsed("restart:n1:blank@1s").value, BW_RESTART_BLANK);
    CU_ASSERT_EQUAL(parsed("restart:n1:torn@1s").value, BW_RESTART_TORN);
    CU_ASSERT_EQUAL(parsed("restart:n1:old@1s").value, BW_RESTART_OLD);
    CU_ASSERT_EQUAL(parsed("restart:n1:kept@1s").value, BW_RESTART_KEPT);
    CU_ASSERT_EQUAL(parsed("restart:n1@1s").value, BW_RESTART_KEPT);
    CU_ASSERT_EQUAL(parsed("refuse:n1:yes@1s").value, 1);
    CU_ASSERT_EQUAL(parsed("refuse:n1:no@1s").value, 0);
    CU_ASSERT_EQUAL(parsed("clock:n1:-1h@1s").value, INT64_C(-3600000000));
    CU_ASSERT_EQUAL(parsed("rate:n1:+200@1s").value, 200);
    CU_ASSERT_EQUAL(parsed("slow:n1:250ms@1s").value, 250000);
    CU_ASSERT_EQUAL(parsed("mtu:n1:500@1s").value, 500);
    CU_ASSERT_EQUAL(parsed("bandwidth:all:64kbit/s@1s").value, 8000);
    CU_ASSERT_EQUAL(parsed("flap:n1>all:5s/20s@1s").value, 5000000);
    CU_ASSERT_EQUAL(parsed("flap:n1>all:5s/20s@1s").other_value, 20000000);
    CU_ASSERT_EQUAL(parsed("latency:n1-n2:1500us@1s").value, 1500);
}

/* Every mistake, and what its answer has to name. */
static void mistakes_are_named(void) {
    static const struct {
        const char *text;
        const char *answer;
    } mistakes[] = {
        {"", "'' is no kind of fault; there are crash, restart"},
        {"crsh:n1@3s", "'crsh' is no kind of fault"},
        {"crash", "where? crash:HOSTS@TIME[-TIME]"},
        {"crash:@3s", "where? crash:HOSTS@TIME[-TIME]"},
        {"crash:n1", "when? crash:HOSTS@TIME[-TIME]"},
        {"crash:n10@3s", "there is no n10 among 10 nodes: n0 to n9"},
        {"crash:7@3s", "'7' is no host: n0, n1,n3, n4..n7, any2, leader or all"},
        {"crash:n1,@3s", "'' is no host"},
        {"crash:n5..n3@3s", "n5..n3 goes backwards"},
        {"crash:n0,n0,n0,n0,n0,n0,n0,n0,n0,n0,n0,n0,n0,n0,n0,n0,n0@3s", "more than 16 hosts and ranges in one list"},
        {"crash:any0@3s", "'any0' is no host: any, any2"},
        {"crash:anyone@3s", "'anyone' is no host: any, any2"},
        {"crash:any11@3s", "any11 of 10 nodes are too many"},
        {"crash:n1@3", "'3' is no time: 30s, 500ms"},
        {"crash:n1@-3s", "'' is no time"},
        {"crash:n1@3s-", "'' is no time"},
        {"crash:n1@5s-3s", "it ends at 3s, before it begins at 5s"},
        {"crash:n1@5s-5s", "it ends at 5s, before it begins at 5s"},
        {"crash:n1-n2@3s", "is a link, but crash happens to hosts: crash:HOSTS@TIME[-TIME]"},
        {"crash:n1:hard@3s", "'hard' is one piece too many: crash:HOSTS@TIME[-TIME]"},
        {"restart:n1@3s-5s", "restart takes no time: restart:HOSTS[:blank|torn|old]@TIME"},
        {"restart:n1:empty@3s", "'empty' is neither blank nor torn, old or kept"},
        {"cut:n1@3s", "'n1' is no link: n1-n2, or n1>n2 for one way"},
        {"loss:n1@3s", "loss needs a value: loss:WHERE:PERCENT@TIME[-TIME]"},
        {"loss:n1:120%@3s", "'120%' is no share: 0% to 100%"},
        {"latency:n1:fast@3s", "'fast' is no time up to 1000s"},
        {"latency:n1:1h@3s", "'1h' is no time up to 1000s"},
        {"flap:n1:5s@3s", "'5s' is not on and off: 5s/20s"},
        {"flap:n1:5s/x@3s", "'5s/x' is not on and off: 5s/20s"},
        {"mtu:n1:70000@3s", "'70000' are no bytes up to 65535"},
        {"bandwidth:n1:10@3s", "'10' is no bandwidth: 256kbit/s"},
        {"refuse:n1:maybe@3s", "'maybe' is neither yes nor no"},
        {"clock:n1:1h@3s", "'1h' is no step of a clock: +1h or -30s"},
        {"clock:n1:+1us@3s", "'+1us' is no step of a clock"},
        {"rate:n1:200@3s", "'200' is no rate: +200 or -200"},
        {"rate:n1:+600000@3s", "at most 500000"},
        {"partition:50@3s", "a partition has at least two parts"},
        {"partition:1>2>3@3s", "a partition has two sides, one way"},
        {"partition:50/n1@3s", "either ratios (50/50) or hosts (n0,n1/n2..n4), not both"},
        {"partition:0/50@3s", "a part of 0"},
        {"partition:all/n1@3s", "a part of all leaves nobody for the others"},
        {"partition:n1/n99@3s", "there is no n99 among 10 nodes"},
        {"partition:1/1/1/1/1/1/1/1/1@3s", "more than 8 parts"},
        {"crash:n1,n1,n1,n1,n1,n1,n1,n1,n1,n1,n1,n1,n1,n1,n1,n1,n1,n1,n1,n1,n1,n1,n1,n1,n1,n1,n1,n1,n1,n1,n1,n1,n1,n1,"
         "n1,"
         "n1,n1,n1,n1,n1,n1,n1,n1@3s",
         "longer than 127 characters"},
    };
    for (size_t i = 0; i < BW_COUNT(mistakes); i++) {
        struct bw_fault fault;
        char why[512] = "";
        CU_ASSERT_FALSE(bw_fault_parse(mistakes[i].text, NODES, &fault, why, sizeof why));
        bool named = strstr(why, mistakes[i].answer) != NULL;
        CU_ASSERT(named);
        if (!named)
            tap_note("%s: %s", mistakes[i].text, why);
    }
    struct bw_fault fault;
    char why[128] = "";
    CU_ASSERT_FALSE(bw_fault_parse("partition:1/1/1@3s", 2, &fault, why, sizeof why));
    CU_ASSERT_STRING_EQUAL(why, "3 parts of 2 nodes");
}

static void every_kind_has_its_words(void) {
    for (int i = 0; i < BW_FAULT_KIND_COUNT; i++) {
        const char *word = bw_fault_word((enum bw_fault_kind)i);
        CU_ASSERT_EQUAL(strncmp(bw_fault_form((enum bw_fault_kind)i), word, strlen(word)), 0);
        CU_ASSERT(bw_fault_meaning((enum bw_fault_kind)i)[0] != '\0');
    }
}

/* -- what becomes of a world -- */

static struct bw_sim *sim;
static struct bw_fault faults[8];
static struct bw_fault_run *run;

/* Five nodes that run; the faults come as planned. */
static void begin(const char *const *texts, size_t count) {
    static const struct bw_fault_hooks none = {NULL, NULL, NULL};
    struct bw_sim_options options;
    char why[256];
    bw_sim_options_init(&options, BW_PROFILE_LAN);
    options.durable = true;
    sim = bw_sim_create(3, 5, &options);
    for (size_t i = 0; i < count; i++)
        CU_ASSERT(bw_fault_parse(texts[i], 5, &faults[i], why, sizeof why));
    run = bw_fault_run_create(sim, faults, count, &none);
    bw_sim_start_all(sim);
}

static void finish(void) {
    CU_ASSERT_PTR_NULL(bw_sim_violation(sim));
    bw_fault_run_destroy(run);
    bw_sim_destroy(sim);
}

static void until_ms(int64_t ms) {
    bw_sim_run_us(sim, ms * BW_US_PER_MS - bw_sim_now_us(sim));
}

static void processes_end_stop_and_come_back(void) {
    static const char *const texts[] = {"crash:n1@5s-7s", "stop:n2@5s-7s", "leave:n3@3s-7s", "sleep:n4@5s-7s",
                                        "stop:n2@6s-8s"};
    begin(texts, BW_COUNT(texts));
    until_ms(4999);
    CU_ASSERT_EQUAL(bw_sim_alive_count(sim, 0), 4);
    CU_ASSERT_PTR_NULL(bw_sim_node(sim, 3)); /* its process has ended */
    until_ms(5500);
    CU_ASSERT_PTR_NULL(bw_sim_node(sim, 1));
    CU_ASSERT_FALSE(bw_sim_running(sim, 2));
    CU_ASSERT_EQUAL(bw_sim_status_at(sim, 0, 3), BW_STATUS_LEFT);
    CU_ASSERT_FALSE(bw_sim_running(sim, 4));
    until_ms(7001);
    CU_ASSERT(bw_sim_running(sim, 1) && bw_sim_running(sim, 3) && bw_sim_running(sim, 4));
    CU_ASSERT_FALSE(bw_sim_running(sim, 2)); /* the other stop holds it */
    until_ms(8001);
    CU_ASSERT(bw_sim_running(sim, 2));
    CU_ASSERT(bw_sim_wait_converged(sim, 10000));
    finish();
}

static void partitions_multiply(void) {
    static const char *const texts[] = {"partition:60/40@5s-60s", "partition:n0,n4/n1..n3@30s-60s"};
    begin(texts, BW_COUNT(texts));
    until_ms(25000);
    CU_ASSERT_EQUAL(bw_sim_status_at(sim, 0, 2), BW_STATUS_ALIVE);
    CU_ASSERT_EQUAL(bw_sim_status_at(sim, 0, 3), BW_STATUS_DEAD);
    until_ms(59000);
    CU_ASSERT_EQUAL(bw_sim_alive_count(sim, 0), 1); /* n0 / n1,n2 / n3 / n4 */
    CU_ASSERT_EQUAL(bw_sim_alive_count(sim, 1), 2);
    until_ms(60001);
    CU_ASSERT(bw_sim_wait_converged(sim, 60000));
    finish();
}

static void links_are_what_all_faults_make_of_them(void) {
    static const char *const texts[] = {"loss:n1>n2:50%@1s-4s",  "loss:n1>n2:50%@2s-3s",     "latency:n1-n2:5ms@2s-3s",
                                        "loss:all>n3:10%@2s-3s", "bandwidth:n4:1kB/s@2s-3s", "cut:n0-n1@2s-3s",
                                        "mtu:n0>all:600@2s-3s",  "duplicate:n2:7%@2s-3s"};
    begin(texts, BW_COUNT(texts));
    until_ms(1001);
    CU_ASSERT_EQUAL(bw_sim_link(sim, 1, 2)->loss_ppm, 500000);
    until_ms(2001);
    CU_ASSERT_EQUAL(bw_sim_link(sim, 1, 2)->loss_ppm, 750000);
    CU_ASSERT_EQUAL(bw_sim_link(sim, 2, 1)->loss_ppm, 0);
    CU_ASSERT_EQUAL(bw_sim_link(sim, 2, 1)->latency_us, 5000);
    CU_ASSERT_EQUAL(bw_sim_in(sim, 3)->loss_ppm, 100000);
    CU_ASSERT_EQUAL(bw_sim_out(sim, 3)->loss_ppm, 0);
    CU_ASSERT_EQUAL(bw_sim_in(sim, 4)->bytes_per_s, 1000);
    CU_ASSERT(bw_sim_link(sim, 0, 1)->cut && bw_sim_link(sim, 1, 0)->cut && !bw_sim_link(sim, 0, 2)->cut);
    CU_ASSERT_EQUAL(bw_sim_out(sim, 0)->mtu, 600);
    CU_ASSERT_EQUAL(bw_sim_out(sim, 2)->duplicate_ppm, 70000);
    until_ms(3001);
    CU_ASSERT_EQUAL(bw_sim_link(sim, 1, 2)->loss_ppm, 500000);
    CU_ASSERT_EQUAL(bw_sim_link(sim, 1, 2)->latency_us, 0);
    CU_ASSERT_FALSE(bw_sim_link(sim, 0, 1)->cut);
    until_ms(4001);
    CU_ASSERT_EQUAL(bw_sim_link(sim, 1, 2)->loss_ppm, 0);
    finish();
}

static void clocks_and_disks_go_wrong(void) {
    static const char *const texts[] = {"clock:n1:+1h@5s", "restart:n2:blank@6s", "stepdown:leader@8s"};
    begin(texts, BW_COUNT(texts));
    until_ms(4999);
    int64_t before_us = bw_sim_clock(sim, 1).wall_us;
    struct bw_id id = bw_node_id(bw_sim_node(sim, 2));
    until_ms(5001);
    CU_ASSERT(bw_sim_clock(sim, 1).wall_us - before_us >= INT64_C(3600000000));
    until_ms(7999);
    struct bw_id new_id = bw_node_id(bw_sim_node(sim, 2));
    CU_ASSERT_FALSE(bw_id_equal(&id, &new_id));
    size_t leader = bw_sim_leader_everywhere(sim, "default");
    CU_ASSERT_NOT_EQUAL(leader, BW_SIM_NONE);
    until_ms(9000);
    size_t next = bw_sim_leader_everywhere(sim, "default");
    CU_ASSERT(next != BW_SIM_NONE && next != leader);
    finish();
}

/* What it had written last, it does not know any more; the id was written before that. */
static void last_writes_are_torn_or_lost(void) {
    static const char *const texts[] = {"restart:n1:torn@8s", "restart:n2:old@8s", "restart:n3:kept@8s"};
    struct bw_id ids[5];
    begin(texts, BW_COUNT(texts));
    until_ms(7999);
    size_t size = bw_sim_disk_size(sim, 3);
    for (size_t i = 0; i < 5; i++)
        ids[i] = bw_node_id(bw_sim_node(sim, i));
    CU_ASSERT(size > 1 && bw_sim_disk_size(sim, 2) == size);
    bw_sim_run_us(sim, 1000); /* and nothing is written yet */
    CU_ASSERT_EQUAL(bw_sim_disk_size(sim, 1), 0);
    CU_ASSERT_EQUAL(bw_sim_disk_size(sim, 3), size);
    CU_ASSERT(bw_sim_disk_size(sim, 2) > 0 && bw_sim_disk_size(sim, 2) < size);
    for (size_t i = 1; i < 4; i++) {
        struct bw_id id = bw_node_id(bw_sim_node(sim, i));
        CU_ASSERT_EQUAL(bw_id_equal(&id, &ids[i]), i != 1);
    }
    CU_ASSERT(bw_sim_wait_converged(sim, 20000));
    finish();
}

static void operators_move_the_lead(void) {
    static const char *const texts[] = {"transfer:n3@8s", "priority:n1:200@10s", "unready:n1@25s-28s"};
    begin(texts, BW_COUNT(texts));
    until_ms(9000);
    CU_ASSERT_EQUAL(bw_sim_leader_everywhere(sim, "default"), 3);
    until_ms(19000);
    CU_ASSERT_EQUAL(bw_sim_leader_everywhere(sim, "default"), 3);
    until_ms(24000); /* the hold-down is 10 s */
    CU_ASSERT_EQUAL(bw_sim_leader_everywhere(sim, "default"), 1);
    until_ms(27000);
    CU_ASSERT_NOT_EQUAL(bw_sim_leader_everywhere(sim, "default"), 1);
    until_ms(40000);
    CU_ASSERT_NOT_EQUAL(bw_sim_leader_everywhere(sim, "default"), 1);
    until_ms(52000); /* it had gone away: twice the hold-down */
    CU_ASSERT_EQUAL(bw_sim_leader_everywhere(sim, "default"), 1);
    finish();
}

/* -- figures -- */

static void measured(const char *text, struct bw_figures *figures, struct bw_measure_result *result) {
    struct bw_fault fault;
    struct bw_measure measure = {.node_count = 5, .duration_us = 60000000, .faults = &fault, .demand = true};
    char why[256];
    bw_sim_options_init(&measure.options, BW_PROFILE_LAN);
    measure.fault_count = bw_fault_parse(text, 5, &fault, why, sizeof why);
    bw_figures_init(figures, measure.fault_count);
    CU_ASSERT(bw_measure_run(&measure, 1, figures, result, NULL));
}

static void a_crash_of_the_leader_is_measured(void) {
    struct bw_figures figures;
    struct bw_measure_result result;
    measured("crash:leader@30s", &figures, &result);
    struct bw_fault_figures *fault = &figures.faults[0];
    CU_ASSERT_EQUAL(fault->everywhere.count, 1);
    CU_ASSERT_EQUAL(fault->everywhere.due, 1);
    CU_ASSERT(bw_sample_percentile(&fault->first, 50) >= 500000); /* refused: 500 ms of suspicion */
    CU_ASSERT(bw_sample_percentile(&fault->first, 50) <= bw_sample_percentile(&fault->everywhere, 50));
    CU_ASSERT(bw_sample_percentile(&fault->everywhere, 50) < 4000000);
    CU_ASSERT_EQUAL(fault->acting.count, 1);
    CU_ASSERT(bw_sample_percentile(&fault->known, 100) < 1000000);
    CU_ASSERT_EQUAL(bw_sample_percentile(&figures.dead, 100), 0);
    CU_ASSERT_EQUAL(bw_sample_percentile(&figures.reigns, 100), 2);
    CU_ASSERT(bw_sample_percentile(&figures.bytes_per_s, 50) > 100000);
    CU_ASSERT_EQUAL(figures.start_leader.count, 1);
    bw_figures_free(&figures);
}

static void what_is_not_noticed_is_missing(void) {
    struct bw_figures figures;
    struct bw_measure_result result;
    measured("stop:n1@30s-30.2s", &figures, &result);
    CU_ASSERT_EQUAL(figures.faults[0].first.due, 1);
    CU_ASSERT_EQUAL(figures.faults[0].first.count, 0);
    CU_ASSERT_EQUAL(figures.faults[0].whole.count, 1);
    CU_ASSERT_EQUAL(bw_sample_percentile(&figures.faults[0].first, 50), -1);
    bw_figures_free(&figures);
}

static void percentiles_are_values_that_came(void) {
    struct bw_sample sample = {.count = 0};
    for (int64_t i = 10; i >= 1; i--)
        bw_sample_add(&sample, i);
    CU_ASSERT_EQUAL(bw_sample_percentile(&sample, 50), 5);
    CU_ASSERT_EQUAL(bw_sample_percentile(&sample, 90), 9);
    CU_ASSERT_EQUAL(bw_sample_percentile(&sample, 91), 10);
    CU_ASSERT_EQUAL(bw_sample_percentile(&sample, 100), 10);
    CU_ASSERT_EQUAL(bw_sample_percentile(&sample, 0), 1);
    bw_sample_free(&sample);
}

static const struct tap_test fault_tests[] = {
    TAP_TEST(times_have_units),
    TAP_TEST(times_are_said_shortly),
    TAP_TEST(shares_and_rates_are_read),
    TAP_TEST(a_crash_is_understood),
    TAP_TEST(hosts_are_named_in_many_ways),
    TAP_TEST(links_have_ways),
    TAP_TEST(partitions_have_parts),
    TAP_TEST(values_are_understood),
    TAP_TEST(mistakes_are_named),
    TAP_TEST(every_kind_has_its_words),
    TAP_TEST(processes_end_stop_and_come_back),
    TAP_TEST(partitions_multiply),
    TAP_TEST(links_are_what_all_faults_make_of_them),
    TAP_TEST(clocks_and_disks_go_wrong),
    TAP_TEST(last_writes_are_torn_or_lost),
    TAP_TEST(operators_move_the_lead),
    TAP_TEST(a_crash_of_the_leader_is_measured),
    TAP_TEST(what_is_not_noticed_is_missing),
    TAP_TEST(percentiles_are_values_that_came),
};
static const struct tap_suite suites[] = {TAP_SUITE("faults", fault_tests)};

TAP_MAIN(suites)
