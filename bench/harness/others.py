"""The programs that we are compared with, and the upstream that serves everybody."""

import os
import subprocess
import sys

from . import machine
from .program import Program, free_port

ANSWER = '{"orders":[{"id":1,"state":"sent"},{"id":2,"state":"open"},{"id":3,"state":"open"}],"next":null}'


def upstream():
    """nginx with a small answer, beside the load generator on the other core."""
    port = free_port()
    return nginx("upstream", port, f"""
        location / {{
            default_type application/json;
            return 200 '{ANSWER}';
        }}""", core=machine.LOAD_CORE)


def nginx_proxy(upstream_port):
    """One worker, keep-alive on both sides, no access log."""
    port = free_port()
    return nginx("nginx", port, """
        location / {
            proxy_pass http://upstream;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_set_header Host $host;
        }""", core=machine.PROGRAM_CORE, http=f"""
    upstream upstream {{
        server 127.0.0.1:{upstream_port};
        keepalive 256;
        keepalive_requests 1000000000;
    }}""")


def nginx_http2_proxy(upstream_port, certificate, key):
    """One worker, HTTP/2 over TLS from clients, HTTP/1.1 with keep-alive to the upstream, no access log."""
    port = free_port()
    program = nginx("nginx-http2", port, f"""
        http2_max_concurrent_streams 128;
        ssl_certificate {certificate};
        ssl_certificate_key {key};
        ssl_protocols TLSv1.3;
        location / {{
            proxy_pass http://upstream;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_set_header Host $host;
        }}""", core=machine.PROGRAM_CORE, http=f"""
    upstream upstream {{
        server 127.0.0.1:{upstream_port};
        keepalive 256;
        keepalive_requests 1000000000;
    }}""", listen=" ssl http2")
    program.tls_port = port
    return program


def spring_cloud_gateway(upstream_port):
    """One route and nothing else, on the same JVM with the same heap; none if its libraries cannot be had."""
    folder = machine.ROOT / "bench" / "spring-cloud-gateway"
    class_path = folder / "target" / "class-path"
    if not class_path.exists():
        command = ["mvn", "-q", "process-classes"]
        environment = {**os.environ, "JAVA_HOME": machine.java_home()}
        for options in (["-o"], []):
            done = subprocess.run(command + options, cwd=folder, env=environment, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, text=True, check=False)
            if done.returncode == 0:
                break
        else:
            print(f"Spring Cloud Gateway cannot be built and is left out:\n{done.stdout[-2000:]}", file=sys.stderr)
            return None
    port = free_port()
    return Program("spring-cloud-gateway", [
        machine.java(), "-XX:+UseSerialGC", "-XX:+UseCompactObjectHeaders", "-Xmx256m", "-cp",
        f"{folder / 'target' / 'classes'}:{class_path.read_text(encoding='utf-8').strip()}", "bench.SpringCloudGateway",
        port, upstream_port], port)


def nginx(name, port, server, core, http="", listen=""):
    folder = machine.WORK / name
    folder.mkdir(exist_ok=True)
    user = "user root;" if os.geteuid() == 0 else ""
    configuration = folder / "nginx.conf"
    configuration.write_text(f"""{user}
daemon off;
worker_processes 1;
pid {folder}/pid;
error_log {folder}/error.log;
events {{ worker_connections 8192; }}
http {{
    access_log off;
    keepalive_requests 1000000000;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;{http}
    server {{
        listen 127.0.0.1:{port}{listen} backlog=4096;{server}
    }}
}}
""", encoding="utf-8")
    return Program(name, [machine.find("nginx"), "-p", folder, "-e", folder / "error.log", "-c", configuration],
                   port, core)


def haproxy(upstream_port):
    """One thread, connections to the upstream reused by everybody, no log."""
    port = free_port()
    configuration = machine.WORK / "haproxy.cfg"
    configuration.write_text(f"""global
    nbthread 1
    maxconn 8192
defaults
    mode http
    timeout connect 10s
    timeout client 60s
    timeout server 60s
    option http-keep-alive
    http-reuse always
frontend bench
    bind 127.0.0.1:{port} backlog 4096
    default_backend upstream
backend upstream
    server upstream 127.0.0.1:{upstream_port}
""", encoding="utf-8")
    return Program("haproxy", [machine.find("haproxy"), "-db", "-f", configuration], port)
