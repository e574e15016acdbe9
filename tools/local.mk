# The command. It links the layers statically, so that tools/bellwether is a program that runs from the tree.
if TOOLS
bin_PROGRAMS += tools/bellwether
tools_bellwether_SOURCES = \
	tools/addr.c tools/addr.h \
	tools/agent.c tools/agent.h \
	tools/agent_members.c tools/agent_members.h \
	tools/agent_answer.c tools/agent_answer.h \
	tools/agent_network.c tools/agent_network.h \
	tools/agent_options.c tools/agent_options.h \
	tools/agent_runs.c tools/agent_runs.h \
	tools/agent_scope.c tools/agent_scope.h \
	tools/agent_user.c tools/agent_user.h \
	tools/agent_voters.c tools/agent_voters.h \
	tools/cmd_agent.c \
	tools/cmd_event.c \
	tools/cmd_fence.c \
	tools/cmd_forget.c \
	tools/cmd_freeze.c \
	tools/cmd_help.c \
	tools/cmd_history.c \
	tools/cmd_info.c \
	tools/cmd_init.c \
	tools/cmd_is_leader.c \
	tools/cmd_join.c \
	tools/cmd_keygen.c \
	tools/cmd_leader.c \
	tools/cmd_leave.c \
	tools/cmd_members.c \
	tools/cmd_monitor.c \
	tools/cmd_priority.c \
	tools/cmd_reachability.c \
	tools/cmd_ready.c \
	tools/cmd_rtt.c \
	tools/cmd_query.c \
	tools/cmd_run.c \
	tools/cmd_simulate.c \
	tools/cmd_stepdown.c \
	tools/cmd_tags.c \
	tools/cmd_timeline.c \
	tools/cmd_transfer.c \
	tools/cmd_voters.c \
	tools/cmd_wait.c \
	tools/cmd_why.c \
	tools/command.h \
	tools/config_file.c \
	tools/control_client.c tools/control_client.h \
	tools/control_path.c tools/control_path.h \
	tools/control_poll.c tools/control_poll.h \
	tools/control_server.c tools/control_server.h \
	tools/control_stream.c tools/control_stream.h \
	tools/demo.c tools/demo.h \
	tools/demo_children.c \
	tools/demo_view.c \
	tools/event_exec.c tools/event_exec.h \
	tools/event_ring.c tools/event_ring.h \
	tools/event_view.c tools/event_view.h \
	tools/footprint.c tools/footprint.h \
	tools/hints.c tools/hints.h \
	tools/json.c tools/json.h \
	tools/json_history.c \
	tools/json_info.c tools/json_info.h \
	tools/json_user.c tools/json_user.h \
	tools/key_file.c tools/key_file.h \
	tools/log.c tools/log.h \
	tools/main.c \
	tools/members_table.c tools/members_table.h \
	tools/notify.c tools/notify.h \
	tools/options.c tools/options.h \
	tools/run.h \
	tools/run_agent.c \
	tools/run_child.c \
	tools/run_loop.c \
	tools/run_state.h \
	tools/run_watchdog.c \
	tools/scope_option.c tools/scope_option.h \
	tools/seeds.c tools/seeds.h \
	tools/simulate.h \
	tools/simulate_plan.c \
	tools/simulate_report.c \
	tools/simulate_run.c \
	tools/simulate_swarm.c \
	tools/simulate_sweep.c \
	tools/table.c tools/table.h \
	tools/text.c tools/text.h \
	tools/timeline_merge.c tools/timeline_merge.h \
	tools/timeline_page.c tools/timeline_page.h \
	tools/timeline_stream.c tools/timeline_stream.h \
	tools/watch.c tools/watch.h
tools_bellwether_CPPFLAGS = $(AM_CPPFLAGS) -D_GNU_SOURCE
tools_bellwether_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS) $(INIH_CFLAGS) $(SMARTCOLS_CFLAGS)
tools_bellwether_LDADD = libsim.la $(inside_libs) $(JANSSON_LIBS) $(INIH_LIBS) $(SMARTCOLS_LIBS)
EXTRA_DIST += docs/CONTROL.md

# The timeline's page, as strings.
timeline_parts = \
	tools/timeline/page.html \
	tools/timeline/style.css \
	tools/timeline/model.js \
	tools/timeline/draw.js \
	tools/timeline/panel.js \
	tools/timeline/main.js
tools/timeline_text.inc: $(timeline_parts) tools/timeline/embed.awk
	$(AM_V_GEN)$(MKDIR_P) tools && $(AWK) -v dir='$(srcdir)/tools/timeline' -f '$(srcdir)/tools/timeline/embed.awk' \
		'$(srcdir)/tools/timeline/page.html' >$@-t && mv $@-t $@
tools/bellwether-timeline_page.$(OBJEXT): tools/timeline_text.inc
EXTRA_DIST += $(timeline_parts) tools/timeline/embed.awk
CLEANFILES += tools/timeline_text.inc tools/timeline_text.inc-t
endif
