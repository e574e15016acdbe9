/* The trace: each datagram, event and fault is a line. Lines are kept as values (datagrams are not kept at all) and put into
 * words only when somebody wants to read them. Rules are shown but not hashed: they say why, the rest says what. */
#include "sim/internal.h"

#include <stdarg.h>
#include <string.h>

/* Rules that nearly every datagram hits would push the others out. */
#define PER_DATAGRAM(rule) ((rule) == BW_RULE_WINDOW_AFTER_AUTH)
#define FNV_PRIME UINT64_C(1099511628211)

static uint64_t hash_bytes(uint64_t hash, const void *data, size_t size) {
    const uint8_t *bytes = data;
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ bytes[i]) * FNV_PRIME;
    return hash;
}

static uint64_t hash_number(uint64_t hash, uint64_t number) {
    uint8_t bytes[8];
    bw_put_u64(bytes, number);
    return hash_bytes(hash, bytes, sizeof bytes);
}

static struct bw_sim_record *next_record(struct bw_sim *sim, enum bw_sim_line line, size_t host) {
    struct bw_sim_record *record = &sim->records[sim->record_count++ % BW_SIM_RECORD_COUNT];
    *record = (struct bw_sim_record){.at_us = sim->now_us, .line = line, .host = host, .peer = BW_SIM_NONE, .text = ""};
    return record;
}

static void hash_record(struct bw_sim *sim, const struct bw_sim_record *record) {
    sim->hash = hash_number(sim->hash, (uint64_t)record->at_us);
    sim->hash = hash_number(sim->hash, (uint64_t)record->line);
    sim->hash = hash_number(sim->hash, record->host);
    sim->hash = hash_number(sim->hash, record->peer);
    sim->hash = hash_number(sim->hash, record->detail);
    sim->hash = hash_bytes(sim->hash, record->text, strlen(record->text));
}

static size_t index_of(const struct bw_sim *sim, const struct bw_id *id) {
    for (size_t i = 0; i < sim->host_count; i++)
        if (bw_id_equal(&sim->hosts[i].id, id))
            return i;
    return BW_SIM_NONE;
}

static void print(const struct bw_sim *sim, const struct bw_sim_record *record, FILE *to, const char *prefix) {
    char id[BW_ID_TEXT_SIZE];
    fprintf(to, "%s%10.6f ", prefix, (double)record->at_us / 1e6);
    if (record->host != BW_SIM_NONE)
        fprintf(to, "n%zu ", record->host);
    switch (record->line) {
    case BW_SIM_LINE_SENT:
        fprintf(to, "-> n%zu %llu bytes\n", record->peer, (unsigned long long)record->detail >> 48);
        break;
    case BW_SIM_LINE_LOST:
        fprintf(to, "-x n%zu %llu bytes\n", record->peer, (unsigned long long)record->detail >> 48);
        break;
    case BW_SIM_LINE_TEXT:
        fprintf(to, "%s\n", record->text);
        break;
    case BW_SIM_LINE_RULE:
        fprintf(to, "  rule %s", bw_rule_name(record->rule));
        size_t subject = index_of(sim, &record->subject);
        bw_id_text(&record->subject, id);
        if (subject != BW_SIM_NONE)
            fprintf(to, " n%zu", subject);
        else if (!bw_id_none(&record->subject))
            fprintf(to, " %s", id);
        fprintf(to, " %llu\n", (unsigned long long)record->detail);
        break;
    }
}

static void show(const struct bw_sim *sim, const struct bw_sim_record *record) {
    bool datagram = record->line == BW_SIM_LINE_SENT || record->line == BW_SIM_LINE_LOST;
    if (sim->options.log != NULL && (!datagram || sim->options.log_datagrams))
        print(sim, record, sim->options.log, "");
}

void bw_sim_record_text(struct bw_sim *sim, size_t host, const char *format, ...) {
    struct bw_sim_record *record = next_record(sim, BW_SIM_LINE_TEXT, host);
    char *text = sim->texts[record - sim->records];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, BW_SIM_TEXT_SIZE, format, arguments);
    va_end(arguments);
    record->text = text;
    hash_record(sim, record);
    show(sim, record);
}

/* detail: the size, and 48 bits of the contents' hash */
void bw_sim_record_datagram(struct bw_sim *sim, enum bw_sim_line line, size_t from, size_t to, const uint8_t *data,
                            size_t size) {
    struct bw_sim_record record = {.at_us = sim->now_us,
                                   .line = line,
                                   .host = from,
                                   .peer = to,
                                   .text = "",
                                   .detail = (uint64_t)size << 48 | hash_bytes(0, data, size) >> 16};
    hash_record(sim, &record);
    show(sim, &record);
}

void bw_sim_record_rule(struct bw_sim *sim, size_t host, enum bw_rule rule, const struct bw_id *subject,
                        uint64_t detail) {
    if (PER_DATAGRAM(rule))
        return;
    struct bw_sim_record *record = next_record(sim, BW_SIM_LINE_RULE, host);
    record->rule = rule;
    record->detail = detail;
    if (subject != NULL)
        record->subject = *subject;
    show(sim, record);
}

uint64_t bw_sim_hash(const struct bw_sim *sim) {
    return sim->hash;
}

void bw_sim_report(const struct bw_sim *sim, FILE *to, const char *prefix, size_t line_count) {
    uint64_t kept = sim->record_count < BW_SIM_RECORD_COUNT ? sim->record_count : BW_SIM_RECORD_COUNT;
    uint64_t shown = line_count < kept ? line_count : kept;
    for (uint64_t i = sim->record_count - shown; i < sim->record_count; i++)
        print(sim, &sim->records[i % BW_SIM_RECORD_COUNT], to, prefix);
    fprintf(to, "%sseed %llu, %zu hosts, at %lld us, trace hash %016llx\n", prefix, (unsigned long long)sim->seed,
            sim->host_count, (long long)sim->now_us, (unsigned long long)sim->hash);
    if (sim->violation[0] != '\0')
        fprintf(to, "%sviolation: %s\n", prefix, sim->violation);
}
