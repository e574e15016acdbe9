/* The screen of top: ncurses. Nothing that others have written goes to the terminal but through put(). */
#include "tools/top.h"

#include <curses.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <wchar.h>

#include "tools/json.h"
#include "tools/text.h"
#include "tools/vacancy.h"

enum { GREEN = 1, YELLOW, RED, CYAN, LINE_MAX_BYTES = 2048, ESCAPE_DELAY_MS = 50 };

static SCREEN *screen;

/* ------------------------------------------------------------------ drawing text */

/* Escaped, cut to a number of columns, in characters that the terminal has. Returns the columns used. */
static int fit(const char *text, int columns, wchar_t *to, size_t room) {
    char *safe = NULL;
    size_t size = 0;
    int used = 0;
    size_t count = 0;
    FILE *file = open_memstream(&safe, &size);
    if (file != NULL) {
        text_print_safe(file, text);
        if (fclose(file) != 0) {
            free(safe);
            safe = NULL;
        }
    }
    const bool utf8 = text_is_utf8();
    const char *at = safe == NULL ? "" : safe;
    mbstate_t state;
    memset(&state, 0, sizeof(state));
    while (*at != '\0' && count + 1 < room) {
        wchar_t character = L'?';
        size_t bytes = 1;
        if (utf8)
            bytes = mbrtowc(&character, at, strlen(at), &state);
        else if ((unsigned char)*at < 0x80)
            character = (wchar_t)*at;
        else
            while (((unsigned char)at[bytes] & 0xc0) == 0x80)
                bytes++;
        if (bytes == (size_t)-1 || bytes == (size_t)-2 || bytes == 0)
            break;
        int width = wcwidth(character);
        if (width < 0) {
            character = L'?';
            width = 1;
        }
        if (used + width > columns)
            break;
        to[count++] = character;
        used += width;
        at += bytes;
    }
    to[count] = L'\0';
    free(safe);
    return used;
}

/* At most so many columns, never into the next line. Returns the columns used. */
static int put(int line, int column, int columns, attr_t attributes, const char *text) {
    wchar_t wide[LINE_MAX_BYTES];
    if (line < 0 || line >= LINES || column >= COLS)
        return 0;
    if (columns > COLS - column)
        columns = COLS - column;
    int used = fit(text, columns, wide, LINE_MAX_BYTES);
    attrset((int)attributes);
    mvaddwstr(line, column, wide);
    attrset(A_NORMAL);
    return used;
}

static attr_t tint(const struct top *top, int pair, attr_t otherwise) {
    return top->color ? (attr_t)COLOR_PAIR(pair) : otherwise;
}

static attr_t status_tint(const struct top *top, const char *status) {
    if (strcmp(status, "suspect") == 0)
        return tint(top, YELLOW, A_BOLD);
    if (strcmp(status, "dead") == 0)
        return tint(top, RED, A_BOLD);
    return strcmp(status, "left") == 0 ? A_DIM : A_NORMAL;
}

static attr_t line_tint(const struct top *top, const char *color) {
    if (strstr(color, "31m") != NULL)
        return tint(top, RED, A_BOLD);
    if (strstr(color, "32m") != NULL)
        return tint(top, GREEN, A_BOLD);
    if (strstr(color, "33m") != NULL)
        return tint(top, YELLOW, A_NORMAL);
    return strstr(color, "36m") != NULL ? tint(top, CYAN, A_NORMAL) : A_NORMAL;
}

static void heading(int line, const char *text) {
    if (line < 0 || line >= LINES)
        return;
    attrset(A_REVERSE);
    mvhline(line, 0, ' ', COLS);
    attrset(A_NORMAL);
    put(line, 0, COLS, A_REVERSE, text);
}

/* ------------------------------------------------------------------ parts */

static void draw_title(const struct top *top) {
    char text[512];
    const json_t *members = json_object_get(top->info, "members");
    double silent_s = control_now() - top->asked_at;
    if (!top->connected) {
        snprintf(text, sizeof(text), " bellwether %s: %s - trying again", json_text_of(top->info, "name"),
                 top->ever ? "the agent has gone" : "no agent here yet");
    } else if (top->queued > 0 && silent_s > 2) {
        snprintf(text, sizeof(text), " bellwether %s: the agent has not answered for %.0f s",
                 json_text_of(top->info, "name"), silent_s);
    } else {
        snprintf(text, sizeof(text),
                 " bellwether %s in %s  %lld alive %lld suspect %lld dead %lld left  %s  health %lld",
                 json_text_of(top->info, "name"), json_text_of(top->info, "cluster"),
                 (long long)json_integer_value(json_object_get(members, "alive")),
                 (long long)json_integer_value(json_object_get(members, "suspect")),
                 (long long)json_integer_value(json_object_get(members, "dead")),
                 (long long)json_integer_value(json_object_get(members, "left")),
                 json_is_true(json_object_get(top->info, "converged")) ? "converged" : "views differ",
                 (long long)json_integer_value(json_object_get(top->info, "health")));
    }
    heading(0, text);
}

/* Columns of the members' table in the order in which they are given room. */
static const struct column {
    const char *title;
    int width;
} columns[] = {{"NAME", 16},  {"STATUS", 8},     {"RTT", 10},     {"AGE", 5},
               {"LEADS", 13}, {"SUSPICION", 23}, {"ADDRESS", 22}, {"TAGS", 20}};
enum { COLUMN_COUNT = sizeof(columns) / sizeof(columns[0]) };

static void cell_text(const struct top *top, const json_t *member, int column, char *text, size_t size) {
    const json_t *rtt = json_object_get(member, "rtt_ms");
    text[0] = '\0';
    switch (column) {
    case 0:
        snprintf(text, size, "%s", json_text_of(member, "name"));
        return;
    case 1:
        snprintf(text, size, "%s", json_text_of(member, "status"));
        return;
    case 2:
        if (json_is_number(rtt))
            snprintf(text, size, "%.2f ms", json_number_value(rtt));
        return;
    case 3:
        top_age(member, text, size);
        return;
    case 4:
        top_leads(top, member, text, size);
        return;
    case 5:
        top_suspicion(top, member, text, size);
        return;
    case 6:
        snprintf(text, size, "%s", json_text_of(member, "addr"));
        return;
    default:
        top_tags(member, text, size);
    }
}

/* The last column that is shown has all that is left. */
static int column_width(int column, int at) {
    bool last = column + 1 == COLUMN_COUNT || at + columns[column].width + columns[column + 1].width > COLS;
    return last ? COLS - at : columns[column].width;
}

static void draw_member(const struct top *top, int line, const json_t *member) {
    const char *status = json_text_of(member, "status");
    bool self = strcmp(json_text_of(member, "id"), json_text_of(top->info, "id")) == 0;
    int at = 0;
    for (int column = 0; column < COLUMN_COUNT && (column == 0 || at + columns[column].width <= COLS); column++) {
        char text[1024];
        int width = column_width(column, at);
        attr_t attributes = column == 1 || column == 5 ? status_tint(top, status) : A_NORMAL;
        if (column == 4)
            attributes = tint(top, GREEN, A_BOLD);
        if (column == 0 && self)
            attributes = A_BOLD;
        cell_text(top, member, column, text, sizeof(text));
        put(line, at, width - (width > 1), attributes, text);
        at += width;
    }
}

static void draw_members(struct top *top, int first, int lines) {
    char title[256] = "";
    size_t count = 0;
    int at = 0;
    const json_t **rows = top_rows(top, &count);
    size_t room = lines > 1 ? (size_t)lines - 1 : 0;
    top->scroll = count <= room ? 0 : top->scroll > count - room ? count - room : top->scroll;
    for (int column = 0; column < COLUMN_COUNT && (column == 0 || at + columns[column].width <= COLS); column++) {
        size_t used = strlen(title);
        int width = column_width(column, at);
        snprintf(title + used, sizeof(title) - used, "%-*.*s", width, width - 1, columns[column].title);
        at += width;
    }
    if (lines > 0)
        heading(first, title);
    for (size_t i = 0; i < room && top->scroll + i < count; i++)
        draw_member(top, first + 1 + (int)i, rows[top->scroll + i]);
    if (count == 0 && room > 0)
        put(first + 1, 0, COLS, A_DIM, top->filter[0] != '\0' ? "(no member fits the filter)" : "(nobody is known)");
    free((void *)rows);
}

static void draw_leader(const struct top *top, int line, const json_t *scope) {
    char note[256] = "";
    bool led = json_is_string(json_object_get(scope, "leader"));
    if (!led)
        vacancy_text(scope, note, sizeof(note));
    else if (json_is_true(json_object_get(scope, "frozen")))
        snprintf(note, sizeof(note), "frozen, token %s", json_text_of(scope, "token"));
    else
        snprintf(note, sizeof(note), "token %s", json_text_of(scope, "token"));
    put(line, 0, 15, A_NORMAL, json_text_of(scope, "scope"));
    put(line, 16, 15, led ? tint(top, GREEN, A_BOLD) : tint(top, RED, A_BOLD),
        led ? json_text_of(scope, "leader") : "-");
    put(line, 32, COLS, led ? A_NORMAL : tint(top, YELLOW, A_NORMAL), note);
}

/* Those that nobody leads first, as they need somebody's eye. */
static void draw_leaders(const struct top *top, int first, int lines) {
    const json_t *scopes = json_object_get(top->leader, "scopes");
    size_t count = json_array_size(scopes);
    char title[64];
    int at = 1;
    if (lines < 2)
        return;
    snprintf(title, sizeof(title), "SCOPE           LEADER          (%zu)", count);
    heading(first, title);
    for (int led = 0; led < 2; led++)
        for (size_t i = 0; i < count && at < lines; i++) {
            const json_t *scope = json_array_get(scopes, i);
            if (json_is_string(json_object_get(scope, "leader")) == (led == 1))
                draw_leader(top, first + at++, scope);
        }
}

static void draw_tail(const struct top *top, int first, int lines) {
    if (lines < 2)
        return;
    heading(first, "EVENTS");
    size_t room = (size_t)lines - 1;
    size_t from = top->tail_count > room ? top->tail_count - room : 0;
    for (size_t i = from; i < top->tail_count; i++)
        put(first + 1 + (int)(i - from), 0, COLS, line_tint(top, top->tail[i].color), top->tail[i].text);
}

static void draw_bottom(const struct top *top) {
    char text[256];
    if (top->filtering)
        snprintf(text, sizeof(text), "filter: %s_   (Enter: keep, Esc: none)", top->filter);
    else
        snprintf(text, sizeof(text), "q quit  s sort: %s%s  r reverse  / filter%s%s  arrows scroll  ? help",
                 top_sort_name(top->sort), top->reverse ? " (reversed)" : "", top->filter[0] == '\0' ? "" : ": ",
                 top->filter);
    put(LINES - 1, 0, COLS, A_DIM, text);
}

static void draw_help(void) {
    static const char *const lines[] = {
        "q           quit                     s   sort by name, status, rtt, age",
        "r           reverse the order        /   show only what has this text in its name,",
        "up, down    scroll                       address, status, tags or scopes",
        "PgUp, PgDn  scroll by ten            Esc no filter",
        "Home        to the first one         ?   this; any key ends it",
        "",
        "SUSPICION   accusers, and how much of its time to refute has passed",
        "RTT         smoothed round trip from this agent      AGE  of the status",
    };
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
        put(2 + (int)i, 1, COLS - 1, A_NORMAL, lines[i]);
}

void top_draw(struct top *top) {
    int body = LINES - 2;
    size_t scopes = json_array_size(json_object_get(top->leader, "scopes"));
    int leaders = body < 8 ? 0 : body / 4 < (int)scopes + 1 ? body / 4 : (int)scopes + 1;
    int tail = body < 12 ? 0 : body / 3;
    erase();
    draw_title(top);
    if (top->help) {
        draw_help();
    } else {
        draw_leaders(top, 1, leaders);
        draw_members(top, 1 + leaders, body - leaders - tail);
        draw_tail(top, 1 + body - tail, tail);
    }
    if (LINES > 1)
        draw_bottom(top);
    refresh();
}

/* ------------------------------------------------------------------ keys */

static void filter_key(struct top *top, int key) {
    size_t used = strlen(top->filter);
    if (key == 27)
        top->filter[0] = '\0';
    if (key == 27 || key == '\n' || key == '\r' || key == KEY_ENTER)
        top->filtering = false;
    else if (key == KEY_BACKSPACE || key == 127 || key == '\b') {
        while (used > 0 && ((unsigned char)top->filter[used - 1] & 0xc0) == 0x80) /* a character's last bytes */
            used--;
        top->filter[used > 0 ? used - 1 : 0] = '\0';
    } else if (key >= ' ' && key < 256 && key != 127 && used + 1 < TOP_FILTER) {
        top->filter[used] = (char)key;
        top->filter[used + 1] = '\0';
    }
    top->scroll = 0;
}

static void scroll_by(struct top *top, long step) {
    top->scroll = step < 0 && (size_t)-step > top->scroll ? 0 : top->scroll + (size_t)step;
}

static bool plain_key(struct top *top, int key) {
    switch (key) {
    case 'q':
    case 'Q':
    case 3:
        return false;
    case 's':
        top->sort = (enum top_sort)((top->sort + 1) % TOP_SORT_COUNT);
        return true;
    case 'r':
        top->reverse = !top->reverse;
        return true;
    case '/':
        top->filtering = true;
        return true;
    case 27:
        top->filter[0] = '\0';
        return true;
    case '?':
    case 'h':
        top->help = true;
        return true;
    case KEY_UP:
    case 'k':
        scroll_by(top, -1);
        return true;
    case KEY_DOWN:
    case 'j':
        scroll_by(top, 1);
        return true;
    case KEY_PPAGE:
        scroll_by(top, -10);
        return true;
    case KEY_NPAGE:
        scroll_by(top, 10);
        return true;
    case KEY_HOME:
        top->scroll = 0;
        return true;
    default:
        return true;
    }
}

bool top_keys(struct top *top) {
    int key;
    while ((key = getch()) != ERR) {
        top->changed = true;
        if (key == KEY_RESIZE)
            clear();
        else if (top->filtering)
            filter_key(top, key);
        else if (top->help)
            top->help = false;
        else if (!plain_key(top, key))
            return false;
    }
    return true;
}

/* ------------------------------------------------------------------ the terminal */

bool top_view_open(struct top *top) {
    const char *name = getenv("TERM");
    if (isatty(STDIN_FILENO) == 0 || isatty(STDOUT_FILENO) == 0) {
        complain(
            "top needs a terminal; for programs there are 'bellwether monitor --json' and 'bellwether members --json "
            "--watch'");
        return false;
    }
    screen = newterm(NULL, stdout, stdin);
    const char *move = screen == NULL ? NULL : tigetstr("cup");
    if (move == NULL || move == (const char *)-1) {
        top_view_close();
        complain("the terminal type '%s' cannot be drawn upon: set TERM to what it is (xterm, vt100, ...), or use "
                 "'bellwether members --watch'",
                 name == NULL ? "" : name);
        return false;
    }
    set_escdelay(ESCAPE_DELAY_MS);
    cbreak();
    noecho();
    nonl();
    keypad(stdscr, TRUE);
    nodelay(stdscr, TRUE);
    curs_set(0);
    top->color = color_wanted(top->client.color, stdout) && has_colors();
    if (top->color) {
        static const short colors[][2] = {
            {GREEN, COLOR_GREEN}, {YELLOW, COLOR_YELLOW}, {RED, COLOR_RED}, {CYAN, COLOR_CYAN}};
        start_color();
        use_default_colors();
        for (size_t i = 0; i < sizeof(colors) / sizeof(colors[0]); i++)
            init_pair(colors[i][0], colors[i][1], -1);
    }
    return true;
}

void top_view_close(void) {
    if (screen == NULL)
        return;
    endwin();
    delscreen(screen);
    screen = NULL;
}
