#include "tools/completion.h"

#include <string.h>

#include <bellwether/config.h>
#include <bellwether/event.h>

#include "tools/options.h"

enum { TEXT_MAX = 72 };

/* By what the help calls the value, or, before that, by the option's name. */
static const struct {
    const char *argument;
    const char *option; /* NULL: any */
    completion_spec spec;
} values[] = {
    {"FILE", NULL, "@files"},
    {"PATH", NULL, "@files"},
    {"PAGE", NULL, "@files"},
    {"PROGRAM", NULL, "@files"},
    {"DIR", NULL, "@dirs"},
    {"WHEN", NULL, "auto always never"},
    {"LEVEL", NULL, "debug info warn error"},
    {"FORMAT", NULL, "text json"},
    {"STATUS", NULL, "alive suspect dead left"},
    {"MODE", NULL, "priority bully quorum"},
    {"HOW", NULL, "fast safe"},
    {"SCOPE", NULL, "@scopes"},
    {"S[:OPT=VAL,...]", NULL, "@scopes"},
    {"NAME", "to", "@members"},
    {"NAME", "node", "@members"},
    {"NAME", "scopes", "@scopes"},
    {"NAME", "profile", "local lan wan"},
    {"PARAM=VALUE", NULL, "@parameters"},
    {"T,...", NULL, "@events"},
};

/* Words that tables know. */
static completion_spec expand(completion_spec spec, char *buffer, size_t size) {
    uint32_t least, largest;
    const char *name;
    buffer[0] = '\0';
    if (strcmp(spec, "@parameters") == 0) {
        for (size_t i = 0; (name = bw_params_describe(i, NULL, &least, &largest)) != NULL; i++)
            text_append(buffer, size, " ", "%s=", name);
    } else if (strcmp(spec, "@events") == 0) {
        for (int i = 0; i < BW_EVENT_COUNT; i++)
            text_append(buffer, size, " ", "%s", bw_event_name((enum bw_event_type)i));
    } else if (strcmp(spec, "@commands") == 0) {
        for (const struct command *command = commands; command->name != NULL; command++)
            text_append(buffer, size, " ", "%s", command->name);
        text_append(buffer, size, " ", "parameters");
    } else {
        return spec;
    }
    return buffer;
}

/* "yes|no": words in lower case that exclude each other. */
static bool is_choice(const char *argument) {
    return strchr(argument, '|') != NULL && strspn(argument, "abcdefghijklmnopqrstuvwxyz-|") == strlen(argument);
}

completion_spec completion_value(const struct argp_option *option, char *buffer, size_t size) {
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
        if (strcmp(values[i].argument, option->arg) == 0 &&
            (values[i].option == NULL || strcmp(values[i].option, option->name) == 0))
            return expand(values[i].spec, buffer, size);
    if (!is_choice(option->arg))
        return "";
    snprintf(buffer, size, "%s", option->arg);
    for (char *at = buffer; *at != '\0'; at++)
        if (*at == '|')
            *at = ' ';
    return buffer;
}

completion_spec completion_operand(const struct command *command, size_t place, bool *rest, char *buffer, size_t size) {
    const char *at = command->operands;
    char spec[128];
    for (; at != NULL && place > 0; place--)
        at = (at = strchr(at, '|')) == NULL ? NULL : at + 1;
    if (at == NULL)
        return NULL;
    size_t length = strcspn(at, "|");
    *rest = length > 3 && strncmp(at + length - 3, "...", 3) == 0;
    snprintf(spec, sizeof(spec), "%.*s", (int)(*rest ? length - 3 : length), at);
    if (expand(spec, buffer, size) == spec)
        snprintf(buffer, size, "%s", spec);
    return buffer;
}

void completion_text(const struct argp_option *option, char *text, size_t size) {
    const char *doc = option->doc == NULL ? "" : option->doc;
    size_t length = 0;
    while (doc[length] != '\0' && doc[length] != ';' && doc[length] != '\v' &&
           !(doc[length] == '.' && doc[length + 1] == ' '))
        length++;
    if (length > TEXT_MAX)
        for (length = TEXT_MAX; length > 0 && doc[length] != ' ';)
            length--;
    snprintf(text, size, "%.*s", (int)length, doc);
}

void completion_options(const struct command *command, void (*each)(void *context, const struct argp_option *option),
                        void *context) {
    static const struct argp_option help = {"help", 'h', NULL, 0, "Explains the command", 0};
    options_each(command->argp, each, context);
    each(context, &help);
}

void completion_quote(FILE *file, const char *text, const char *escaped) {
    fputc('\'', file);
    for (; *text != '\0'; text++) {
        if (*text == '\'') {
            fputs("'\\''", file);
            continue;
        }
        if (strchr(escaped, *text) != NULL)
            fputc('\\', file);
        fputc(*text == '\n' ? ' ' : *text, file);
    }
    fputc('\'', file);
}
