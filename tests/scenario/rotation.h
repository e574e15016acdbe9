/* What stories of the key ring share. */
#ifndef BW_TESTS_ROTATION_H
#define BW_TESTS_ROTATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Asks at the host until all that live have confirmed its ring; false if they have not within a minute. */
bool rotation_confirm(size_t host);

/* The id of a key of the host's ring, 0 if there is none. */
uint64_t rotation_key(size_t host, size_t index);

#endif
