/* The names of seats: seat 2 of the scope "db" is the scope "db#2", for records, tokens and everybody. */
#include <bellwether/scope.h>

#include <string.h>

int bw_scope_seat(const char *scope, size_t *name_size) {
    const char *mark = scope;
    int seat = 0;
    for (const char *at = scope; *at != '\0'; at++)
        mark = *at == '#' ? at : mark;
    if (mark == scope || mark[1] == '\0' || (mark[1] == '0' && mark[2] != '\0'))
        return -1;
    for (const char *at = mark + 1; *at != '\0'; at++) {
        if (*at < '0' || *at > '9')
            return -1;
        seat = 10 * seat + (*at - '0');
        if (seat >= (int)BW_SEATS_MAX)
            return -1;
    }
    if (name_size != NULL)
        *name_size = (size_t)(mark - scope);
    return seat;
}

void bw_scope_seat_name(const char *scope, unsigned seat, char name[BW_NAME_MAX + 1]) {
    size_t size = strlen(scope);
    char digits[2] = {(char)('0' + seat / 10), (char)('0' + seat % 10)};
    size_t count = seat < 10 ? 1 : 2;
    name[0] = '\0';
    if (size == 0 || size + 1 + count > BW_NAME_MAX || seat >= BW_SEATS_MAX)
        return;
    memcpy(name, scope, size);
    name[size] = '#';
    memcpy(name + size + 1, digits + 2 - count, count);
    name[size + 1 + count] = '\0';
}
