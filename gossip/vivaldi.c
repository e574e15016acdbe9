/* Vivaldi, as the papers have it and Serf's published constants tune it. A round trip pulls or pushes us along the line to the
 * peer, by a quarter of the difference, weighted by how sure we are against how sure it is. */
#include "gossip/vivaldi.h"

#include <math.h>

#include "base/base.h"

#define ERROR_GAIN 0.25 /* ce in the paper */
#define FORCE_GAIN 0.25 /* cc */
#define HEIGHT_MIN 10.0
#define ZERO 1.0             /* us; closer than this two are at one place */
#define GRAVITY_RHO 150.0e3  /* us from the origin at which gravity pulls by 1 us in an update */
#define RANGE 16.7e6         /* us; no coordinate is farther out */
#define ADJUSTMENT_MAX 1.0e6 /* us */
#define PACKED_MAX 32767.0
#define ERROR_UNIT 128.0
#define HEIGHT_UNIT 8.0 /* us */
#define ADJUSTMENT_UNIT 8.0

static double clamp(double value, double least, double most) {
    return value < least ? least : value > most ? most : value;
}

static bool within(double value, double least, double most) {
    return value >= least && value <= most; /* and no NaN */
}

static double length(const double *vector) {
    double sum = 0;
    for (unsigned i = 0; i < BW_VIVALDI_DIMENSIONS; i++) {
        sum += vector[i] * vector[i];
    }
    return sqrt(sum);
}

void bw_vivaldi_init(struct bw_vivaldi *vivaldi) {
    *vivaldi = (struct bw_vivaldi){.own = {.height = HEIGHT_MIN, .error = BW_VIVALDI_ERROR_MAX}};
}

bool bw_vivaldi_valid(const struct bw_coordinate *coordinate) {
    bool valid = within(coordinate->height, 0, RANGE) &&
                 within(coordinate->adjustment, -ADJUSTMENT_MAX, ADJUSTMENT_MAX) &&
                 within(coordinate->error, 0, BW_VIVALDI_ERROR_MAX);
    for (unsigned i = 0; i < BW_VIVALDI_DIMENSIONS; i++) {
        valid = valid && within(coordinate->at[i], -RANGE, RANGE);
    }
    return valid;
}

/* Without the adjustments. */
static double raw_distance(const struct bw_coordinate *a, const struct bw_coordinate *b) {
    double apart[BW_VIVALDI_DIMENSIONS];
    for (unsigned i = 0; i < BW_VIVALDI_DIMENSIONS; i++) {
        apart[i] = a->at[i] - b->at[i];
    }
    return length(apart) + a->height + b->height;
}

double bw_vivaldi_rtt_us(const struct bw_coordinate *a, const struct bw_coordinate *b) {
    double raw = raw_distance(a, b);
    double adjusted = raw + a->adjustment + b->adjustment;
    return adjusted > 0 ? adjusted : raw;
}

/* Which way is away from the other: a unit vector; any way if both are at one place. The distance. */
static double direction(const struct bw_coordinate *own, const struct bw_coordinate *other, struct bw_rng *rng,
                        double *unit) {
    for (unsigned i = 0; i < BW_VIVALDI_DIMENSIONS; i++) {
        unit[i] = own->at[i] - other->at[i];
    }
    double apart = length(unit);
    double size = apart;
    while (size <= ZERO) {
        for (unsigned i = 0; i < BW_VIVALDI_DIMENSIONS; i++) {
            unit[i] = (double)bw_rng_below(rng, 2001) - 1000.0;
        }
        size = length(unit);
    }
    for (unsigned i = 0; i < BW_VIVALDI_DIMENSIONS; i++) {
        unit[i] /= size;
    }
    return apart > ZERO ? apart : 0;
}

static void push(struct bw_coordinate *own, const struct bw_coordinate *other, double force, struct bw_rng *rng) {
    double unit[BW_VIVALDI_DIMENSIONS];
    double apart = direction(own, other, rng, unit);
    for (unsigned i = 0; i < BW_VIVALDI_DIMENSIONS; i++) {
        own->at[i] = clamp(own->at[i] + unit[i] * force, -RANGE, RANGE);
    }
    if (apart > 0) {
        own->height = clamp((own->height + other->height) * force / apart + own->height, HEIGHT_MIN, RANGE);
    }
}

/* What the geometry cannot express is added: half the mean of what the last measurements were off by. */
static void adjust(struct bw_vivaldi *vivaldi, const struct bw_coordinate *peer, double rtt_us) {
    vivaldi->samples[vivaldi->sample_count++ % BW_VIVALDI_WINDOW] = rtt_us - raw_distance(&vivaldi->own, peer);
    double sum = 0;
    for (unsigned i = 0; i < BW_VIVALDI_WINDOW; i++) {
        sum += vivaldi->samples[i];
    }
    vivaldi->own.adjustment = clamp(sum / (2.0 * BW_VIVALDI_WINDOW), -ADJUSTMENT_MAX, ADJUSTMENT_MAX);
}

/* Keeps the whole cluster from drifting away. */
static void gravitate(struct bw_coordinate *own, struct bw_rng *rng) {
    static const struct bw_coordinate origin = {.height = HEIGHT_MIN};
    double apart = length(own->at) / GRAVITY_RHO;
    push(own, &origin, -(apart * apart), rng);
}

void bw_vivaldi_update(struct bw_vivaldi *vivaldi, const struct bw_coordinate *peer, double rtt_us,
                       struct bw_rng *rng) {
    struct bw_coordinate *own = &vivaldi->own;
    if (!bw_vivaldi_valid(peer) || !within(rtt_us, 0, BW_VIVALDI_RTT_MAX_US)) {
        return;
    }
    rtt_us = rtt_us > ZERO ? rtt_us : ZERO;
    double distance = bw_vivaldi_rtt_us(own, peer);
    double off = distance > rtt_us ? distance - rtt_us : rtt_us - distance;
    double both = own->error + peer->error;
    double weight = both > 0 ? own->error / both : 0.5;
    double step = ERROR_GAIN * weight;
    own->error = clamp(off / rtt_us * step + own->error * (1 - step), 0, BW_VIVALDI_ERROR_MAX);
    push(own, peer, FORCE_GAIN * weight * (rtt_us - distance), rng);
    adjust(vivaldi, peer, rtt_us);
    gravitate(own, rng);
    if (!bw_vivaldi_valid(own)) {
        bw_vivaldi_init(vivaldi);
    }
}

/* ------------------------------------------------------------------ packed */

static int16_t rounded(double value) {
    return (int16_t)clamp(value < 0 ? value - 0.5 : value + 0.5, -PACKED_MAX, PACKED_MAX);
}

void bw_vivaldi_pack(const struct bw_coordinate *coordinate, struct bw_coordinate_packed *packed) {
    double largest = 0;
    double unit = 1;
    packed->exponent = 0;
    for (unsigned i = 0; i < BW_VIVALDI_DIMENSIONS; i++) {
        double size = coordinate->at[i] < 0 ? -coordinate->at[i] : coordinate->at[i];
        largest = size > largest ? size : largest;
    }
    for (; largest / unit > PACKED_MAX && packed->exponent < BW_VIVALDI_EXPONENT_MAX; unit *= 2) {
        packed->exponent++;
    }
    for (unsigned i = 0; i < BW_VIVALDI_DIMENSIONS; i++) {
        packed->at[i] = rounded(coordinate->at[i] / unit);
    }
    packed->height = (uint16_t)clamp(coordinate->height / HEIGHT_UNIT + 0.5, 0, UINT16_MAX);
    packed->adjustment = rounded(coordinate->adjustment / ADJUSTMENT_UNIT);
    packed->error = (uint8_t)clamp(coordinate->error * ERROR_UNIT + 0.5, 0, BW_VIVALDI_ERROR_MAX * ERROR_UNIT);
}

void bw_vivaldi_unpack(const struct bw_coordinate_packed *packed, struct bw_coordinate *coordinate) {
    unsigned exponent = packed->exponent < BW_VIVALDI_EXPONENT_MAX ? packed->exponent : BW_VIVALDI_EXPONENT_MAX;
    double unit = (double)(UINT32_C(1) << exponent);
    for (unsigned i = 0; i < BW_VIVALDI_DIMENSIONS; i++) {
        coordinate->at[i] = clamp(packed->at[i] * unit, -RANGE, RANGE);
    }
    coordinate->height = packed->height * HEIGHT_UNIT;
    coordinate->adjustment = clamp(packed->adjustment * ADJUSTMENT_UNIT, -ADJUSTMENT_MAX, ADJUSTMENT_MAX);
    coordinate->error = clamp(packed->error / ERROR_UNIT, 0, BW_VIVALDI_ERROR_MAX);
}

uint32_t bw_vivaldi_median(const uint32_t *samples, unsigned count) {
    uint32_t sorted[BW_VIVALDI_FILTER] = {0};
    BW_ASSERT(count > 0 && count <= BW_VIVALDI_FILTER);
    for (unsigned i = 0; i < count; i++) {
        unsigned at = i;
        for (; at > 0 && sorted[at - 1] > samples[i]; at--) {
            sorted[at] = sorted[at - 1];
        }
        sorted[at] = samples[i];
    }
    return sorted[count / 2];
}
