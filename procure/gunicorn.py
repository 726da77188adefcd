"""How the web server runs, on one machine and in the image: two processes of four threads.

gunicorn reads these names: `gunicorn --config python:procure.gunicorn procure.wsgi`.
"""

import os

bind = f"{os.environ.get('BIND') or '127.0.0.1'}:{os.environ.get('PORT') or '8000'}"
worker_class = "gthread"
workers = int(os.environ.get("WEB_WORKERS") or "2")
threads = 4
# One kept connection per thread; the settings read it in each worker process.
raw_env = [f"DATABASE_POOL_SIZE={os.environ.get('DATABASE_POOL_SIZE') or threads}"]
timeout = 60
graceful_timeout = 5
keepalive = 5
preload_app = True  # read once, shared by both; connections are opened only after the fork
loglevel = "warning"
control_socket_disable = True
