"""A whole OpenStack Swift in one process: one disk, one copy, and the S3 interface of its proxy.

Usage: swift-server.py FOLDER PROXY_PORT ACCOUNT_PORT CONTAINER_PORT OBJECT_PORT. FOLDER has etc/ with the settings, and
disks/d1. Swift's own programs are a process each, and each takes seconds to load on a small machine.
"""

import os
import sys

import eventlet
import eventlet.wsgi

os.environ["TZ"] = "UTC+0"
eventlet.patcher.monkey_patch(all=False, socket=True, select=True, thread=True)

from swift.common import utils, wsgi  # noqa: E402
from swift.common.ring import RingBuilder  # noqa: E402

STORES = ("account", "container", "object")


def build_ring(etc, name, port):
    builder = RingBuilder(4, 1, 1)
    place = {"ip": "127.0.0.1", "port": port, "replication_ip": "127.0.0.1", "replication_port": port}
    builder.add_dev({"region": 1, "zone": 1, "device": "d1", "weight": 1.0, "meta": "", **place})
    builder.rebalance()
    builder.get_ring().save(os.path.join(etc, f"{name}.ring.gz"))


def serve(port, app):
    listener = eventlet.listen(("127.0.0.1", port), backlog=1024)
    eventlet.wsgi.server(
        listener,
        app,
        custom_pool=eventlet.GreenPool(1024),
        protocol=wsgi.SwiftHttpProtocol,
        capitalize_response_headers=False,
        debug=False,
        log_output=False,
    )


def main(folder, proxy_port, *store_ports):
    etc = os.path.join(folder, "etc")
    utils.set_swift_dir(etc)
    ports = dict(zip(STORES, store_ports))
    for name, port in ports.items():
        build_ring(etc, name, port)
        eventlet.spawn(serve, port, wsgi.loadapp(os.path.join(etc, f"{name}.conf")))
    serve(proxy_port, wsgi.loadapp(os.path.join(etc, "proxy.conf")))


# Nothing here outlives the server.
os.fsync = os.fdatasync = lambda file: None
main(sys.argv[1], *(int(port) for port in sys.argv[2:]))
