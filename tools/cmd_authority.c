/* authority: certificates for members, in identity mode. It works on files alone: the authority's key need not be on any host of the
 * cluster. */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>

#include "base/base.h"
#include "tools/command.h"
#include "tools/confine.h"
#include "tools/identity_file.h"
#include "tools/json.h"
#include "tools/options.h"

#define KEY_NAME "authority.key"
#define DAYS_MAX 36500u
#define DAY_S 86400

enum { KEY_KEY = 0x100, KEY_SCOPE, KEY_DAYS, KEY_AUTHORITY, KEY_JSON };

struct authority {
    const char *verb;
    const char *operand;
    const char *key;  /* the member's public key, a file */
    const char *file; /* the authority's own key */
    uint64_t days;
    struct bw_grant grants[BW_GRANT_MAX];
    size_t grant_count;
    bool json;
};

/* SCOPE[:max-priority=N] */
static error_t add_grant(struct authority *authority, const char *value, struct argp_state *state) {
    static const char option[] = ":max-priority=";
    const char *mark = strstr(value, option);
    size_t size = mark != NULL ? (size_t)(mark - value) : strlen(value);
    uint64_t priority = 65535;
    if (authority->grant_count == BW_GRANT_MAX)
        return options_mistake(state, "at most %u scopes can be granted", BW_GRANT_MAX);
    if (mark != NULL && !parse_number(mark + sizeof(option) - 1, 0, 65535, &priority))
        return options_mistake(state, "--scope %s: max-priority goes from 0 to 65535", value);
    if (!bw_text_valid((const uint8_t *)value, size, BW_NAME_MAX) || memchr(value, ':', size) != NULL)
        return options_mistake(state, "--scope %s: SCOPE[:max-priority=N] is wanted; SCOPE may end with *", value);
    authority->grants[authority->grant_count++] = (struct bw_grant){{(const uint8_t *)value, size}, (uint16_t)priority};
    return 0;
}

static error_t end(const struct authority *authority, struct argp_state *state) {
    static const char *const verbs[] = {"init", "sign", "revoke", "show", NULL};
    char hint[64];
    bool known = false;
    if (authority->verb == NULL)
        return options_mistake(state, "init, sign, revoke or show?");
    for (size_t i = 0; verbs[i] != NULL; i++)
        known = known || strcmp(authority->verb, verbs[i]) == 0;
    if (!known)
        return options_mistake(state, "'%s': init, sign, revoke or show is wanted%s", authority->verb,
                               nearest_hint(authority->verb, verbs, hint, sizeof(hint)));
    if (authority->json && strcmp(authority->verb, "show") != 0)
        return options_mistake(state, "--json is for show alone: what %s prints is read by agents as it is",
                               authority->verb);
    if (strcmp(authority->verb, "sign") == 0 && authority->operand == NULL)
        return options_mistake(state, "sign for whom? the NAME that the member's agent has");
    if (strcmp(authority->verb, "sign") == 0 && authority->key == NULL)
        return options_mistake(state, "whose key? --key FILE, what 'bellwether keygen --identity' printed there");
    if (strcmp(authority->verb, "revoke") == 0 && authority->operand == NULL)
        return options_mistake(state, "which certificate? its FILE, or its serial number");
    if (strcmp(authority->verb, "show") == 0 && authority->operand == NULL)
        return options_mistake(state, "which FILE?");
    return 0;
}

static error_t parse(int key, char *value, struct argp_state *state) {
    struct authority *authority = state->input;
    switch (key) {
    case KEY_KEY:
        authority->key = value;
        return 0;
    case KEY_AUTHORITY:
        authority->file = value;
        return 0;
    case KEY_JSON:
        authority->json = true;
        return 0;
    case KEY_DAYS:
        return parse_number(value, 1, DAYS_MAX, &authority->days)
                   ? 0
                   : options_mistake(state, "--days %s: a whole number from 1 to %u", value, DAYS_MAX);
    case KEY_SCOPE:
        return add_grant(authority, value, state);
    case ARGP_KEY_ARG:
        if (authority->operand != NULL)
            return options_surplus(state, value);
        *(authority->verb == NULL ? &authority->verb : &authority->operand) = value;
        return 0;
    case ARGP_KEY_END:
        return end(authority, state);
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option option_list[] = {
    {"key", KEY_KEY, "FILE", 0, "sign: the member's public key, as 'bellwether keygen --identity' printed it", 0},
    {"scope", KEY_SCOPE, "SCOPE[:max-priority=N]", 0,
     "sign: a scope that the member may lead, and with what priority at most (default: 65535); one that ends with * "
     "stands for all that begin so; repeatable; without any it may lead none",
     0},
    {"days", KEY_DAYS, "N", 0, "sign: valid for so many days (default: 365)", 0},
    {"authority", KEY_AUTHORITY, "FILE", 0, "sign, revoke: the authority's key (default: " KEY_NAME ")", 0},
    {"json", KEY_JSON, NULL, 0, "show: as JSON", 0},
    {0}};
const struct argp authority_argp = {
    .options = option_list,
    .parser = parse,
    .args_doc = "init [DIR]\nsign NAME --key FILE [--scope S]... [--days N]\nrevoke FILE|SERIAL\nshow FILE",
    .doc = "Certificates for the members of a cluster in identity mode.\n"
           "init makes an authority's key in DIR/" KEY_NAME " and prints its public key, which each agent is given as "
           "--authority. sign prints the certificate of a member, for its --certificate; another one with a later "
           "end renews it. revoke prints the word that a certificate counts no more, for a file that one agent at "
           "least has as "
           "--revoked. show prints what a certificate says.\v"
           "The authority's key is needed to sign, by no agent: keep it elsewhere.",
};

/* ------------------------------------------------------------------ init */

static int init(const struct authority *authority) {
    const char *directory = authority->operand != NULL ? authority->operand : ".";
    uint8_t public[BW_PUBLIC_SIZE];
    char text[512];
    char key[BW_PUBLIC_TEXT_SIZE];
    char *path = NULL;
    if (mkdir(directory, 0700) != 0 && errno != EEXIST) {
        complain("%s: %s", directory, strerror(errno));
        return EXIT_NO;
    }
    bool ok = asprintf(&path, "%s/%s", directory, KEY_NAME) >= 0 &&
              identity_make(BW_ARMOUR_AUTHORITY, public, text, sizeof(text)) && identity_file_make(path, text);
    explicit_bzero(text, sizeof(text));
    if (ok) {
        bw_public_text(public, key);
        puts(key);
        fprintf(stderr, "Made %s. Each agent gets: authority = %s\n", path, key);
    }
    free(path);
    return ok ? EXIT_DONE : EXIT_NO;
}

/* ------------------------------------------------------------------ show */

static json_t *grants_object(struct bw_bytes grants) {
    json_t *list = json_array();
    struct bw_grant grant;
    char scope[BW_NAME_MAX + 1];
    for (size_t at = 0; bw_grant_next(grants, &at, &grant);) {
        memcpy(scope, grant.scope.data, grant.scope.size);
        scope[grant.scope.size] = '\0';
        json_array_append_new(list, json_pack("{s:s,s:i}", "scope", scope, "max_priority", grant.priority));
    }
    return list;
}

static json_t *certificate_object(const struct bw_certificate *certificate) {
    char id[BW_ID_TEXT_SIZE];
    char key[BW_PUBLIC_TEXT_SIZE];
    char serial[20];
    char from[TIME_TEXT_SIZE];
    char until[TIME_TEXT_SIZE];
    struct bw_id hash = bw_identity_id(certificate->key);
    bw_id_text(&hash, id);
    bw_public_text(certificate->key, key);
    snprintf(serial, sizeof(serial), "%016llx", (unsigned long long)certificate->serial);
    time_text((int64_t)certificate->not_before_s * BW_US_PER_S, from);
    time_text((int64_t)certificate->not_after_s * BW_US_PER_S, until);
    return json_pack("{s:s%,s:s,s:s,s:s,s:s,s:s,s:o}", "name", (const char *)certificate->name.data,
                     certificate->name.size, "id", id, "key", key, "serial", serial, "not_before", from, "not_after",
                     until, "scopes", grants_object(certificate->grants));
}

static void print_object(const json_t *object, FILE *file, const char *before) {
    static const char *const fields[] = {"name", "id", "key", "serial", "not_before", "not_after"};
    size_t index;
    json_t *grant;
    for (size_t i = 0; i < BW_COUNT(fields); i++)
        fprintf(file, "%s%-10s  %s\n", before, fields[i], json_text_of(object, fields[i]));
    json_array_foreach(json_object_get(object, "scopes"), index, grant) {
        fprintf(file, "%s%-10s  %s, priority up to %lld\n", before, "scope", json_text_of(grant, "scope"),
                (long long)json_integer_value(json_object_get(grant, "max_priority")));
    }
}

static bool read_certificate(const char *path, struct bw_certificate *certificate, uint8_t *encoded) {
    struct identity_text text;
    size_t size = 0;
    if (!identity_file_read(path, "certificate", false, &text))
        return false;
    if (bw_armour_read(BW_ARMOUR_CERTIFICATE, text.text, text.size, encoded, BW_CERTIFICATE_MAX, &size) == 0 &&
        bw_certificate_read(certificate, (struct bw_bytes){encoded, size}) == 0)
        return true;
    complain("certificate %s: there is none in it, or it is damaged", path);
    return false;
}

static int show(const struct authority *authority) {
    struct bw_certificate certificate;
    uint8_t encoded[BW_CERTIFICATE_MAX];
    if (!read_certificate(authority->operand, &certificate, encoded))
        return EXIT_NO;
    json_t *object = certificate_object(&certificate);
    if (authority->json) {
        json_print(object);
    } else {
        print_object(object, stdout, "");
    }
    json_decref(object);
    return EXIT_DONE;
}

/* ------------------------------------------------------------------ sign */

static bool read_authority(const char *path, struct bw_identity **identity) {
    struct identity_text text;
    bool ok = identity_file_read(path, "authority's key", true, &text);
    if (ok && bw_identity_read(identity, BW_ARMOUR_AUTHORITY, text.text, text.size) != 0) {
        complain("authority's key %s: there is none in it; 'bellwether authority init' makes one", path);
        ok = false;
    }
    explicit_bzero(&text, sizeof(text));
    return ok;
}

static bool read_public(const char *path, uint8_t key[BW_PUBLIC_SIZE]) {
    struct identity_text text;
    size_t size = 0;
    if (!identity_file_read(path, "public key", false, &text))
        return false;
    bool ok = bw_armour_read(BW_ARMOUR_PUBLIC, text.text, text.size, key, BW_PUBLIC_SIZE, &size) == 0 &&
              size == BW_PUBLIC_SIZE;
    if (!ok)
        complain("public key %s: there is none in it; it is what 'bellwether keygen --identity' prints", path);
    explicit_bzero(&text, sizeof(text));
    return ok;
}

static bool compose(const struct authority *authority, struct bw_certificate *certificate) {
    const char *name = authority->operand;
    int64_t now_s = (int64_t)time(NULL);
    *certificate = (struct bw_certificate){.not_before_s = (uint64_t)now_s,
                                           .not_after_s = (uint64_t)(now_s + (int64_t)authority->days * DAY_S),
                                           .name = {(const uint8_t *)name, strlen(name)}};
    if (!bw_text_valid(certificate->name.data, certificate->name.size, BW_NAME_MAX)) {
        complain("'%s' is no member's name: 1 to %u bytes of UTF-8 without control characters", name, BW_NAME_MAX);
        return false;
    }
    while (certificate->serial == 0)
        if (getrandom(&certificate->serial, sizeof(certificate->serial), 0) != (ssize_t)sizeof(certificate->serial)) {
            complain("no random numbers: %s", strerror(errno));
            return false;
        }
    return read_public(authority->key, certificate->key);
}

static void print_certificate(struct bw_bytes encoded) {
    struct bw_certificate certificate;
    char line[BW_ARMOUR_TEXT_SIZE(BW_CERTIFICATE_MAX)];
    int error = bw_certificate_read(&certificate, encoded);
    BW_ASSERT(error == 0); /* it has just been made */
    json_t *object = certificate_object(&certificate);
    print_object(object, stdout, "# ");
    json_decref(object);
    bw_armour_write(BW_ARMOUR_CERTIFICATE, encoded, line);
    fputs(line, stdout);
}

static int sign(const struct authority *authority) {
    struct bw_certificate certificate;
    struct bw_identity *identity = NULL;
    uint8_t encoded[BW_CERTIFICATE_MAX];
    size_t size = 0;
    if (!compose(authority, &certificate) || !read_authority(authority->file, &identity))
        return EXIT_NO;
    int error = bw_certificate_make(&certificate, authority->grants, authority->grant_count, identity, encoded, &size);
    bw_identity_destroy(identity);
    if (error == BW_ERR_SPACE)
        complain("so many scopes do not fit in a certificate of %u bytes; one that ends with * stands for many",
                 BW_CERTIFICATE_MAX);
    else if (error != 0)
        complain("a scope is given twice");
    else
        print_certificate((struct bw_bytes){encoded, size});
    return error == 0 ? EXIT_DONE : EXIT_NO;
}

/* ------------------------------------------------------------------ revoke */

/* 16 hex digits, or the certificate itself. */
static bool read_serial(const char *operand, uint64_t *serial) {
    struct bw_certificate certificate;
    uint8_t bytes[8];
    uint8_t encoded[BW_CERTIFICATE_MAX];
    if (strlen(operand) == 16 && bw_hex_get(operand, bytes, sizeof(bytes))) {
        *serial = bw_get_u64(bytes);
        return true;
    }
    bool ok = read_certificate(operand, &certificate, encoded);
    *serial = ok ? certificate.serial : 0;
    return ok;
}

static int print_revocation(const struct authority *authority) {
    struct bw_identity *identity = NULL;
    uint8_t revocation[BW_REVOCATION_SIZE];
    char line[BW_ARMOUR_TEXT_SIZE(BW_REVOCATION_SIZE)];
    uint64_t serial = 0;
    if (!read_serial(authority->operand, &serial) || !read_authority(authority->file, &identity))
        return EXIT_NO;
    bw_revocation_make(serial, identity, revocation);
    bw_identity_destroy(identity);
    bw_armour_write(BW_ARMOUR_REVOCATION, (struct bw_bytes){revocation, sizeof(revocation)}, line);
    printf("# serial %016llx\n%s", (unsigned long long)serial, line);
    return EXIT_DONE;
}

int cmd_authority(int argc, char **argv) {
    struct authority authority = {.days = 365, .file = KEY_NAME};
    int code = options_parse(&authority_argp, argc, argv, &authority);
    if (code != EXIT_DONE)
        return code;
    (void)confine_memory();
    if (strcmp(authority.verb, "init") == 0)
        return init(&authority);
    if (strcmp(authority.verb, "revoke") == 0)
        return print_revocation(&authority);
    return strcmp(authority.verb, "sign") == 0 ? sign(&authority) : show(&authority);
}
