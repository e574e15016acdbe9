# The command. It links the layers statically, so that tools/bellwether is a program that runs from the tree. All but the
# list of commands is a library, for the fuzz targets.
if TOOLS
bin_PROGRAMS += tools/bellwether
noinst_LIBRARIES += libtools.a
libtools_a_SOURCES = \
	tools/addr.c tools/addr.h \
	tools/agent.c tools/agent.h \
	tools/agent_keys.c tools/agent_keys.h \
	tools/agent_members.c tools/agent_members.h \
	tools/agent_answer.c tools/agent_answer.h \
	tools/agent_campaign.c tools/agent_campaign.h \
	tools/agent_network.c tools/agent_network.h \
	tools/agent_paths.c tools/agent_paths.h \
	tools/agent_reload.c tools/agent_reload.h \
	tools/agent_setup.c tools/agent_setup.h \
	tools/agent_defaults.c tools/agent_options.c tools/agent_options.h \
	tools/agent_runs.c tools/agent_runs.h \
	tools/agent_scope.c tools/agent_scope.h \
	tools/agent_user.c tools/agent_user.h \
	tools/agent_voters.c tools/agent_voters.h \
	tools/cmd_agent.c \
	tools/cmd_discover.c \
	tools/cmd_doctor.c \
	tools/cmd_authority.c \
	tools/cmd_event.c \
	tools/cmd_fence.c \
	tools/cmd_forget.c \
	tools/cmd_freeze.c \
	tools/cmd_history.c \
	tools/cmd_info.c \
	tools/cmd_init.c \
	tools/cmd_is_leader.c \
	tools/cmd_join.c \
	tools/cmd_keygen.c \
	tools/cmd_keys.c \
	tools/cmd_leader.c \
	tools/cmd_leave.c \
	tools/cmd_members.c \
	tools/cmd_monitor.c \
	tools/cmd_priority.c \
	tools/cmd_reachability.c \
	tools/cmd_ready.c \
	tools/cmd_reload.c \
	tools/cmd_rtt.c \
	tools/cmd_query.c \
	tools/cmd_run.c \
	tools/cmd_simulate.c \
	tools/cmd_refused.c \
	tools/cmd_stepdown.c \
	tools/cmd_tags.c \
	tools/cmd_timeline.c \
	tools/cmd_top.c \
	tools/cmd_owner.c \
	tools/cmd_transfer.c \
	tools/cmd_voters.c \
	tools/cmd_wait.c \
	tools/cmd_why.c \
	tools/command.h \
	tools/config_file.c \
	tools/confine.c tools/confine.h \
	tools/confine_calls.c \
	tools/confine_files.c \
	tools/control_client.c tools/control_client.h \
	tools/control_path.c tools/control_path.h \
	tools/control_poll.c tools/control_poll.h \
	tools/control_rate.c tools/control_rate.h \
	tools/control_right.c tools/control_right.h \
	tools/control_server.c tools/control_server.h \
	tools/control_stream.c tools/control_stream.h \
	tools/demo.c tools/demo.h \
	tools/demo_children.c \
	tools/demo_view.c \
	tools/differs.c tools/differs.h \
	tools/discover_option.c tools/discover_option.h \
	tools/doctor.c tools/doctor.h \
	tools/doctor_alone.c \
	tools/doctor_files.c \
	tools/doctor_paths.c \
	tools/doctor_state.c \
	tools/examples.c tools/examples.h \
	tools/event_exec.c tools/event_exec.h \
	tools/program.c tools/program.h \
	tools/event_ring.c tools/event_ring.h \
	tools/event_view.c tools/event_view.h \
	tools/footprint.c tools/footprint.h \
	tools/hints.c tools/hints.h \
	tools/agent_config.c tools/agent_config.h tools/agent_identity.c tools/agent_identity.h \
	tools/http_guard.c tools/http_guard.h \
	tools/http_library.c tools/http_library.h \
	tools/http_metrics.c tools/http_metrics.h \
	tools/http_option.c tools/http_option.h \
	tools/http_page.c tools/http_page.h \
	tools/http_reply.c tools/http_reply.h \
	tools/http_request.c tools/http_request.h \
	tools/http_server.c tools/http_server.h \
	tools/http_state.h \
	tools/http_stream.c tools/http_stream.h \
	tools/identity_file.c tools/identity_file.h \
	tools/json.c tools/json.h \
	tools/json_history.c \
	tools/json_info.c tools/json_info.h \
	tools/json_user.c tools/json_user.h \
	tools/member.c tools/member.h \
	tools/private_file.c tools/private_file.h \
	tools/key_file.c tools/key_file.h \
	tools/key_file_write.c \
	tools/log.c tools/log.h \
	tools/members_table.c tools/members_table.h \
	tools/notify.c tools/notify.h \
	tools/notify_status.c tools/notify_status.h \
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
	tools/top.h \
	tools/top_agent.c \
	tools/top_rows.c \
	tools/vacancy.c tools/vacancy.h \
	tools/watch.c tools/watch.h
if NCURSES
libtools_a_SOURCES += tools/top_view.c
else
EXTRA_DIST += tools/top_view.c
endif
libtools_a_CPPFLAGS = $(AM_CPPFLAGS) -D_GNU_SOURCE
libtools_a_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS) $(INIH_CFLAGS) $(SMARTCOLS_CFLAGS) $(SECCOMP_CFLAGS) $(MICROHTTPD_CFLAGS) $(NCURSES_CFLAGS)
tools_bellwether_SOURCES = tools/main.c tools/cmd_help.c \
	tools/cmd_completion.c \
	tools/completion.c tools/completion.h \
	tools/completion_bash.c \
	tools/completion_fish.c \
	tools/completion_zsh.c
tools_bellwether_CPPFLAGS = $(libtools_a_CPPFLAGS)
tools_bellwether_LDADD = libtools.a libsim.la $(inside_libs) $(JANSSON_LIBS) $(INIH_LIBS) $(SMARTCOLS_LIBS) $(SECCOMP_LIBS) $(DL_LIBS) $(NCURSES_LIBS)
EXTRA_DIST += docs/CONTROL.md

# Completion of shells, printed by the command itself: not where it cannot run here.
if COMPLETIONS
completions = tools/completion/bellwether tools/completion/_bellwether tools/completion/bellwether.fish
bashcompletion_DATA = tools/completion/bellwether
zshcompletion_DATA = tools/completion/_bellwether
fishcompletion_DATA = tools/completion/bellwether.fish
tools/completion/bellwether: tools/bellwether$(EXEEXT)
	$(AM_V_GEN)$(MKDIR_P) tools/completion && tools/bellwether$(EXEEXT) completion bash >$@-t && mv $@-t $@
tools/completion/_bellwether: tools/bellwether$(EXEEXT)
	$(AM_V_GEN)$(MKDIR_P) tools/completion && tools/bellwether$(EXEEXT) completion zsh >$@-t && mv $@-t $@
tools/completion/bellwether.fish: tools/bellwether$(EXEEXT)
	$(AM_V_GEN)$(MKDIR_P) tools/completion && tools/bellwether$(EXEEXT) completion fish >$@-t && mv $@-t $@
CLEANFILES += $(completions)
endif

# The timeline's page, as strings.
timeline_parts = \
	tools/timeline/page.html \
	tools/timeline/colors.css \
	tools/timeline/style.css \
	tools/timeline/model.js \
	tools/timeline/draw.js \
	tools/timeline/panel.js \
	tools/timeline/main.js
tools/timeline_text.inc: $(timeline_parts) tools/timeline/embed.awk
	$(AM_V_GEN)$(MKDIR_P) tools && $(AWK) -v dir='$(srcdir)/tools/timeline' -f '$(srcdir)/tools/timeline/embed.awk' \
		'$(srcdir)/tools/timeline/page.html' >$@-t && mv $@-t $@
tools/libtools_a-timeline_page.$(OBJEXT): tools/timeline_text.inc
EXTRA_DIST += $(timeline_parts) tools/timeline/embed.awk
CLEANFILES += tools/timeline_text.inc tools/timeline_text.inc-t

# The dashboard's page, the same way.
dashboard_parts = \
	tools/dashboard/page.html \
	tools/dashboard/style.css \
	tools/dashboard/words.js \
	tools/dashboard/state.js \
	tools/dashboard/ring.js \
	tools/dashboard/panels.js \
	tools/dashboard/main.js
tools/dashboard_text.inc: $(dashboard_parts) tools/timeline/colors.css tools/timeline/embed.awk
	$(AM_V_GEN)$(MKDIR_P) tools && $(AWK) -v dir='$(srcdir)/tools/dashboard' -f '$(srcdir)/tools/timeline/embed.awk' \
		'$(srcdir)/tools/dashboard/page.html' >$@-t && mv $@-t $@
tools/libtools_a-http_page.$(OBJEXT): tools/dashboard_text.inc
EXTRA_DIST += $(dashboard_parts)
CLEANFILES += tools/dashboard_text.inc tools/dashboard_text.inc-t
endif
