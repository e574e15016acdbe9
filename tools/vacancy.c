#include "tools/vacancy.h"

#include <string.h>

#include <bellwether/node.h>

#include "tools/json.h"
#include "tools/text.h"

void vacancy_append_wait(const json_t *wait, char *text, size_t size) {
    if (json_is_integer(wait))
        text_append(text, size, " ", "(at most %.1f s more)", (double)json_integer_value(wait) / 1000);
}

void vacancy_text(const json_t *scope, char *text, size_t size) {
    const char *word = json_text_of(scope, "reason");
    const char *sentence = word; /* of a newer agent */
    const json_t *wait = json_object_get(scope, "wait_ms");
    for (int i = 0; i < BW_VACANCY_COUNT; i++)
        if (strcmp(bw_vacancy_name((enum bw_vacancy)i, NULL), word) == 0)
            bw_vacancy_name((enum bw_vacancy)i, &sentence);
    sentence_about(sentence, json_text_of(scope, "reason_of"), text, size);
    vacancy_append_wait(wait, text, size);
}
