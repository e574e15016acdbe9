# pure node
node_sources += node/bounds.c node/declare.c node/discovery.c node/events.c node/history.c node/identity.c node/internal.h node/keys.c node/keys_message.h node/keys_talk.c node/live.c node/member.c node/message.c node/node.c node/opening.c node/peers.c node/pump.c
node_sources += node/scope.c node/state.c node/stranger.c node/user.c node/view.c node/voters.c

# libev host
node_sources += node/addr.c node/addr.h node/advertise.c node/advertise.h node/clock.c node/explain.c node/guard.c node/host.h node/loop.c node/loop_member.c
node_sources += node/loop_keys.c node/loop_scope.c node/loop_user.c
node_sources += node/problem.c node/problem.h node/store.c node/store.h node/udp.c node/udp.h node/udp_io.c
node_sources += node/udp_socket.h node/writer.c node/writer.h
node_sources += node/interfaces.c node/interfaces.h node/lan.c node/lan.h node/listen.c node/loop_discovery.c node/loop_discovery.h node/segment.c node/segment.h
