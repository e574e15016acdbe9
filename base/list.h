/* Intrusive doubly linked list: a node lives inside its owner; a list head is a node too. */
#ifndef BW_BASE_LIST_H
#define BW_BASE_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct bw_list {
    struct bw_list *next;
    struct bw_list *prev;
};

#define bw_container(pointer, type, member) ((type *)(void *)((char *)(pointer)-offsetof(type, member)))

static inline void bw_list_init(struct bw_list *head) {
    head->next = head;
    head->prev = head;
}
static inline bool bw_list_empty(const struct bw_list *head) {
    return head->next == head;
}
static inline void bw_list_append(struct bw_list *head, struct bw_list *node) {
    node->next = head;
    node->prev = head->prev;
    head->prev->next = node;
    head->prev = node;
}
/* Harmless on a node that bw_list_init made and that is in no list. */
static inline void bw_list_remove(struct bw_list *node) {
    node->prev->next = node->next;
    node->next->prev = node->prev;
    bw_list_init(node);
}

#endif
