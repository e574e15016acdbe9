/* The swarm test: fixed seeds in every check, any others on demand.
 *
 *   swarm                      the fixed seeds
 *   swarm 12345                one seed, with its trace
 *   swarm 12345 3,7            the same with these of its steps alone, as told of a seed that failed
 *   swarm --seeds 1000-2000    so many, one line for each that fails
 *   swarm --soak 3600          fresh ones for so many seconds (make soak SOAK=3600) */
#include "tests/scenario/swarm.h"

#include "tests/lib/tap.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

static void seeds(uint64_t first, uint64_t last) {
    struct swarm_result result;
    int64_t worst_ms = 0;
    int64_t virtual_ms = 0;
    for (uint64_t seed = first; seed <= last; seed++) {
        CU_ASSERT(swarm_run(seed, true, NULL, &result));
        if (!result.passed)
            swarm_tell_least(seed, &result);
        worst_ms = result.healed_ms > worst_ms ? result.healed_ms : worst_ms;
        virtual_ms += result.virtual_ms;
    }
    tap_note("%lld s of virtual time; whole again after at most %lld ms", (long long)virtual_ms / 1000,
             (long long)worst_ms);
}

static void seeds_1_to_100(void) {
    seeds(1, 100);
}
static void seeds_101_to_200(void) {
    seeds(101, 200);
}
static void seeds_201_to_300(void) {
    seeds(201, 300);
}
static void seeds_301_to_400(void) {
    seeds(301, 400);
}
static void seeds_401_to_500(void) {
    seeds(401, 500);
}
static void seeds_501_to_600(void) {
    seeds(501, 600);
}
static void seeds_601_to_700(void) {
    seeds(601, 700);
}
static void seeds_701_to_800(void) {
    seeds(701, 800);
}
static void seeds_801_to_900(void) {
    seeds(801, 900);
}
static void seeds_901_to_1000(void) {
    seeds(901, 1000);
}

/* Found by the swarm: who had been cut off claimed as soon as one other heard it, over a leader that it had not heard of. */
static void who_comes_back_asks_before_it_claims(void) {
    static const uint64_t found[] = {208, 393, 410, 540};
    for (size_t i = 0; i < BW_COUNT(found); i++)
        seeds(found[i], found[i]);
}

/* The same, found by a soak: for a seat whoever comes back is often the first, as the others hold the other ones. */
static void of_seats_it_asks_at_once(void) {
    seeds(1795920577194, 1795920577194);
    seeds(1795920577997, 1795920577997);
}

/* Found by the swarm: a claim was confirmed, or made, over a leader that others had heard within its lease. */
static void nobody_leads_while_anothers_lease_runs(void) {
    static const uint64_t found[] = {1128, 1142, 1303, 13379, 17735};
    for (size_t i = 0; i < BW_COUNT(found); i++)
        seeds(found[i], found[i]);
}

/* Found by soaks: who comes back claims, and one that hears the leader confirms it, as it is none of those that acknowledge the leader.
 * What these object comes later over slow links. */
static void who_hears_the_leader_confirms_no_other(void) {
    static const uint64_t found[] = {1795998726622, 1795998730867, 1796001010903,
                                     1796001012464, 1796001015401, 1796001018317};
    for (size_t i = 0; i < BW_COUNT(found); i++)
        seeds(found[i], found[i]);
}

/* Found by the swarm: no memory when a leader's record was to be published, and views differed for ever. */
static void a_record_that_found_no_memory_is_published_later(void) {
    seeds(1336, 1336);
}

/* Found by a soak, and as it must be: an empty disk, and the only seed is dead. It leads a cluster of one, which nobody hears. */
static void who_meets_nobody_leads_a_cluster_of_one(void) {
    seeds(1795578294241, 1795578294241);
}

/* Found by a soak: a leader of other scopes was slow to be confirmed; who had confirmed it took its sets, in which the new scope
 * was missing, for a resignation, and never heard that the claim became a reign. */
static void a_slow_claim_that_becomes_a_reign_is_known_to_all(void) {
    seeds(1795578301982, 1795578301982);
}

/* Found by a soak: one that comes back claims over a leader that it gave up while it was cut off, resigns as the others object, and
 * confirms somebody who had believed it, while that leader still leads. */
static void who_is_told_of_a_living_leader_confirms_no_other(void) {
    seeds(1795903821870, 1795903821870);
}

/* Found by a soak: as above, and of those that believed the claim and know nothing of the leader one claims, and the others confirm
 * it. The record of the claim given up names the leader now. */
static void a_claim_given_up_for_a_leader_names_it(void) {
    seeds(1795904581668, 1795904581668);
}

/* Found by a soak, and as it must be: a cluster of one is met while both lead. */
static void who_led_a_cluster_of_one_is_met(void) {
    seeds(1795903819749, 1795903819749);
}

/* Found by a soak, and as it must be: the holder claims again; while that is on its way it follows one that had not heard of the
 * freeze, and then its own claim is confirmed, which is the larger one. */
static void the_holders_claim_on_its_way_may_become_a_reign(void) {
    static const uint64_t found[] = {1795916500884, 1795916552307, 1795916570042};
    for (size_t i = 0; i < BW_COUNT(found); i++)
        seeds(found[i], found[i]);
}

/* Found by a soak: an attacker carried the words of others to a deaf member, which so heard them and was no more deaf. */
static void an_attacker_does_not_mend_a_deaf_member(void) {
    seeds(1795916559525, 1795916559525);
}

/* Found by a soak: no memory for a member that had come, which was never known to lead for as long as nothing changed about it. */
static void who_found_no_memory_is_known_later(void) {
    seeds(1796001016123, 1796001016123);
}

/* Found by the swarm: a voter that had lost its state asked whether there was a leader, heard of one, took its own question's failing
 * for that one's end, and as it was no voter any more nobody told it better. */
static void who_is_no_voter_any_more_believes_in_the_leader(void) {
    seeds(21851, 21851);
}

/* Found by the swarm, and as it must be: see comes_back in sim/check.c. */
static void who_found_itself_alone_may_lead_for_a_lease_after_it_is_back(void) {
    seeds(30828, 30828);
}

/* Found by a soak, and the swarm's own mistake: of five voters the two that stand lost their state, and three witnesses elect nobody. */
static void a_voter_that_stands_keeps_its_state(void) {
    seeds(1796001011794, 1796001011794);
}

static void a_seed_gives_the_same_run_again(void) {
    struct swarm_result first, again, other;
    swarm_run(1, false, NULL, &first);
    swarm_run(1, false, NULL, &again);
    swarm_run(2, false, NULL, &other);
    CU_ASSERT(first.hash == again.hash);
    CU_ASSERT(first.hash != other.hash);
}

static const struct tap_test swarm_tests[] = {
    TAP_TEST(seeds_1_to_100),
    TAP_TEST(seeds_101_to_200),
    TAP_TEST(seeds_201_to_300),
    TAP_TEST(seeds_301_to_400),
    TAP_TEST(seeds_401_to_500),
    TAP_TEST(seeds_501_to_600),
    TAP_TEST(seeds_601_to_700),
    TAP_TEST(seeds_701_to_800),
    TAP_TEST(seeds_801_to_900),
    TAP_TEST(seeds_901_to_1000),
    TAP_TEST(who_comes_back_asks_before_it_claims),
    TAP_TEST(of_seats_it_asks_at_once),
    TAP_TEST(nobody_leads_while_anothers_lease_runs),
    TAP_TEST(who_hears_the_leader_confirms_no_other),
    TAP_TEST(a_record_that_found_no_memory_is_published_later),
    TAP_TEST(who_found_no_memory_is_known_later),
    TAP_TEST(who_meets_nobody_leads_a_cluster_of_one),
    TAP_TEST(a_slow_claim_that_becomes_a_reign_is_known_to_all),
    TAP_TEST(who_is_told_of_a_living_leader_confirms_no_other),
    TAP_TEST(a_claim_given_up_for_a_leader_names_it),
    TAP_TEST(who_led_a_cluster_of_one_is_met),
    TAP_TEST(the_holders_claim_on_its_way_may_become_a_reign),
    TAP_TEST(who_is_no_voter_any_more_believes_in_the_leader),
    TAP_TEST(an_attacker_does_not_mend_a_deaf_member),
    TAP_TEST(who_found_itself_alone_may_lead_for_a_lease_after_it_is_back),
    TAP_TEST(a_voter_that_stands_keeps_its_state),
    TAP_TEST(a_seed_gives_the_same_run_again),
};
static const struct tap_suite suites[] = {TAP_SUITE("swarm", swarm_tests)};

static void tell(uint64_t seed, const struct swarm_result *result) {
    printf("tests/scenario/swarm %llu  # %s\n", (unsigned long long)seed, result->violation);
    swarm_tell_least(seed, result);
}

static int run_range(const char *text) {
    struct swarm_result result;
    char *end;
    uint64_t first = strtoull(text, &end, 10);
    uint64_t last = *end == '-' ? strtoull(end + 1, NULL, 10) : first;
    uint64_t failed = 0;
    for (uint64_t seed = first; seed <= last; seed++)
        if (!swarm_run(seed, false, NULL, &result)) {
            tell(seed, &result);
            failed++;
        }
    printf("%llu seeds, %llu failed\n", (unsigned long long)(last - first + 1), (unsigned long long)failed);
    return failed > 0 ? 1 : 0;
}

/* From a seed on that no soak had before. */
static int soak(const char *text) {
    struct swarm_result result;
    time_t begin = time(NULL);
    time_t end = begin + (time_t)strtoull(text, NULL, 10);
    uint64_t first = (uint64_t)begin * 1000;
    uint64_t seed = first;
    uint64_t failed = 0;
    int64_t virtual_ms = 0;
    for (; time(NULL) < end; seed++) {
        if (!swarm_run(seed, false, NULL, &result)) {
            tell(seed, &result);
            failed++;
        }
        virtual_ms += result.virtual_ms;
    }
    printf("%llu seeds from %llu on, %.1f simulated cluster-hours, %llu failed\n", (unsigned long long)(seed - first),
           (unsigned long long)first, (double)virtual_ms / 3.6e6, (unsigned long long)failed);
    return failed > 0 ? 1 : 0;
}

static int run_seed(const char *text, const bool *steps) {
    struct swarm_result result;
    uint64_t seed = strtoull(text, NULL, 10);
    bool passed = swarm_run_steps(seed, steps, true, stdout, &result);
    if (!passed && steps == NULL)
        swarm_tell_least(seed, &result);
    printf("trace hash %016llx, %lld ms of virtual time, whole again after %lld ms: %s\n",
           (unsigned long long)result.hash, (long long)result.virtual_ms, (long long)result.healed_ms,
           passed ? "passed" : result.violation);
    return passed ? 0 : 1;
}

int main(int argc, char **argv) {
    bool steps[SWARM_STEPS_MAX];
    if (argc == 3 && strcmp(argv[1], "--seeds") == 0)
        return run_range(argv[2]);
    if (argc == 3 && strcmp(argv[1], "--soak") == 0)
        return soak(argv[2]);
    if (argc == 2 && argv[1][0] >= '0' && argv[1][0] <= '9')
        return run_seed(argv[1], NULL);
    if (argc == 3 && argv[1][0] >= '0' && argv[1][0] <= '9' && swarm_read_steps(argv[2], steps))
        return run_seed(argv[1], steps);
    return tap_run(suites, BW_COUNT(suites), argc, argv);
}
