"""A service manager as far as the publisher knows one: sockets that stay open while the service behind them is
restarted (sd_listen_fds(3)), and a socket that the service tells how it stands (sd_notify(3)).

    manager.py NOTIFY NAME=HOST:PORT... -- COMMAND...

It reads `restart` and `stop` from standard input, and writes a JSON object a line.
"""

import array
import json
import os
import signal
import socket
import sys
import threading

said = threading.Lock()


def say(**event):
    with said:
        print(json.dumps(event), flush=True)


def listen(address):
    name, _, where = address.partition("=")
    host, _, port = where.rpartition(":")
    host = host.strip("[]")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    one = socket.socket(family, socket.SOCK_STREAM)
    one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if family == socket.AF_INET6:
        # BindIPv6Only=both
        one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    one.bind((host, int(port)))
    one.listen(1024)
    return name, one


def start(command, sockets, notify):
    pid = os.fork()
    if pid != 0:
        say(started=pid)
        return pid
    # Above what is wanted first, so that no descriptor is overwritten before it was moved.
    high = [os.dup2(one.fileno(), 100 + index) for index, (_, one) in enumerate(sockets)]
    for index, fd in enumerate(high):
        os.dup2(fd, 3 + index)
    os.closerange(3 + len(sockets), 256)
    names = ":".join(name for name, _ in sockets)
    env = dict(os.environ, LISTEN_PID=str(os.getpid()), LISTEN_FDS=str(len(sockets)), LISTEN_FDNAMES=names)
    env.update(NOTIFY_SOCKET=notify, WATCHDOG_PID=str(os.getpid()), WATCHDOG_USEC="1000000")
    os.execvpe(command[0], command, env)


def hear(notify):
    while True:
        text, parts, _, _ = notify.recvmsg(4096, socket.CMSG_SPACE(16 * 4))
        for _, kind, data in parts:
            # Whoever sends waits until these are closed (BARRIER=1).
            if kind == socket.SCM_RIGHTS:
                fds = array.array("i")
                fds.frombytes(data[: len(data) - len(data) % 4])
                for fd in fds:
                    os.close(fd)
        say(notices=text.decode().splitlines())


def stop(pid):
    os.kill(pid, signal.SIGTERM)
    _, status = os.waitpid(pid, 0)
    say(exited=os.waitstatus_to_exitcode(status))


def main():
    split = sys.argv.index("--")
    path, addresses, command = sys.argv[1], sys.argv[2:split], sys.argv[split + 1 :]
    notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    notify.bind(path)
    threading.Thread(target=hear, args=(notify,), daemon=True).start()
    sockets = [listen(address) for address in addresses]
    say(listening=[[name, one.getsockname()[1]] for name, one in sockets])
    pid = start(command, sockets, path)
    for line in sys.stdin:
        if line.strip() == "restart":
            stop(pid)
            pid = start(command, sockets, path)
        else:
            break
    stop(pid)


main()
