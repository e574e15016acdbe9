/* Drives a fuzz target without libFuzzer: through its corpus, as a test, or through the files that it is given. */
#include "tests/fuzz/fuzz.h"
#include "tests/lib/tap.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void replay(const char *path) {
    FILE *from = fopen(path, "rb");
    FUZZ_CHECK(from != NULL && fseek(from, 0, SEEK_END) == 0);
    long size = ftell(from);
    rewind(from);
    uint8_t *data = malloc((size_t)size + 1);
    FUZZ_CHECK(size >= 0 && data != NULL && fread(data, 1, (size_t)size, from) == (size_t)size);
    fclose(from);
    uint8_t *exact = realloc(data, size > 0 ? (size_t)size : 1);
    FUZZ_CHECK(exact != NULL && LLVMFuzzerTestOneInput(exact, (size_t)size) == 0);
    free(exact);
}

/* What ends the program names the input: the last line of the log. */
static void every_input_of_the_corpus_is_taken_as_it_should_be(void) {
    const char *source = getenv("BW_SOURCE_DIR");
    char directory[4096];
    char path[4352];
    struct dirent **list = NULL;
    snprintf(directory, sizeof(directory), "%s/tests/fuzz/corpus/%s", source != NULL ? source : ".", FUZZ_TARGET);
    int count = scandir(directory, &list, NULL, alphasort);
    int inputs = 0;
    for (int i = 0; i < count; i++) {
        snprintf(path, sizeof(path), "%s/%s", directory, list[i]->d_name);
        if (list[i]->d_name[0] != '.') {
            printf("# %s\n", list[i]->d_name);
            fflush(stdout);
            replay(path);
            inputs++;
        }
        free(list[i]);
    }
    free(list);
    tap_note("%d inputs", inputs);
    CU_ASSERT(inputs > 0);
}

static const struct tap_test tests[] = {TAP_TEST(every_input_of_the_corpus_is_taken_as_it_should_be)};
static const struct tap_suite suites[] = {TAP_SUITE(FUZZ_TARGET, tests)};

int main(int argc, char **argv) {
    if (argc < 2 || access(argv[1], R_OK) != 0)
        return tap_run(suites, sizeof(suites) / sizeof(suites[0]), argc, argv);
    for (int i = 1; i < argc; i++)
        replay(argv[i]);
    return 0;
}
