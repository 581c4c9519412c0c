#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Ends of HTTP connections for test_programs.py, each run in its own namespace.

    http_ends.py serve FOLDER           8080 aiohttp, 8081 websockets, 8082 a proxy for CONNECT, 8083 a server with habits
    http_ends.py pipeline HOST PORT N PATH...      all requests at once, N times
    http_ends.py slow HOST PORT PATH    a request byte by byte
    http_ends.py cut HOST PORT PATH     a request whose answer is not waited for: reset
    http_ends.py websocket HOST PORT    some messages
    http_ends.py stream HOST PORT PATH FILE        an upload in chunks, by aiohttp
    http_ends.py form HOST PORT PATH FILE...       an upload as a form, by aiohttp
"""
import asyncio
import hashlib
import os
import socket
import struct
import sys
import time


async def sink(request):
    from aiohttp import web
    digest, size = hashlib.sha256(), 0
    async for piece in request.content.iter_any():
        digest.update(piece)
        size += len(piece)
    return web.Response(text='%d %s\n' % (size, digest.hexdigest()))


async def drip(request):
    """A file in chunks of many sizes."""
    from aiohttp import web
    with open(os.path.join(request.app['folder'], request.match_info['name']), 'rb') as f:
        data = f.read()
    answer = web.StreamResponse(headers={'Content-Type': 'application/octet-stream'})
    answer.enable_chunked_encoding()
    await answer.prepare(request)
    at, n = 0, 1
    while at < len(data):
        await answer.write(data[at:at + n])
        at += n
        n = n * 3 % 9973 + 1
        await asyncio.sleep(0)
    await answer.write_eof()
    return answer


async def tunnel(reader, writer):
    head = await reader.readuntil(b'\r\n\r\n')
    host, port = head.split()[1].decode().split(':')
    far_reader, far_writer = await asyncio.open_connection(host, int(port))
    writer.write(b'HTTP/1.1 200 Connection established\r\n\r\n')

    async def copy(src, dst):
        while True:
            data = await src.read(65536)
            if not data:
                break
            dst.write(data)
            await dst.drain()
        dst.close()
    await asyncio.gather(copy(reader, far_writer), copy(far_reader, writer))


async def habits(reader, writer):
    """/close: no length; /reset: most of the body never comes."""
    path = (await reader.readuntil(b'\r\n\r\n')).split()[1]
    if path == b'/close':
        writer.write(b'HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\n')
        for i in range(50):
            writer.write(b'line %d\n' % i)
            await writer.drain()
        writer.close()
    else:
        writer.write(b'HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n' + b'x' * 20000)
        await writer.drain()
        await asyncio.sleep(0.2)
        sock = writer.get_extra_info('socket')
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
        writer.transport.abort()


async def serve(folder):
    import websockets
    from aiohttp import web
    app = web.Application(client_max_size=1 << 30)
    app['folder'] = folder
    app.router.add_route('*', '/sink', sink)
    app.router.add_get('/drip/{name}', drip)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, '0.0.0.0', 8080).start()

    async def echo(ws, *_):
        async for message in ws:
            await ws.send(message)
    await websockets.serve(echo, '0.0.0.0', 8081, compression=None)
    await asyncio.start_server(tunnel, '0.0.0.0', 8082)
    await asyncio.start_server(habits, '0.0.0.0', 8083)
    print('ready', flush=True)
    await asyncio.Event().wait()


def request(path, last=False):
    return ('GET %s HTTP/1.1\r\nHost: server\r\n%s\r\n' % (path, 'Connection: close\r\n' if last else '')).encode()


def read_all(s):
    total = 0
    while True:
        data = s.recv(65536)
        if not data:
            return total
        total += len(data)


def pipeline(host, port, times, *paths):
    s = socket.create_connection((host, int(port)))
    every = list(paths) * int(times)
    s.sendall(b''.join(request(p, i + 1 == len(every)) for i, p in enumerate(every)))
    read_all(s)


def slow(host, port, path):
    s = socket.create_connection((host, int(port)))
    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for c in request(path, True):
        s.sendall(bytes([c]))
        time.sleep(0.004)
    read_all(s)


def cut(host, port, path):
    s = socket.create_connection((host, int(port)))
    s.sendall(request(path))
    s.recv(2000)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
    s.close()


async def websocket(host, port):
    import websockets
    async with websockets.connect('ws://%s:%s/chat' % (host, port), compression=None) as ws:
        for i in range(20):
            await ws.send('message %d' % i)
            await ws.recv()


async def stream(host, port, path, name):
    import aiohttp

    async def pieces():
        with open(name, 'rb') as f:
            while True:
                data = f.read(5000)
                if not data:
                    return
                yield data
    async with aiohttp.ClientSession() as session:
        async with session.put('http://%s:%s%s' % (host, port, path), data=pieces()) as answer:
            print(await answer.text(), end='')


async def form(host, port, path, *names):
    import aiohttp
    data = aiohttp.FormData()
    data.add_field('comment', 'some words')
    for name in names:
        data.add_field('file', open(name, 'rb'), filename=os.path.basename(name))
    async with aiohttp.ClientSession() as session:
        async with session.post('http://%s:%s%s' % (host, port, path), data=data) as answer:
            await answer.text()


def main():
    what = globals()[sys.argv[1]]
    if asyncio.iscoroutinefunction(what):
        asyncio.run(what(*sys.argv[2:]))
    else:
        what(*sys.argv[2:])


main()
