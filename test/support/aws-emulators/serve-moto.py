"""moto's own server checks a condition and writes in two steps, and serves each connection by a thread:
of writers who race, two may win. AWS promises that one does, so here requests are served one by one.
Ends with whoever started it: when standard input does."""

import os
import sys
from threading import Lock, Thread

from moto.server import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import run_simple

moto = DomainDispatcherApplication(create_backend_app)
one_at_a_time = Lock()


def serve(environ, start_response):
    with one_at_a_time:
        return moto(environ, start_response)


def end_with_parent():
    sys.stdin.read()
    os._exit(0)


Thread(target=end_with_parent, daemon=True).start()
run_simple("127.0.0.1", 0, serve, threaded=True, request_handler=MotoRequestHandler)
