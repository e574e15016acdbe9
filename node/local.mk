# pure node
node_sources += node/events.c node/internal.h node/node.c node/pump.c node/state.c node/view.c

# libev host
