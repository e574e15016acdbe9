/* Turns the NAME of an X-macro's row into text at compile time: REFUTE_OWN_SUSPICION -> "refute-own-suspicion",
 * so that enums, logs and counters cannot disagree and no list is written twice.
 *
 * An element of a string literal in a static initializer is one of the "other forms of constant
 * expressions" that C11 6.6 lets a compiler accept; gcc and clang do. */
#ifndef BW_BASE_TEXTNAME_H
#define BW_BASE_TEXTNAME_H

#define BW_TEXT_NAME_MAX 40u

#define BW_TEXT_AT_(s, i) ((s)[(i) < sizeof(s) ? (i) : sizeof(s) - 1])
#define BW_TEXT_LOWER_(c) ((char)((c) == '_' ? '-' : (c) >= 'A' && (c) <= 'Z' ? (c) - 'A' + 'a' : (c)))
#define BW_TEXT_CHAR_(s, i) BW_TEXT_LOWER_(BW_TEXT_AT_(s, i))
#define BW_TEXT_FOUR_(s, i) \
    BW_TEXT_CHAR_(s, (i)), BW_TEXT_CHAR_(s, (i) + 1u), BW_TEXT_CHAR_(s, (i) + 2u), BW_TEXT_CHAR_(s, (i) + 3u)

/* Initializer of a char[BW_TEXT_NAME_MAX + 1]; the last zero is implied. */
#define BW_TEXT_NAME(s)                                                                                 \
    {                                                                                                   \
        BW_TEXT_FOUR_(s, 0u), BW_TEXT_FOUR_(s, 4u), BW_TEXT_FOUR_(s, 8u), BW_TEXT_FOUR_(s, 12u),        \
            BW_TEXT_FOUR_(s, 16u), BW_TEXT_FOUR_(s, 20u), BW_TEXT_FOUR_(s, 24u), BW_TEXT_FOUR_(s, 28u), \
            BW_TEXT_FOUR_(s, 32u), BW_TEXT_FOUR_(s, 36u)                                                \
    }

#endif
