// A member in C++, built against the installed headers by tests/e2e/installed.py: it leads its cluster of one, sees that no struct
// differs between the two languages' compilers, and leaves.
//
//     member KEY
#include <bellwether/bellwether.h>
#include <ev.h>

#include <cstring>
#include <iostream>
#include <memory>
#include <stdexcept>
#include <string>

namespace {

struct Destroy {
    void operator()(bw_loop *loop) const {
        bw_loop_destroy(loop);
    }
};

class Member {
  public:
    Member(struct ev_loop *loop, const std::string &key) : loop_(loop) {
        bw_config config;
        bw_scope_config scope;
        bw_config_init(&config, BW_PROFILE_LOCAL);
        bw_scope_config_init(&scope, "c++");
        if (config.size != sizeof(config) || scope.size != sizeof(scope) || config.params.reserved[0] != 0) {
            throw std::runtime_error("sizes differ");
        }
        config.name = "plus";
        config.keys = key.data();
        config.keys_size = key.size();
        config.scopes = &scope;
        config.scope_count = 1;
        bw_loop_config host = bw_loop_config();
        host.size = sizeof(host);
        host.context = this;
        host.on_event = [](void *context, const bw_event *event) { static_cast<Member *>(context)->saw(*event); };
        host.on_left = [](void *context) { ev_break(static_cast<Member *>(context)->loop_, EVBREAK_ALL); };
        char why[512] = "";
        bw_loop *made = nullptr;
        if (bw_addr_parse(&host.bind, "127.0.0.1", 0) != 0 ||
            bw_loop_create(&made, loop, &host, &config, why, sizeof(why)) != BW_OK) {
            throw std::runtime_error(why);
        }
        host_.reset(made);
    }

  private:
    void saw(const bw_event &event) {
        std::cout << bw_event_name(event.type) << ' ' << event.name << ' ' << event.scope << '\n';
        if (event.type == BW_EVENT_SELF_ELECTED) {
            const bool may = bw_node_may_act(bw_loop_node(host_.get()), "c++", bw_loop_now());
            std::cout << "may act: " << may << std::endl;
            bw_loop_leave(host_.get(), 1000);
        }
    }

    struct ev_loop *loop_;
    std::unique_ptr<bw_loop, Destroy> host_;
};

} // namespace

int main(int argc, char **argv) {
    struct ev_loop *loop = ev_default_loop(0);
    try {
        Member member(loop, argc > 1 ? argv[1] : "");
        ev_run(loop, 0);
    } catch (const std::exception &error) {
        std::cerr << error.what() << '\n';
        return 1;
    }
    return 0;
}
