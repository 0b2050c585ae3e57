"""A stand-in for EC2's instance metadata service (IMDSv2) on this machine's loopback: tokens are required, and it can misbehave."""
import http.server
import json
import secrets
import threading
import time


class ImdsServer:
    """`answers`: path below /latest/meta-data/ -> text; everything else is a 404. `trouble`: None, or what every GET meets:
    "500", "401" (with every token), "garbage", "slow" (seconds of silence). `asked`: requests so far."""

    def __init__(self):
        self.answers, self.trouble, self.asked = {}, None, 0
        self._tokens = set()
        service = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self, code, body=""):
                self.send_response(code)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body.encode())

            def do_PUT(self):
                ttl = self.headers.get("X-aws-ec2-metadata-token-ttl-seconds", "")
                if self.headers.get("X-Forwarded-For"):
                    return self.answer(403)
                if self.path != "/latest/api/token" or not ttl.isdigit() or not 1 <= int(ttl) <= 21600:
                    return self.answer(400)
                token = secrets.token_urlsafe(40)
                service._tokens.add(token)
                return self.answer(200, token)

            def do_GET(self):
                service.asked += 1
                if service.trouble == "slow":
                    time.sleep(5)
                if service.trouble == "500":
                    return self.answer(500)
                if service.trouble == "401" or self.headers.get("X-aws-ec2-metadata-token") not in service._tokens:
                    return self.answer(401)
                if service.trouble == "garbage":
                    return self.answer(200, "<html>welcome to this hotel's network</html>")
                text = service.answers.get(self.path.removeprefix("/latest/meta-data/"))
                return self.answer(404) if text is None else self.answer(200, text)

            def log_message(self, *args):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, request, client_address):
                pass  # a client that lost patience has closed its end

        self._server = Server(("127.0.0.1", 0), Handler)
        self.endpoint = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def forget_tokens(self):
        self._tokens.clear()

    def recommend_rebalance(self):
        self.answers["events/recommendations/rebalance"] = json.dumps({"noticeTime": "2026-11-23T20:58:00Z"})

    def interrupt(self):
        self.answers["spot/instance-action"] = json.dumps({"action": "terminate", "time": "2026-11-23T21:00:00Z"})
