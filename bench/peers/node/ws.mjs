/* A chat server on `ws`, as one writes it by hand: rooms in memory, rows in MariaDB. */

import http from "node:http";

import { WebSocketServer } from "ws";

import { conversationsOf, keep, valid, who } from "./store.mjs";

const rooms = new Map(); // conversation → its sockets

function enter(conversation, socket) {
  if (!rooms.has(conversation)) rooms.set(conversation, new Set());
  rooms.get(conversation).add(socket);
  socket.conversations.add(conversation);
}

function leave(socket) {
  for (const conversation of socket.conversations) {
    const room = rooms.get(conversation);
    room.delete(socket);
    if (!room.size) rooms.delete(conversation);
  }
}

async function take(socket, data) {
  let message;
  try {
    message = JSON.parse(data);
  } catch {
    return socket.send('{"type":"error","error":"not JSON"}');
  }
  if (!valid(message) || !socket.conversations.has(message.conversation))
    return socket.send('{"type":"error","error":"not possible"}');
  const kept = await keep(socket.user, message);
  socket.send(JSON.stringify({ type: "accepted", client_id: kept.client_id, id: kept.id }));
  const frame = JSON.stringify({ type: "message", message: kept });
  for (const other of rooms.get(message.conversation) ?? []) other.send(frame);
}

const server = http.createServer((request, response) => response.end("ok"));
const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false });

server.on("upgrade", (request, stream, head) => {
  let user;
  try {
    user = who(new URL(request.url, "http://localhost").searchParams.get("token"));
  } catch {
    stream.end("HTTP/1.1 401 Unauthorized\r\n\r\n");
    return;
  }
  sockets.handleUpgrade(request, stream, head, async (socket) => {
    socket.user = user;
    socket.conversations = new Set();
    socket.on("close", () => leave(socket));
    socket.on("error", () => socket.terminate());
    socket.on("message", (data) => {
      take(socket, data).catch((error) => {
        console.error(error);
        socket.close(1011);
      });
    });
    for (const conversation of await conversationsOf(user)) enter(conversation, socket);
    socket.send('{"type":"ready"}');
  });
});

server.listen(Number(process.env.PORT), "127.0.0.1");
